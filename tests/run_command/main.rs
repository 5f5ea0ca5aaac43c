//! The real program, run on the alphabet without a screen.

#![cfg(feature = "workbench")]
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "../support/mod.rs"]
mod support;

mod astray;
mod commands;
mod crowd;
mod failures;
mod framings;
mod from_file;
mod hostile;
mod log;
mod loopback;
mod network;
mod outcome;
mod pipes;
mod receive;
mod send;
mod stalled;
mod written_again;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use support::folder::Folder;
use support::program::{Ended, PROGRAM, run};

/// Runs the alphabet from `input` to the file `outputs`, with its partitions in the file
/// `state` and its figures as JSON.
fn run_in(folder: &Folder, input: &str, more: &[&str]) -> Ended {
    let (outputs, state) = (folder.path("outputs"), folder.path("state"));
    let ends = ["--in", input, "--out", &outputs, "--state", &state, "--json"];
    run(["run", "--app", "alphabet"].iter().chain(&ends).chain(more))
}

/// A file in `fixtures/`.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// The lines of the text encoding, by letter.
fn lines_by_letter(outputs: &[u8]) -> BTreeMap<u8, Vec<Vec<u8>>> {
    let mut letters: BTreeMap<u8, Vec<Vec<u8>>> = BTreeMap::new();
    for line in outputs.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n') {
        letters.entry(line[0]).or_default().push(line.to_vec());
    }
    letters
}
