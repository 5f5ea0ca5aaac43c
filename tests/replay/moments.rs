//! A replay that stops at a message.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::recorded::{record, replay, some_votes, sorted_lines, write_votes};
use crate::support::folder::Folder;
use crate::support::program::run;

/// Records these votes.
fn recorded(votes: &[(u8, u32)], more: &[&str]) -> Folder {
    let folder = Folder::new();
    let (input, outputs) = (write_votes(&folder, votes), folder.path("outputs"));
    record(&folder, "alphabet", &[&["--in", &input, "--out", &outputs], more].concat());
    folder
}

/// The partitions in a file by their keys, without their workers.
fn totals(folder: &Folder, name: &str) -> BTreeMap<String, Value> {
    let rows = folder.json_lines(name).into_iter();
    rows.map(|row| (row["key"].to_string(), row["value"]["votes"].clone())).collect()
}

/// The totals after these votes, as they are counted by hand.
fn counted(votes: &[(u8, u32)]) -> BTreeMap<String, Value> {
    let mut totals: BTreeMap<String, u64> = BTreeMap::new();
    for (letter, votes) in votes {
        *totals.entry(format!("\"{}\"", char::from(*letter))).or_default() += u64::from(*votes);
    }
    totals.into_iter().map(|(key, votes)| (key, votes.into())).collect()
}

#[test]
fn the_first_messages_are_replayed_as_a_run_of_them() {
    let votes = some_votes(6000);
    for workers in ["1", "2"] {
        let folder = recorded(&votes, &["--workers", workers]);
        for to in [1, 2, 999, 3000, 5999, 6000] {
            let first = Folder::new();
            let (input, outputs) = (write_votes(&first, &votes[..to]), first.path("outputs"));
            record(&first, "alphabet", &["--in", &input, "--out", &outputs, "--workers", workers]);
            let (outputs, text) = (folder.path("outputs again"), to.to_string());
            let stopped = ["--to", &text, "--out", &outputs, "--json"];
            let figures = replay(&folder, "alphabet", &stopped).succeeded().json();
            assert_eq!((&figures["messages"], &figures["stopped_at"]), (&to.into(), &to.into()));
            assert_eq!(folder.json_lines("state again"), first.json_lines("state"));
            let again = sorted_lines(&folder, "outputs again");
            assert!(again == sorted_lines(&first, "outputs"), "{workers} {to}");
            if workers == "1" {
                assert!(folder.read("outputs again") == first.read("outputs"));
            }
        }
    }
}

#[test]
fn the_beginning_has_what_was_there_before_the_recording() {
    let folder = recorded(&some_votes(100), &[]);
    let figures = replay(&folder, "alphabet", &["--to", "0", "--json"]).succeeded().json();
    assert_eq!((&figures["messages"], &figures["stopped_at"]), (&0.into(), &0.into()));
    assert!(folder.read("state again").is_empty());
}

#[test]
fn a_condition_stops_at_the_first_message_at_which_it_holds() {
    let votes = some_votes(5000);
    for workers in ["1", "2"] {
        let folder = recorded(&votes, &["--workers", workers]);
        for (condition, holds) in [
            ("state.votes > 100", (|_, _, total, _| total > 100) as fn(u8, u32, u64, u64) -> bool),
            ("key == \"c\" && before.votes >= 50", |letter, votes, total, _| {
                letter == b'c' && total - u64::from(votes) >= 50
            }),
            ("message.votes == 8 && state.votes > 300", |_, votes, total, _| {
                votes == 8 && total > 300
            }),
            ("output.endsWith(\" => 77\\\\x0a\")", |_, _, total, _| total == 77),
            ("created && key != \"a\"", |letter, _, _, _| letter != b'a'),
            ("messages == 40", |_, _, _, count| count == 40),
        ] {
            let (mut totals, mut counts) = (BTreeMap::new(), BTreeMap::new());
            let first = votes.iter().position(|(letter, votes)| {
                let total: &mut u64 = totals.entry(*letter).or_default();
                *total += u64::from(*votes);
                let count: &mut u64 = counts.entry(*letter).or_default();
                *count += 1;
                holds(*letter, *votes, *total, *count)
            });
            let first = first.unwrap() + 1;
            let found = replay(&folder, "alphabet", &["--until", condition, "--json"]);
            let figures = found.succeeded().json();
            assert_eq!(figures["stopped_at"], first, "{condition}");
            assert_eq!(figures["messages"], first, "{condition}");
            let state = self::totals(&folder, "state again");
            assert_eq!(state, counted(&votes[..first]), "{condition}");
        }
    }
}

#[test]
fn a_condition_that_never_holds_is_said_to_and_the_replay_goes_to_the_end() {
    let votes = some_votes(500);
    let folder = recorded(&votes, &[]);
    let never = replay(&folder, "alphabet", &["--until", "state.votes > 1000000", "--json"]);
    let never = never.succeeded();
    assert_eq!(never.json()["stopped_at"], Value::Null);
    assert_eq!(never.json()["messages"], 500);
    assert!(never.stderr.contains("holds of no step"), "{}", never.stderr);
    assert_eq!(totals(&folder, "state again"), counted(&votes));
}

#[test]
fn a_dead_letter_is_found_with_its_cause() {
    let folder = Folder::new();
    let mut bytes = crate::support::frames::votes(some_votes(50));
    bytes.extend(crate::support::frames::frame(b"seven"[..3].as_ref()));
    bytes.extend(crate::support::frames::votes(some_votes(50)));
    let input = folder.write("votes", bytes);
    record(&folder, "alphabet", &["--in", &input, "--out", "null"]);
    let until = ["--until", "dead && cause == \"refused\"", "--json"];
    let figures = replay(&folder, "alphabet", &until).succeeded().json();
    assert_eq!(figures["stopped_at"], 51);
    assert_eq!(folder.json_lines("letters again").len(), 1);
}

#[test]
fn what_is_no_condition_or_cannot_be_judged_is_an_error() {
    let folder = recorded(&some_votes(50), &[]);
    let until = |condition: &str| replay(&folder, "alphabet", &["--until", condition]);
    until("stat.votes > 1").failed(2, &["--until: at character 1: ", "`stat`", "state.*"]);
    until("state.vote > 1").failed(2, &["--until: at character 7: ", "`vote`", "state.votes"]);
    until("state.votes >").failed(2, &["--until: at character "]);
    until("latency_us > 5").failed(2, &["`latency_us` depends on the time"]);
    replay(&folder, "alphabet", &["--to", "51"]).failed(2, &["no message 51", "50 messages"]);
    let both = run(["replay", "x", "--app", "alphabet", "--to", "1", "--until", "dead"]);
    assert_eq!(both.code, Some(2));
}
