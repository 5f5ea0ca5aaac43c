//! What is no recording, or not this one's, and what a replay must not write.

use std::fs;

use crate::recorded::{record, replay, replay_of, some_votes, write_votes};
use crate::support::folder::Folder;
use crate::support::program::{Running, run};

fn recorded(votes: u32) -> (Folder, String) {
    let folder = Folder::new();
    let input = write_votes(&folder, &some_votes(votes));
    record(&folder, "alphabet", &["--in", &input, "--out", "null"]);
    (folder, input)
}

#[test]
fn what_is_no_recording_is_refused_with_the_reason() {
    let folder = Folder::new();
    let input = write_votes(&folder, &some_votes(10));
    let replay = |recording: &str| replay_of(&folder, recording, "alphabet", &[]);
    replay(&folder.path("nothing")).failed(1, &["nothing is no recording", "does not exist"]);
    replay(&input).failed(1, &["votes is no recording"]);
    replay(folder.root().to_str().unwrap()).failed(1, &["is no recording", "directory.sqlite"]);
    let saved = folder.path("plain");
    let ends = ["--in", &input, "--out", "null", "--resilience-dir", &saved];
    run(["run", "--app", "alphabet"].iter().chain(&ends)).succeeded();
    replay(&saved).failed(1, &["plain is no recording", "--history"]);
    run(["record", "info", &saved]).failed(1, &["--history"]);
    let out = folder.path("out");
    run(["record", "export", &saved, "--out", &out]).failed(1, &["--history"]);
    assert!(!folder.root().join("state again").exists(), "nothing was written");
}

#[test]
fn another_application_is_refused_and_an_unknown_one_too() {
    let (folder, _) = recorded(10);
    let other = replay(&folder, "word_count", &[]);
    other.failed(1, &["recording of the application `alphabet`", "not of `word_count`"]);
    replay(&folder, "alphabets", &[]).failed(2, &["unknown app `alphabets`", "alphabet"]);
}

#[test]
fn an_input_that_has_changed_is_an_error_that_names_it() {
    let (folder, input) = recorded(2000);
    let mut bytes = folder.read("votes");
    bytes[9 * 1500 + 8] ^= 1;
    fs::write(&input, &bytes).unwrap();
    replay(&folder, "alphabet", &[]).failed(1, &[&input, "has other bytes"]);
    fs::write(&input, &bytes[..9 * 1000]).unwrap();
    replay(&folder, "alphabet", &[]).failed(1, &[&input]);
    fs::remove_file(&input).unwrap();
    replay(&folder, "alphabet", &[]).failed(1, &[&input, "cannot be read"]);
}

#[test]
fn a_damaged_recording_is_an_error_and_never_another_state() {
    let (folder, _) = recorded(3000);
    let exported = folder.path("exported");
    run(["record", "export", &folder.path("saved"), "--out", &exported]).succeeded();
    let whole = folder.read("exported");
    let state = folder.read("state");
    let damaged = folder.path("damaged");
    let replay_damaged = |bytes: &[u8]| {
        fs::write(&damaged, bytes).unwrap();
        Running::start(["replay", &damaged, "--app", "alphabet", "--state", &folder.path("x")])
            .end()
    };
    // Most of a small file is room that was never written.
    let written: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] != 0).collect();
    let mut refused = 0;
    for at in (0..40).map(|part| written[written.len() * part / 40]) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        let ended = replay_damaged(&bytes);
        if ended.code == Some(0) {
            assert!(folder.read("x") == state, "byte {at}");
        } else {
            ended.failed(1, &["damaged"]);
            refused += 1;
        }
    }
    assert!(refused > 30, "{refused}");
    for length in [0, 50, 4096, whole.len() / 2, whole.len() - 1] {
        replay_damaged(&whole[..length]).failed(1, &["damaged"]);
    }
}

#[test]
fn a_replay_does_not_write_over_what_it_needs() {
    let (folder, input) = recorded(100);
    let before = folder.read("votes");
    for option in ["--out", "--digest"] {
        let refused = replay(&folder, "alphabet", &[option, &input]);
        refused.failed(2, &[option, "a source of the recording", &input]);
    }
    let inside = folder.path("saved/outputs");
    let refused = replay(&folder, "alphabet", &["--out", &inside]);
    refused.failed(2, &["--out names", "a part of the recording"]);
    let exported = folder.path("exported");
    run(["record", "export", &folder.path("saved"), "--out", &exported]).succeeded();
    let refused = replay_of(&folder, &exported, "alphabet", &["--digest", &exported]);
    refused.failed(2, &["--digest names", "a part of the recording"]);
    let state = folder.path("state again");
    let refused = replay(&folder, "alphabet", &["--out", &state]);
    refused.failed(2, &["--out", "--state", "the same file"]);
    let refused = replay(&folder, "alphabet", &["--out", "tcp://127.0.0.1:9"]);
    refused.failed(2, &["a replay sends nothing"]);
    let refused = replay(&folder, "alphabet", &["--out", "null", "--out", "null"]);
    refused.failed(2, &["--out is given too often"]);
    assert!(folder.read("votes") == before);
    replay(&folder, "alphabet", &[]).succeeded();
}
