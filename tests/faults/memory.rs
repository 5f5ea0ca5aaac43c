//! A limit of memory that the run passes: it dies or says so, and afterwards it is exact.

use std::process::{Command, Stdio};

use crate::ballot::{check_outputs, counted, frames};
use crate::folder::Folder;
use crate::support::program::{PROGRAM, Running};

/// How many votes.
const VOTES: usize = 20_000;

#[test]
fn a_run_that_gets_no_memory_is_exact_when_it_has_it() {
    let mut failed = 0;
    // In KiB of address space: from what is not enough to be loaded to what is enough for all.
    for limit in [3_000, 20_000, 60_000, 100_000, 150_000, 200_000, 300_000, 2_000_000] {
        let folder = Folder::new();
        let (votes, outputs) = (folder.write("votes", frames(0..VOTES)), folder.path("outputs"));
        let options = ["--in", &votes, "--out", &outputs, "--workers", "2"];
        let arguments = folder.command("alphabet", &options);
        let mut limited = Command::new("sh");
        limited.args([
            "-c",
            "ulimit -v \"$1\"; shift; exec \"$@\"",
            "sh",
            &limit.to_string(),
            PROGRAM,
        ]);
        limited.args(&arguments).args(["--checkpoint-interval", "1ms"]);
        // Without memory it may abort, without words.
        let ended = Running::spawn(limited, Stdio::piped()).end_in_any_way();
        failed += u32::from(ended.code != Some(0));
        Running::start(&arguments).end().succeeded();
        assert_eq!(counted(&folder), VOTES, "after a limit of {limit} KiB");
        check_outputs(&folder, VOTES);
    }
    assert!((1..8).contains(&failed), "{failed} of the limits were felt");
}
