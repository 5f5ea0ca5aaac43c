//! A whole recording, replayed: its states, outputs and dead letters are those of the run.

use std::io::Write;
use std::net::TcpStream;

use crate::recorded::{
    check_state, command, generate, letters, record, record_growing, replay, some_votes,
    sorted_lines, write_votes,
};
use crate::support::folder::Folder;
use crate::support::frames::{frame, lines, vote, votes};
use crate::support::program::{Running, run};
use crate::support::waiting::wait_until;

/// Replays into `outputs again`, and gives the figures.
fn replay_with_outputs(folder: &Folder, app: &str) -> serde_json::Value {
    let outputs = folder.path("outputs again");
    let figures = replay(folder, app, &["--out", &outputs, "--json"]).succeeded().json();
    check_state(folder);
    assert_eq!(letters(folder, "letters again"), letters(folder, "letters"));
    figures
}

#[test]
fn a_run_of_one_worker_is_replayed_byte_for_byte() {
    let folder = Folder::new();
    let mut all = votes(some_votes(40_000));
    // No votes.
    for at in [4000, 90, 0] {
        all.splice(at * 9..at * 9, frame(b"xx"));
    }
    let (input, outputs) = (folder.write("votes", all), folder.path("outputs"));
    record(&folder, "alphabet", &["--in", &input, "--out", &outputs, "--precreate"]);
    let figures = replay_with_outputs(&folder, "alphabet");
    assert!(folder.read("outputs again") == folder.read("outputs"));
    assert_eq!(letters(&folder, "letters").len(), 3);
    assert_eq!(figures["messages"], 40_003);
    assert_eq!(figures["moments"], 40_004);
    assert_eq!(figures["stopped_at"], serde_json::Value::Null);
    assert!(figures["verified_epochs"].as_u64().unwrap() > 0, "{figures}");
    assert!(figures["messages_per_second"].as_f64().unwrap() > 0.0, "{figures}");
    let said = replay(&folder, "alphabet", &[]).succeeded();
    assert!(said.stderr.contains("alphabet: 40003 messages, verified at "), "{}", said.stderr);
    assert!(said.stdout.is_empty());
}

#[test]
fn workers_and_processes_are_replayed_on_one_thread() {
    for more in [
        &["--workers", "2"][..],
        &["--workers", "3", "--precreate"],
        &["--processes", "2"],
        &["--processes", "2", "--workers", "2"],
    ] {
        let folder = Folder::new();
        let mut all = votes(some_votes(20_000));
        all.splice(9..9, frame(b"xx"));
        let (input, outputs) = (folder.write("votes", all), folder.path("outputs"));
        let ends = ["--in", &input, "--out", &outputs];
        record(&folder, "alphabet", &[&ends[..], more].concat());
        let figures = replay_with_outputs(&folder, "alphabet");
        let [outputs, again] = ["outputs", "outputs again"].map(|name| sorted_lines(&folder, name));
        assert!(outputs == again, "{more:?}");
        assert_eq!(figures["messages"], 20_001, "{more:?}");
    }
}

#[test]
fn votes_of_many_connections_are_replayed_without_them() {
    let folder = Folder::new();
    let outputs = folder.path("outputs");
    let ends = ["--in", "tcp://127.0.0.1:0", "--out", &outputs, "--workers", "2"];
    let running = Running::start(command(&folder, "alphabet", &ends));
    let address = running.address();
    let mut clients: Vec<_> = (0..8).map(|_| TcpStream::connect(&address).unwrap()).collect();
    for round in 0..100 {
        for client in &mut clients {
            // All of them for the same letters.
            client.write_all(&vote(b'a' + round % 5, round.into())).unwrap();
        }
    }
    clients[0].write_all(&frame(b"no vote")).unwrap();
    wait_until("all outputs", || lines(&folder.read("outputs")) == 800);
    wait_until("the dead letter", || !folder.read("letters").is_empty());
    running.signal("TERM");
    running.end().succeeded();
    let figures = replay_with_outputs(&folder, "alphabet");
    let [outputs, again] = ["outputs", "outputs again"].map(|name| sorted_lines(&folder, name));
    assert!(outputs == again);
    assert_eq!(figures["messages"], 801);
}

#[test]
fn words_that_were_counted_are_counted_again() {
    for workers in ["1", "2"] {
        let folder = Folder::new();
        let input = generate(&folder, "word_count", "lines", 3000);
        let outputs = folder.path("outputs");
        let ends = ["--in", &input, "--out", &outputs, "--workers", workers];
        record(&folder, "word_count", &ends);
        replay_with_outputs(&folder, "word_count");
        let [outputs, again] = ["outputs", "outputs again"].map(|name| sorted_lines(&folder, name));
        assert!(outputs == again);
    }
}

#[test]
fn two_pipelines_meet_in_a_state_as_they_met() {
    for workers in ["1", "2"] {
        let folder = Folder::new();
        let orders = generate(&folder, "market_spread", "Orders", 2000);
        let data = generate(&folder, "market_spread", "Market Data", 20_000);
        let outputs = folder.path("outputs");
        let ends = ["--in", &orders, "--in", &data, "--out", &outputs, "--workers", workers];
        record(&folder, "market_spread", &ends);
        replay_with_outputs(&folder, "market_spread");
        // A rejection ends with the time at which it was made: the application reads a clock.
        let rejections = |name: &str| {
            let bytes = folder.read(name);
            let mut all: Vec<_> =
                bytes.chunks(59).map(|frame| frame[..frame.len() - 8].to_vec()).collect();
            all.sort();
            all
        };
        assert!(!folder.read("outputs").is_empty());
        assert!(rejections("outputs again") == rejections("outputs"), "{workers}");
    }
}

#[test]
fn a_recording_in_use_is_replayed_as_far_as_it_is() {
    let folder = Folder::new();
    let outputs = folder.path("outputs");
    let ends = ["--in", "tcp://127.0.0.1:0", "--out", &outputs];
    let running = Running::start(command(&folder, "alphabet", &ends));
    let mut client = TcpStream::connect(running.address()).unwrap();
    let mut so_far = 0;
    for round in 1..4 {
        client.write_all(&votes(some_votes(100))).unwrap();
        wait_until("a checkpoint", || {
            let figures = replay(&folder, "alphabet", &["--json"]);
            // Before the first checkpoint there is no recording.
            so_far =
                if figures.code == Some(0) { figures.json()["messages"].as_u64() } else { None }
                    .unwrap_or(0);
            so_far == round * 100
        });
    }
    assert_eq!(so_far, 300);
    running.signal("TERM");
    running.end().succeeded();
}

#[test]
fn a_line_of_output_goes_to_standard_output_if_it_is_wanted() {
    let folder = Folder::new();
    let input = write_votes(&folder, &[(b'a', 3), (b'b', 4), (b'a', 5)]);
    record(&folder, "alphabet", &["--in", &input, "--out", "null"]);
    let said = replay(&folder, "alphabet", &["--out", "-"]).succeeded();
    assert_eq!(said.text(), "a => 3\nb => 4\na => 8\n");
}

#[test]
fn a_recording_whose_beginning_is_gone_is_replayed_from_what_is_left() {
    let folder = Folder::new();
    // A byte: only the last chapter is kept.
    record_growing(&folder, "1", &some_votes(30_000), 3);
    let info = run(["record", "info", &folder.path("saved"), "--json"]).succeeded().json();
    assert_eq!(info["chapters"], 1);
    let messages = &info["messages"];
    assert!(messages.as_u64().unwrap() < 30_000, "{info}");
    let figures = replay(&folder, "alphabet", &["--json"]).succeeded().json();
    assert_eq!((&figures["messages"], &figures["verified_epochs"]), (messages, &1.into()));
    check_state(&folder);
    replay(&folder, "alphabet", &["--to", "0"]).succeeded();
    let before: u64 =
        folder.json_lines("state again").iter().map(|row| row["messages"].as_u64().unwrap()).sum();
    assert_eq!(before + messages.as_u64().unwrap(), 30_000);
}
