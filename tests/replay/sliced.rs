//! A recording of some keys alone.

use std::fs;

use serde_json::Value;

use crate::recorded::{generate, record, record_growing, replay_of, some_votes};
use crate::support::folder::Folder;
use crate::support::program::{Ended, run};

fn export(folder: &Folder, out: &str, more: &[&str]) -> Ended {
    let (saved, out) = (folder.path("saved"), folder.path(out));
    run(["record", "export", &saved, "--out", &out].iter().chain(more))
}

/// The partitions of a file of states that have one of these keys.
fn of_keys(folder: &Folder, name: &str, keys: &[&str]) -> Vec<Value> {
    let mut partitions = folder.json_lines(name);
    partitions.retain(|partition| keys.contains(&partition["key"].as_str().unwrap()));
    partitions
}

#[test]
fn a_slice_has_the_messages_of_its_keys_alone_and_replays_to_their_states() {
    let folder = Folder::new();
    let votes = some_votes(30_000);
    record_growing(&folder, "1GiB", &votes, 3);
    let said = export(&folder, "slice", &["--key", "b", "--key", "e"]).succeeded();
    let count = votes.iter().filter(|(letter, _)| b"be".contains(letter)).count();
    let held = format!("{count} messages at 2 keys of 30000");
    assert!(said.text().contains(&held), "{} and not {held}", said.text());
    replay_of(&folder, &folder.path("slice"), "alphabet", &[]).succeeded();
    let again = folder.json_lines("state again");
    assert_eq!(again.len(), 2);
    assert_eq!(again, of_keys(&folder, "state", &["b", "e"]));
    // A part of it, and the votes of nobody else in it.
    export(&folder, "part", &["--key", "b", "--from", "15000"]).succeeded();
    replay_of(&folder, &folder.path("part"), "alphabet", &[]).succeeded();
    assert_eq!(folder.json_lines("state again"), of_keys(&folder, "state", &["b"]));
}

#[test]
fn a_slice_of_several_workers_and_a_shared_state_has_all_that_it_depends_on() {
    let folder = Folder::new();
    let generated = ["Orders", "Market Data"]
        .map(|pipeline| (pipeline, generate(&folder, "market_spread", pipeline, 5000)));
    let ends: Vec<String> = generated.iter().map(|(name, path)| format!("{name}={path}")).collect();
    let ends = ["--in", &ends[0], "--in", &ends[1], "--out", "null", "--workers", "2"];
    record(&folder, "market_spread", &ends);
    let all = folder.json_lines("state");
    let key = all[all.len() / 2]["key"].as_str().unwrap().to_owned();
    export(&folder, "slice", &["--key", &key]).succeeded();
    replay_of(&folder, &folder.path("slice"), "market_spread", &[]).succeeded();
    assert_eq!(folder.json_lines("state again"), of_keys(&folder, "state", &[&key]));
}

#[test]
fn a_key_that_nothing_has_and_a_text_that_is_no_key_are_told() {
    let folder = Folder::new();
    record_growing(&folder, "1GiB", &some_votes(1000), 1);
    export(&folder, "slice", &["--key", "?"]).failed(1, &["no message", "`?`"]);
    let refused = export(&folder, "slice", &["--key", r"\x6"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("two hexadecimal digits"));
    assert!(!fs::exists(folder.path("slice")).unwrap());
}
