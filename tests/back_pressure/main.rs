//! Receivers that come late, go away, come back, or do not read: nothing that was not yet written is
//! lost, the sources are held, and memory stays flat.

#![cfg(feature = "workbench")]
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "../support/mod.rs"]
mod support;

mod amplification;
mod memory;
mod receivers;
mod stalling;
mod stopping;
mod talking;
mod telling;

use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use support::program::Running;
use support::sockets::small_listener;
use support::waiting::LIMIT;

/// An alphabet that listens, and sends its totals to this address.
fn alphabet(out: &str, more: &[&str]) -> Running {
    let ends = ["run", "--app", "alphabet", "--in", "tcp://127.0.0.1:0", "--out", out, "--json"];
    Running::start(ends.iter().chain(more))
}

/// A listener, and its address as a sink. Its connections hold little that is not read.
fn listener() -> (TcpListener, String) {
    let listener = small_listener();
    let out = format!("tcp://{}", listener.local_addr().unwrap());
    (listener, out)
}

/// The next connection of a listener, which times out if nothing comes.
fn accept(listener: &TcpListener) -> TcpStream {
    listener.set_nonblocking(true).unwrap();
    let start = Instant::now();
    loop {
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(false).unwrap();
            stream.set_read_timeout(Some(LIMIT)).unwrap();
            return stream;
        }
        assert!(start.elapsed() < LIMIT, "no connection within {LIMIT:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A connection to the alphabet.
fn client(running: &Running) -> TcpStream {
    TcpStream::connect(running.address()).unwrap()
}

/// The alphabet's outputs after `count` votes for a letter, one each, from the total `from` on.
fn totals(letter: char, from: u32, count: u32) -> String {
    let lines: Vec<_> = (from + 1..=from + count).map(|at| format!("{letter} => {at}\n")).collect();
    lines.concat()
}

/// How long a count must stay as it is to be taken for still.
const STILL: Duration = Duration::from_millis(700);

/// Waits until a count has not grown for a while, and returns it.
fn wait_until_still(count: impl Fn() -> u64) -> u64 {
    let (start, mut seen, mut since) = (Instant::now(), count(), Instant::now());
    while seen == 0 || since.elapsed() < STILL {
        assert!(start.elapsed() < LIMIT, "never still: {seen}");
        thread::sleep(Duration::from_millis(10));
        let now = count();
        if now != seen {
            (seen, since) = (now, Instant::now());
        }
    }
    seen
}
