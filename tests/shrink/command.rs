//! The command, as a process, on recordings of the alphabet.

use std::fs;

use serde_json::Value;
use wallaroo::Key;
use wallaroo::core::replay::test_text::{Expected, Seen, Test, TestMessage, TestPartition};

use crate::support::folder::Folder;
use crate::support::frames::{frame, vote};
use crate::support::program::{Ended, run};

/// A folder with the recording `saved` of 20,000 generated votes, and of these frames among them.
fn recorded(planted: &[Vec<u8>], more: &[&str]) -> Folder {
    let folder = Folder::new();
    let input = folder.path("votes.msg");
    let votes = ["--messages", "20000", "--seed", "5", "--out", &input];
    run(["generate", "--app", "alphabet"].iter().chain(&votes)).succeeded();
    let generated = folder.read("votes.msg");
    let mut parts = generated.chunks(9_000);
    let mut bytes: Vec<u8> = parts.by_ref().take(7).flatten().copied().collect();
    for frame in planted {
        bytes.extend(frame);
        bytes.extend(parts.next().unwrap());
    }
    bytes.extend(parts.flatten());
    let input = folder.write("votes.msg", bytes);
    let saved = folder.path("saved");
    let history = ["--resilience-dir", &saved, "--history", "1GiB"];
    let ends = ["--in", &input, "--out", "null"];
    run(["run", "--app", "alphabet"].iter().chain(&ends).chain(&history).chain(more)).succeeded();
    folder
}

fn shrink(folder: &Folder, when: &str, more: &[&str]) -> Ended {
    let saved = folder.path("saved");
    run(["shrink", &saved, "--app", "alphabet", "--when", when].iter().chain(more))
}

#[test]
fn one_message_of_twenty_thousand_is_found_and_fails_again() {
    let folder = recorded(&[frame(b"bad")], &["--workers", "2"]);
    let (frames, test) = (folder.path("bad.msg"), folder.path("bad.rs"));
    let ended = shrink(&folder, "dead", &["--out", &frames, "--test", &test, "--json"]).succeeded();
    let report = ended.json();
    assert_eq!(report["messages_before"], 20_001);
    assert_eq!(report["messages_after"], 1);
    assert!(report["probes"].as_u64().unwrap() > 0);
    assert!(report["seconds"].as_f64().unwrap() > 0.0);
    let Value::Object(report) = report else { panic!("it is an object") };
    assert_eq!(report.len(), 4);

    // The simplest payload that is no vote is an empty one.
    assert_eq!(folder.read("bad.msg"), frame(b""));
    let letters = folder.path("letters");
    let ends = ["--in", &frames, "--out", "null", "--dead-letters", &letters];
    run(["run", "--app", "alphabet"].iter().chain(&ends)).succeeded();
    let letters = folder.json_lines("letters");
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["step"], "decode");

    let reason = letters[0]["reason"].as_str().unwrap().to_owned();
    let expected = Test {
        title: "message 7001: dead".to_owned(),
        application: "alphabet --encoding text".to_owned(),
        topology: "crate::topology()?".to_owned(),
        messages: vec![TestMessage {
            pipeline: "votes".to_owned(),
            payload: Vec::new(),
            decoded: None,
        }],
        seen: Seen { dead_letters: vec![("decode".to_owned(), reason)], ..Seen::default() },
        expected: Expected::Otherwise,
        ..Test::default()
    };
    let test = String::from_utf8(folder.read("bad.rs")).unwrap();
    assert!(test.ends_with(&expected.text()), "{test}");
    assert!(test.starts_with("// "), "it says what it needs");
}

#[test]
fn two_messages_that_lead_to_a_state_are_found_and_told() {
    let large = [vote(b'Q', 3_000_000_000), vote(b'Q', 2_000_000_000)];
    let folder = recorded(&large, &["--workers", "2"]);
    let frames = folder.path("large.msg");
    let when = "key == \"Q\" && state.votes > 4500000000";
    let ended = shrink(&folder, when, &["--out", &frames]).succeeded();
    let text = ended.text();
    assert!(text.starts_with("2 messages left of 20002"), "{text}");
    assert!(text.contains("#7001 votes: {\"letter\":\"Q\",\"votes\":"), "{text}");
    assert!(text.contains("#8002 votes: "), "{text}");
    assert!(text.contains("state {\"letter\":\"Q\",\"votes\":4500000001}"), "{text}");
    let state = folder.path("state");
    let ends = ["--in", &frames, "--out", "null", "--state", &state];
    run(["run", "--app", "alphabet"].iter().chain(&ends)).succeeded();
    let rows = folder.json_lines("state");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["value"]["votes"], 4_500_000_001_u64);
}

#[test]
fn a_partition_of_the_beginning_is_in_the_test() {
    let folder = recorded(&[vote(b'Q', 4_000_000_000)], &[]);
    // A run that begins anew with the saved state: its recording begins with that.
    fs::remove_file(folder.path("saved/history.sqlite")).unwrap();
    let input = folder.write("more.msg", [vote(b'a', 7), vote(b'Q', 300), vote(b'a', 8)].concat());
    let saved = folder.path("saved");
    let ends = ["--in", &input, "--out", "null"];
    let history = ["--resilience-dir", &saved, "--history", "1GiB"];
    run(["run", "--app", "alphabet"].iter().chain(&ends).chain(&history)).succeeded();
    let test = folder.path("more.rs");
    let when = "before.votes == 4000000000 && state.votes > before.votes";
    let ended = shrink(&folder, when, &["--test", &test]).succeeded();
    let said = ended.text();
    assert!(said.starts_with("1 message left of 3 "), "{said}");
    assert!(said.contains("1 partition before them"), "{said}");
    let partition = |votes: u64| TestPartition {
        state: "letter state".to_owned(),
        key: Key::from("Q"),
        value: format!("{{\"letter\":\"Q\",\"votes\":{votes}}}"),
        poisoned: false,
    };
    let expected = Test {
        title: format!("message 2: {when}"),
        application: "alphabet --encoding text".to_owned(),
        topology: "crate::topology()?".to_owned(),
        base: vec![partition(4_000_000_000)],
        messages: vec![TestMessage {
            pipeline: "votes".to_owned(),
            payload: b"Q\0\0\0\x01".to_vec(),
            decoded: Some("{\"letter\":\"Q\",\"votes\":1}".to_owned()),
        }],
        seen: Seen { partitions: vec![partition(4_000_000_001)], ..Seen::default() },
        expected: Expected::Otherwise,
    };
    let test = String::from_utf8(folder.read("more.rs")).unwrap();
    assert!(test.ends_with(&expected.text()), "{test}\n{}", expected.text());
}

#[test]
fn what_is_wrong_is_told_in_one_line() {
    let folder = recorded(&[], &[]);
    shrink(&folder, "state.votes < 0", &[]).failed(1, &["at no step of the 20000 messages"]);
    shrink(&folder, "dead && stat.votes > 1", &[])
        .failed(2, &["--when", "at character 9", "state.*"]);
    shrink(&folder, "rate > 3.0", &[]).failed(2, &["at character 1", "time"]);
    let test = folder.write("there.rs", "fn mine() {}");
    shrink(&folder, "dead", &["--test", &test]).failed(1, &["there.rs exists"]);
    assert_eq!(folder.read("there.rs"), b"fn mine() {}");
    let inside = folder.path("saved/frames");
    shrink(&folder, "dead", &["--out", &inside]).failed(2, &["--out", "another place"]);
    // As for a replay: it may be tried, with a warning.
    let other = shrink(&folder, "dead", &["--encoding", "binary"]);
    assert_eq!(other.code, Some(1));
    let lines: Vec<&str> = other.stderr.lines().collect();
    assert!(lines[0].starts_with("warning: ") && lines[0].contains("--encoding text"), "{lines:?}");
    assert!(lines[1].contains("at no step of the 20000 messages") && lines.len() == 2, "{lines:?}");
    let saved = folder.path("saved");
    let other = ["shrink", &saved, "--app", "reverse", "--when", "dead"];
    run(other).failed(1, &["recording of the application `alphabet`", "not of `reverse`"]);
    let none = folder.path("none");
    let nothing = ["shrink", &none, "--app", "alphabet", "--when", "dead"];
    run(nothing).failed(1, &["it does not exist"]);
}
