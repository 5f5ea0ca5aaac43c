//! A recording as a single file: it is replayed where nothing else of the run is.

use std::fs;

use serde_json::Value;

use crate::recorded::{record, record_growing, replay, replay_of, some_votes, write_votes};
use crate::support::folder::Folder;
use crate::support::program::{Ended, run};

fn export(folder: &Folder, out: &str, more: &[&str]) -> Ended {
    let saved = folder.path("saved");
    run(["record", "export", &saved, "--out", out].iter().chain(more))
}

fn info(recording: &str) -> Value {
    run(["record", "info", recording, "--json"]).succeeded().json()
}

/// Records votes of a file.
fn recorded(votes: u32) -> (Folder, String) {
    let folder = Folder::new();
    let (input, outputs) = (write_votes(&folder, &some_votes(votes)), folder.path("outputs"));
    record(&folder, "alphabet", &["--in", &input, "--out", &outputs]);
    (folder, input)
}

#[test]
fn an_exported_recording_is_replayed_without_the_files_of_the_run() {
    let (folder, input) = recorded(20_000);
    let before = info(&folder.path("saved"));
    assert_eq!(before["files"][&input]["messages"], 20_000);
    assert_eq!(before["messages_held"], 0);
    let elsewhere = Folder::new();
    let exported = elsewhere.path("recording");
    let said = export(&folder, &exported, &[]).succeeded();
    assert!(said.text().contains("20000 messages, 1 to 20000 of 20000"), "{}", said.text());
    let after = info(&exported);
    assert_eq!(after["messages_held"], 20_000);
    for same in ["application", "options", "fingerprint", "messages", "from", "to", "chapters"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    assert!(after["files"].as_object().unwrap().is_empty());
    let [state, outputs] = ["state", "outputs"].map(|name| folder.read(name));
    drop(folder);
    let again = elsewhere.path("outputs");
    replay_of(&elsewhere, &exported, "alphabet", &["--out", &again]).succeeded();
    assert!(elsewhere.read("state again") == state);
    assert!(elsewhere.read("outputs") == outputs);
}

#[test]
fn a_part_is_made_longer_to_checkpoints_and_says_what_it_has() {
    let folder = Folder::new();
    record_growing(&folder, "1GiB", &some_votes(60_000), 3);
    let all = info(&folder.path("saved"));
    assert!(all["chapters"].as_u64().unwrap() > 2, "{all}");
    let part = folder.path("part");
    let said = export(&folder, &part, &["--from", "30000", "--to", "30001"]).succeeded();
    let (_, rest) = said.text().split_once(" messages, ").unwrap();
    let numbers: Vec<u64> = rest.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
    let [first, last, whole, ..] = numbers[..] else { panic!("{rest}") };
    assert!(first <= 30_000 && last >= 30_001 && whole == 60_000, "{rest}");
    assert_eq!(info(&part)["messages"], last + 1 - first);
    replay_of(&folder, &part, "alphabet", &[]).succeeded();
    let of_part = folder.read("state again");
    replay(&folder, "alphabet", &["--to", &last.to_string()]).succeeded();
    assert!(folder.read("state again") == of_part);
    // A part of a part.
    let less = folder.path("less");
    let arguments = ["record", "export", &part, "--to", "1", "--out", &less];
    run(arguments).succeeded();
    replay_of(&folder, &less, "alphabet", &[]).succeeded();
}

#[test]
fn an_export_that_cannot_be_writes_nothing() {
    let (folder, input) = recorded(1000);
    let out = folder.path("recording");
    export(&folder, &out, &["--from", "9", "--to", "8"]).failed(2, &["--from 9", "--to 8"]);
    export(&folder, &out, &["--to", "1001"]).failed(2, &["no message 1001", "1000 messages"]);
    let inside = folder.path("saved/recording");
    export(&folder, &inside, &[]).failed(2, &["--out names", "in the resilience directory"]);
    export(&folder, &input, &[]).failed(1, &[&input, "exists"]);
    let mut changed = folder.read("votes");
    changed[4] = b'?';
    fs::write(&input, changed).unwrap();
    export(&folder, &out, &[]).failed(1, &[&input, "has other bytes"]);
    fs::remove_file(&input).unwrap();
    export(&folder, &out, &[]).failed(1, &[&input, "cannot be read"]);
    assert!(!fs::exists(&out).unwrap());
    let words = run(["record", "info", &folder.path("saved")]).succeeded();
    assert!(words.text().contains("recording of alphabet"), "{}", words.text());
    assert!(words.text().contains("WHICH IS NOT THERE"), "{}", words.text());
}

/// A copy of a recording that another program has written.
fn golden(folder: &Folder, name: &str) -> String {
    let copy = folder.path("recording");
    fs::copy(fixture(name), &copy).unwrap();
    copy
}

fn fixture(name: &str) -> String {
    format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_recording_of_version_1_is_replayed_as_it_was_run() {
    let folder = Folder::new();
    let (recording, outputs) = (golden(&folder, "history-1.recording"), folder.path("outputs"));
    run(["replay", &recording, "--app", "alphabet", "--out", &outputs]).succeeded();
    assert_eq!(folder.read("outputs"), fs::read(fixture("votes.outputs")).unwrap());
}

/// `a 10`, `b 5` and `a 7`, of which the last two were taken back, and `a 1`.
#[test]
fn a_recording_of_version_2_is_replayed_without_what_was_taken_back() {
    let folder = Folder::new();
    let (recording, state) = (golden(&folder, "history-2.recording"), folder.path("state"));
    let replay = ["replay", &recording, "--app", "alphabet", "--state", &state];
    run(replay).succeeded();
    let rows = folder.json_lines("state");
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((&row["key"], &row["messages"]), (&"a".into(), &2.into()));
    assert_eq!(row["value"]["votes"], 11);
    run(replay.into_iter().chain(["--to", "3"])).succeeded();
    assert_eq!(folder.json_lines("state").len(), 2);
}
