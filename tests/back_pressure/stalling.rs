//! A receiver that stops reading, and reads again.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use tempfile::TempDir;

use crate::memory::{most_resident, resident};
use crate::support::frames::{lines, vote};
use crate::support::program::{Running, run};
use crate::support::waiting::wait_until;
use crate::{accept, alphabet, client, listener, wait_until_still};

/// Votes for `a` that are sent as fast as they are taken.
struct Flood {
    sent: Arc<AtomicU64>,
    writer: JoinHandle<std::io::Result<TcpStream>>,
}

impl Flood {
    fn start(mut client: TcpStream, votes: u64) -> Self {
        let sent = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&sent);
        let writer = thread::spawn(move || {
            let thousand = vote(b'a', 1).repeat(1000);
            for _ in 0..votes / 1000 {
                client.write_all(&thousand)?;
                count.fetch_add(1000, Ordering::Relaxed);
            }
            Ok(client)
        });
        Self { sent, writer }
    }

    /// Waits until no more is taken, and returns how many have been.
    fn wait_until_held(&self) -> u64 {
        wait_until_still(|| self.sent.load(Ordering::Relaxed))
    }

    /// Waits until all have been sent.
    fn end(self) {
        drop(self.writer.join().unwrap().unwrap());
    }
}

#[test]
fn a_receiver_that_stops_reading_holds_a_fast_client_with_flat_memory_and_nothing_is_lost() {
    const VOTES: u64 = 2_000_000;
    let (listening, out) = listener();
    let running = alphabet(&out, &["--workers", "2"]);
    let mut receiver = accept(&listening);
    let before = resident(&running);
    let flood = Flood::start(client(&running), VOTES);
    let held = flood.wait_until_held();
    assert!(held < VOTES, "the client was never held");
    let stalled = resident(&running);
    // Room is for 4 MiB, and the rest is what the allocator and the threads take.
    eprintln!("{before} KiB before, {stalled} KiB with a stalled sink, {held} votes sent");
    assert!(stalled < before + 32 * 1024, "{before} KiB before, {stalled} KiB stalled");

    let mut tail = Vec::new();
    let (mut read, mut buffer) = (0, vec![0; 256 * 1024]);
    while read < VOTES {
        let length = receiver.read(&mut buffer).unwrap();
        assert!(length > 0, "{read} lines");
        read += lines(&buffer[..length]) as u64;
        tail = buffer[..length].to_vec();
    }
    assert!(tail.ends_with(format!("a => {VOTES}\n").as_bytes()));
    flood.end();
    let most = most_resident(&running);
    eprintln!("{most} KiB at the most");
    assert!(most < before + 48 * 1024, "{before} KiB before, {most} KiB at the most");
    running.signal("TERM");
    let figures = running.end().succeeded().json();
    assert_eq!(figures["messages_out"], VOTES);
    assert_eq!(read, VOTES);
}

#[test]
fn a_standard_output_that_is_not_read_holds_a_file_with_flat_memory() {
    let folder = TempDir::new().unwrap();
    let votes = folder.path().join("votes.msg");
    let votes = votes.to_str().unwrap();
    let messages = ["--messages", "1000000", "--seed", "1", "--out", votes];
    run(["generate", "--app", "alphabet"].iter().chain(&messages)).succeeded();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let run = ["run", "--app", "alphabet", "--in", votes, "--out", "-"];
    let running = Running::start_with(run, writer.into());
    let mut first = [0; 1];
    reader.read_exact(&mut first).unwrap();
    // Until its memory is as it is: it reads no further.
    let stalled = wait_until_still(|| resident(&running));
    eprintln!("{stalled} KiB with a stalled standard output");
    assert!(stalled < 64 * 1024, "{stalled} KiB");
    let mut totals = first.to_vec();
    reader.read_to_end(&mut totals).unwrap();
    running.end().succeeded();
    assert_eq!(lines(&totals), 1_000_000);
}

#[test]
fn an_interrupted_run_says_that_its_receiver_takes_nothing_and_ends_when_it_does() {
    let (listening, out) = listener();
    let running = alphabet(&out, &[]);
    let mut receiver = accept(&listening);
    let flood = Flood::start(client(&running), 2_000_000);
    flood.wait_until_held();
    running.signal("TERM");
    let waits = format!("{out} takes no outputs");
    wait_until("what the run waits for", || running.said().contains(&waits));
    let mut outputs = Vec::new();
    receiver.read_to_end(&mut outputs).unwrap();
    let figures = running.end().succeeded().json();
    let written = lines(&outputs);
    assert_eq!(figures["messages_out"], written);
    assert_eq!(figures["messages_in"].as_u64(), Some(written as u64 + dead(&figures)));
    drop(flood);
}

fn dead(figures: &serde_json::Value) -> u64 {
    figures["dead_letters"].as_u64().unwrap()
}
