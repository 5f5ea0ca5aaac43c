//! `generate`, `send`, `run` and `receive` together: what goes in comes out, exactly.
//!
//! `WALLAROO_MILLION=1 cargo test --release --test run_command loopback -- --nocapture` sends a million
//! messages and says how fast.

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use crate::support::program::{Running, run};
use crate::{Folder, lines_by_letter, run_in};

fn messages() -> usize {
    if std::env::var_os("WALLAROO_MILLION").is_some() { 1_000_000 } else { 100_000 }
}

/// Generated votes: their file, and the totals of each letter after each of its votes.
struct Votes {
    file: String,
    totals: BTreeMap<u8, Vec<u64>>,
}

impl Votes {
    fn generate(folder: &Folder, skew: &str) -> Self {
        let (file, messages) = (folder.path("votes.msg"), messages().to_string());
        let app = ["generate", "--app", "alphabet", "--messages", &messages];
        run(app.iter().chain(&["--seed", "4", "--skew", skew, "--out", &file])).succeeded();
        let mut totals: BTreeMap<u8, Vec<u64>> = BTreeMap::new();
        for frame in fs::read(&file).unwrap().chunks_exact(9) {
            let votes = u32::from_be_bytes([frame[5], frame[6], frame[7], frame[8]]);
            let totals = totals.entry(frame[4]).or_default();
            totals.push(totals.last().unwrap_or(&0) + u64::from(votes));
        }
        assert_eq!(totals.values().map(Vec::len).sum::<usize>(), crate::loopback::messages());
        Self { file, totals }
    }

    /// The outputs are all totals of every letter in their order, and the state is the last of them.
    fn check(&self, folder: &Folder) {
        let outputs = lines_by_letter(&folder.read("outputs"));
        assert!(outputs.keys().eq(self.totals.keys()));
        for (letter, totals) in &self.totals {
            let line = |total: &u64| [&[*letter], format!(" => {total}").as_bytes()].concat();
            assert!(outputs[letter].iter().eq(&totals.iter().map(line).collect::<Vec<_>>()));
        }
        let state = folder.json_lines("state");
        assert_eq!(state.len(), self.totals.len());
        for row in state {
            let key = row["key"].as_str().unwrap().as_bytes();
            let totals = &self.totals[&key[0]];
            assert_eq!(row["value"]["votes"].as_u64().unwrap(), *totals.last().unwrap());
            assert_eq!(row["messages"].as_u64().unwrap(), totals.len() as u64);
        }
    }
}

fn over_tcp(skew: &str, workers: &str) {
    let folder = Folder::new();
    let votes = Votes::generate(&folder, skew);
    let messages = messages().to_string();
    let (outputs, state) = (folder.path("outputs"), folder.path("state"));
    let ends = ["receive", "--listen", "127.0.0.1:0", "--out", &outputs, "--expect", &messages];
    let receiver = Running::start(ends);
    let out = format!("tcp://{}", receiver.address());
    let ends = ["run", "--app", "alphabet", "--in", "tcp://127.0.0.1:0", "--out", &out];
    let running =
        Running::start(ends.iter().chain(&["--workers", workers, "--state", &state, "--json"]));

    let start = Instant::now();
    let sent = run(["send", "--to", &running.address(), "--file", &votes.file]).succeeded();
    let sent_words = format!("sent {messages} messages");
    assert!(sent.stderr.starts_with(&sent_words), "{}", sent.stderr);
    let got = receiver.end().succeeded();
    let elapsed = start.elapsed();
    assert!(got.stderr.contains(&format!("received {messages} outputs")));
    running.signal("TERM");
    let figures = running.end().succeeded().json();
    assert_eq!(figures["dead_letters"], 0);
    votes.check(&folder);
    eprintln!(
        "over TCP, skew {skew}, {workers} workers: {messages} in {elapsed:?}, from the start of send to the end of receive\n{}{}",
        sent.stderr, got.stderr
    );
}

#[test]
fn what_is_sent_over_tcp_comes_out_exactly() {
    over_tcp("0", "2");
}

#[test]
fn what_is_sent_over_tcp_comes_out_exactly_where_some_keys_are_preferred() {
    over_tcp("1.2", "1");
}

#[test]
fn what_is_read_from_a_file_comes_out_exactly() {
    for (skew, workers) in [("0", "2"), ("1.2", "1")] {
        let folder = Folder::new();
        let votes = Votes::generate(&folder, skew);
        let figures = run_in(&folder, &votes.file, &["--workers", workers]).succeeded().json();
        votes.check(&folder);
        eprintln!("from file to file, skew {skew}: {figures}");
    }
}
