//! A run that is recorded, and its replay, in one folder.

use serde_json::Value;

use crate::support::folder::Folder;
use crate::support::frames::votes;
use crate::support::program::{Ended, run};

/// The command of a run that is recorded in `saved` and writes `state` and `letters`.
pub fn command(folder: &Folder, app: &str, more: &[&str]) -> Vec<String> {
    command_keeping(folder, "1GiB", app, more)
}

/// The same with so much history.
pub fn command_keeping(folder: &Folder, history: &str, app: &str, more: &[&str]) -> Vec<String> {
    let [saved, state, letters] = ["saved", "state", "letters"].map(|name| folder.path(name));
    let of = ["run", "--app", app, "--resilience-dir", &saved, "--history", history];
    let often = ["--checkpoint-interval", "1ms", "--state", &state, "--dead-letters", &letters];
    of.iter().chain(&often).chain(more).map(|word| (*word).to_owned()).collect()
}

/// Records runs of an alphabet, one after another, on a file that has got longer each time: each run has a checkpoint of
/// its own at least. Returns the file's path.
pub fn record_growing(folder: &Folder, history: &str, votes: &[(u8, u32)], runs: usize) -> String {
    let outputs = folder.path("outputs");
    for part in 1..=runs {
        let input = write_votes(folder, &votes[..votes.len() * part / runs]);
        let ends = ["--in", &input, "--out", &outputs];
        run(command_keeping(folder, history, "alphabet", &ends)).succeeded();
    }
    folder.path("votes")
}

/// Records a run.
pub fn record(folder: &Folder, app: &str, more: &[&str]) -> Ended {
    run(command(folder, app, more)).succeeded()
}

/// Replays the recording `saved`, and writes `state again` and `letters again`.
pub fn replay(folder: &Folder, app: &str, more: &[&str]) -> Ended {
    replay_of(folder, &folder.path("saved"), app, more)
}

/// The same of any recording.
pub fn replay_of(folder: &Folder, recording: &str, app: &str, more: &[&str]) -> Ended {
    let [state, letters] = ["state again", "letters again"].map(|name| folder.path(name));
    let of = ["replay", recording, "--app", app, "--state", &state, "--dead-letters", &letters];
    run(of.iter().chain(more))
}

/// The partitions of a replay are those of the run, byte for byte.
#[track_caller]
pub fn check_state(folder: &Folder) {
    let [state, again] = ["state", "state again"].map(|name| folder.read(name));
    assert!(!state.is_empty());
    assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8(state).unwrap());
}

/// The dead letters of a file, but for the time, which is another one in a replay.
pub fn letters(folder: &Folder, name: &str) -> Vec<Value> {
    let mut letters = folder.json_lines(name);
    for letter in &mut letters {
        letter.as_object_mut().unwrap().remove("at_ns");
    }
    letters.sort_by_key(|letter| (letter["pipeline"].to_string(), letter["sequence"].as_u64()));
    letters
}

/// The lines of a file, sorted.
pub fn sorted_lines(folder: &Folder, name: &str) -> Vec<Vec<u8>> {
    let bytes = folder.read(name);
    let mut lines: Vec<_> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    lines.sort();
    lines
}

/// So many votes for some letters, unevenly: a letter and its votes.
pub fn some_votes(count: u32) -> Vec<(u8, u32)> {
    let vote = |number: u32| {
        let letter = u8::try_from(number.wrapping_mul(number) % 23).unwrap();
        (b'a' + letter, number % 9)
    };
    (0..count).map(vote).collect()
}

/// Writes votes to a file, and gives its path.
pub fn write_votes(folder: &Folder, all: &[(u8, u32)]) -> String {
    folder.write("votes", votes(all.iter().copied()))
}

/// Writes random messages of a pipeline to a file, and gives its path.
pub fn generate(folder: &Folder, app: &str, pipeline: &str, messages: u32) -> String {
    let (path, messages) = (folder.path(pipeline), messages.to_string());
    let of = ["generate", "--app", app, "--pipeline", pipeline, "--messages", &messages];
    run(of.iter().chain(&["--skew", "1", "--out", &path])).succeeded();
    path
}
