//! A receiver at process 0 that reads nothing: what is in flight is bounded in all processes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use super::machines::Machines;
use crate::support::frames::{lines, votes};
use crate::support::program::Running;
use crate::support::sockets::small_listener;
use crate::support::waiting::{LIMIT, wait_until};

/// How much more memory a process may have: 4 MiB of frames and outputs, the bytes of connections between processes, and what
/// allocators and threads take. Far less than the client would send.
const BOUND: u64 = 48 * 1024 * 1024;

/// What the client would send, in bytes.
const WOULD_SEND: u64 = 1024 * 1024 * 1024;

/// How long nothing more must be taken for the client to be held.
const STILL: Duration = Duration::from_millis(700);

/// A client that sends votes for all letters as fast as they are taken, until it has sent all or is told to end.
struct Flood {
    sent: Arc<AtomicU64>,
    end: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Flood {
    fn start(mut client: TcpStream) -> Self {
        let (sent, end) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let (count, is_over) = (Arc::clone(&sent), Arc::clone(&end));
        let thread = thread::spawn(move || {
            let piece = votes((0..40).flat_map(|_| (b'a'..=b'z').map(|letter| (letter, 1))));
            while count.load(Ordering::Relaxed) < WOULD_SEND && !is_over.load(Ordering::Relaxed) {
                client.write_all(&piece).unwrap();
                count.fetch_add(piece.len() as u64, Ordering::Relaxed);
            }
        });
        Self { sent, end, thread }
    }

    /// Waits until no more is taken.
    fn wait_until_held(&self) {
        let start = Instant::now();
        let (mut seen, mut since) = (0, Instant::now());
        while seen == 0 || since.elapsed() < STILL {
            assert!(start.elapsed() < LIMIT, "never held: {seen} bytes sent");
            sleep(Duration::from_millis(10));
            let now = self.sent.load(Ordering::Relaxed);
            if now != seen {
                (seen, since) = (now, Instant::now());
            }
        }
        assert!(seen < WOULD_SEND, "the client was never held");
    }

    /// Sends no more. Returns how many votes there were.
    fn end(self) -> u64 {
        self.end.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        self.sent.load(Ordering::Relaxed) / votes([(b'a', 1)]).len() as u64
    }
}

/// The memory of all processes, of which none may have more than it had before and the bound.
fn check(when: &str, before: &[u64], all: &[Running], memory: impl Fn(&Running) -> u64) {
    for (process, (before, running)) in before.iter().zip(all).enumerate() {
        let (now, mib) = (memory(running), |bytes| bytes / (1024 * 1024));
        assert!(
            now < before + BOUND,
            "process {process} {when}: {} MiB, and {} MiB before",
            mib(now),
            mib(*before)
        );
    }
}

#[test]
fn memory_is_flat_in_all_processes_behind_a_receiver_at_process_0_that_reads_nothing() {
    let machines = Machines::new(3, "alphabet");
    let listener = small_listener();
    let out = format!("tcp://{}", listener.local_addr().unwrap());
    let ends = ["--in", "tcp://127.0.0.1:0", "--out", &out, "--checkpoint-interval", "100ms"];
    let all = machines.start_all(&ends);
    let address = all[0].address();
    let mut receiver = listener.accept().unwrap().0;
    let mut client = TcpStream::connect(address).unwrap();
    // Partitions of all processes answer before it is measured.
    client.write_all(&votes((b'a'..=b'z').map(|letter| (letter, 1)))).unwrap();
    let mut first = vec![0; 26 * "a => 1\n".len()];
    receiver.read_exact(&mut first).unwrap();
    assert_eq!(lines(&first), 26);
    let before: Vec<u64> = all.iter().map(Running::memory).collect();
    let flood = Flood::start(client);
    flood.wait_until_held();
    check("behind a stalled receiver", &before, &all, Running::memory);

    // It reads on, and nothing is lost.
    let read = Arc::<AtomicU64>::default();
    let count = Arc::clone(&read);
    let reader = thread::spawn(move || {
        let mut buffer = vec![0; 256 * 1024];
        while let Ok(length @ 1..) = receiver.read(&mut buffer) {
            count.fetch_add(lines(&buffer[..length]) as u64, Ordering::Relaxed);
        }
    });
    let sent = flood.end();
    wait_until("all outputs", || read.load(Ordering::Relaxed) == sent);
    check("at the most", &before, &all, Running::peak_memory);
    all[0].signal("TERM");
    Machines::all_end_well(all);
    reader.join().unwrap();
    assert_eq!(read.load(Ordering::Relaxed), sent);
}
