//! What a run leaves behind: outputs, partitions, figures and dead letters.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::support::frames::{frame, vote, votes};
use crate::support::program::run;
use crate::{Folder, fixture, lines_by_letter, run_in};

/// A file of 100,000 random votes.
fn random_votes(folder: &Folder) -> String {
    let file = folder.path("votes.msg");
    let messages = ["--messages", "100000", "--seed", "7", "--skew", "0.5"];
    run(["generate", "--app", "alphabet", "--out", &file].iter().chain(&messages)).succeeded();
    file
}

/// The totals of a file of votes, added up here.
fn totals(file: &[u8]) -> BTreeMap<u8, u64> {
    let mut totals = BTreeMap::new();
    for frame in file.chunks_exact(9) {
        assert_eq!(frame[..4], [0, 0, 0, 5]);
        let votes = u32::from_be_bytes(frame[5..].try_into().unwrap());
        *totals.entry(frame[4]).or_default() += u64::from(votes);
    }
    totals
}

/// The partitions of a state file without their workers, which must be among so many.
fn partitions(folder: &Folder, workers: u64) -> Vec<Value> {
    let mut rows = folder.json_lines("state");
    for row in &mut rows {
        let worker = row.as_object_mut().unwrap().remove("worker").unwrap();
        assert!(worker.as_u64().unwrap() < workers);
    }
    rows
}

#[test]
fn a_hundred_thousand_votes_have_one_outcome_at_any_number_of_workers() {
    let folder = Folder::new();
    let input = random_votes(&folder);
    let totals = totals(&folder.read("votes.msg"));
    let mut first = None;
    for workers in [1, 2, 4] {
        let ended = run_in(&folder, &input, &["--workers", &workers.to_string()]).succeeded();
        let figures = ended.json();
        let outputs = folder.read("outputs");
        assert_eq!(figures["app"], "alphabet");
        assert_eq!(figures["workers"], workers);
        assert_eq!(figures["messages_in"], 100_000);
        assert_eq!(figures["messages_out"], 100_000);
        assert_eq!((&figures["filtered"], &figures["dead_letters"]), (&json!(0), &json!(0)));
        assert_eq!(figures["partitions"], totals.len());
        assert_eq!(figures["partitions_dynamic"], totals.len());
        assert_eq!(figures["bytes_in"], 900_000);
        assert_eq!(figures["bytes_out"], outputs.len());
        assert!(figures["seconds"].as_f64().unwrap() > 0.0);
        assert!(figures["messages_per_second"].as_f64().unwrap() > 0.0);
        for quantile in ["p50", "p90", "p99", "p999", "max"] {
            assert!(figures["latency_us"][quantile].as_f64().unwrap() > 0.0, "{quantile}");
        }

        let partitions = partitions(&folder, workers);
        let of_row = |row: &Value| {
            (row["key"].as_str().unwrap().as_bytes()[0], row["value"]["votes"].as_u64().unwrap())
        };
        assert!(partitions.iter().map(of_row).eq(totals.clone()), "{workers} workers");
        let outcome = (partitions, lines_by_letter(&outputs));
        let first = first.get_or_insert_with(|| outcome.clone());
        assert!(*first == outcome, "{workers} workers have another outcome than one");
    }
}

#[test]
fn the_fixture_has_the_totals_and_outputs_that_were_counted_without_this_project() {
    let folder = Folder::new();
    let input = fixture("votes.msg").to_str().unwrap().to_owned();
    let expected = fs::read(fixture("votes.outputs")).unwrap();
    let totals = fs::read_to_string(fixture("votes.totals.txt")).unwrap();
    for workers in ["1", "4"] {
        run_in(&folder, &input, &["--workers", workers]).succeeded();
        let found: String = folder.json_lines("state").iter().map(total).collect();
        assert_eq!(found, totals, "{workers} workers");
        let outputs = folder.read("outputs");
        assert_eq!(lines_by_letter(&outputs), lines_by_letter(&expected));
        assert!(workers != "1" || outputs == expected);
    }
}

/// A partition as a line of `votes.totals.txt`.
fn total(row: &Value) -> String {
    let key = wallaroo::parse_key_text(row["key"].as_str().unwrap()).unwrap();
    format!("{:02x} {}\n", key[0], row["value"]["votes"])
}

#[test]
fn a_partition_is_a_line_as_documented() {
    let folder = Folder::new();
    let input = folder.write("votes.msg", votes([(0xff, 3), (b'a', 10), (b'a', 2)]));
    run_in(&folder, &input, &[]).succeeded();
    let expected = r#"{"state":"letter state","key":"a","worker":0,"dynamic":true,"messages":2,"value":{"letter":"a","votes":12}}
{"state":"letter state","key":"\\xff","worker":0,"dynamic":true,"messages":1,"value":{"letter":"\\xff","votes":3}}
"#;
    assert_eq!(String::from_utf8(folder.read("state")).unwrap(), expected);
}

#[test]
fn precreate_makes_the_declared_partitions_before_the_first_message() {
    let folder = Folder::new();
    for workers in ["1", "4"] {
        let figures =
            run_in(&folder, "null", &["--precreate", "--workers", workers]).succeeded().json();
        assert_eq!(
            (&figures["partitions"], &figures["partitions_dynamic"]),
            (&json!(27), &json!(0))
        );
        let rows = folder.json_lines("state");
        let keys: String = rows.iter().map(|row| row["key"].as_str().unwrap()).collect();
        assert_eq!(keys, "!abcdefghijklmnopqrstuvwxyz");
        assert!(rows.iter().all(|row| row["dynamic"] == false && row["messages"] == 0));
    }

    let input = folder.write("votes.msg", votes([(b'a', 1), (b'Z', 2)]));
    let figures = run_in(&folder, &input, &["--precreate"]).succeeded().json();
    assert_eq!((&figures["partitions"], &figures["partitions_dynamic"]), (&json!(28), &json!(1)));
    let rows = folder.json_lines("state");
    assert!(rows.iter().all(|row| row["dynamic"] == (row["key"] == "Z")));
}

#[test]
fn the_binary_encoding_is_frames_of_a_letter_and_its_total() {
    let folder = Folder::new();
    let input = folder.write("votes.msg", votes([(b'a', 1), (0xff, 7), (b'a', u32::MAX)]));
    run_in(&folder, &input, &["--encoding", "binary"]).succeeded();
    let total = |letter: u8, total: u64| frame(&[&[letter], &total.to_be_bytes()[..]].concat());
    let expected = [total(b'a', 1), total(0xff, 7), total(b'a', u64::from(u32::MAX) + 1)].concat();
    assert_eq!(folder.read("outputs"), expected);
}

#[test]
fn malformed_payloads_and_a_truncated_frame_are_dead_letters_and_the_rest_flows_on() {
    let folder = Folder::new();
    let good = vote(b'a', 1);
    let file = [&good[..], &frame(b""), &frame(b"abcdef"), &good, &[0, 0, 0, 5, b'x']].concat();
    let input = folder.write("votes.msg", &file);
    let letters = folder.path("letters");
    let figures = run_in(&folder, &input, &["--dead-letters", &letters]).succeeded().json();
    assert_eq!(folder.read("outputs"), b"a => 1\na => 2\n");
    assert_eq!(figures["messages_in"], 5);
    assert_eq!((&figures["messages_out"], &figures["dead_letters"]), (&json!(2), &json!(3)));
    assert_eq!(figures["bytes_in"], file.len());

    let mut letters = folder.json_lines("letters");
    letters.sort_by_key(|letter| letter["sequence"].as_u64());
    let fields = |letter: &Value| {
        assert_eq!(letter["pipeline"], "votes");
        assert_eq!(letter["source"], json!(input));
        assert!(letter["at_ns"].is_u64());
        assert!(letter["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
        let text = |name: &str| letter[name].as_str().unwrap().to_owned();
        let number = |name: &str| letter[name].as_u64().unwrap();
        (text("step"), text("cause"), text("bytes_hex"), number("sequence"), number("offset"))
    };
    let fields: Vec<_> = letters.iter().map(fields).collect();
    let expected = [
        ("decode", "refused", "", 2, 9),
        ("decode", "refused", "616263646566", 3, 13),
        ("framing", "framing", "0000000578", 5, 32),
    ];
    let owned = |(step, cause, bytes, sequence, offset): (&str, &str, &str, u64, u64)| {
        (step.to_owned(), cause.to_owned(), bytes.to_owned(), sequence, offset)
    };
    assert_eq!(fields, expected.map(owned));
    assert!(letters[2]["reason"].as_str().unwrap().contains("ended inside a frame"));
}

#[test]
fn a_run_without_messages_has_figures_too() {
    let folder = Folder::new();
    let input = folder.write("empty", b"");
    let figures = run_in(&folder, &input, &[]).succeeded().json();
    assert_eq!((&figures["messages_in"], &figures["bytes_out"]), (&json!(0), &json!(0)));
    assert!(folder.read("outputs").is_empty() && folder.read("state").is_empty());
}

#[test]
fn without_json_the_figures_are_a_line_on_standard_error() {
    let input = fixture("votes.msg");
    let arguments = ["run", "--app", "alphabet", "--out", "null", "--in", input.to_str().unwrap()];
    let ended = run(arguments).succeeded();
    assert!(ended.stdout.is_empty());
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    assert!(ended.stderr.starts_with("alphabet: 1000 messages in, 1000 out"), "{}", ended.stderr);
}
