//! A receiver that reads nothing holds the clients of every process.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::clients::Served;
use super::machines::Machines;
use crate::support::frames::{lines, vote};
use crate::support::program::{Running, run};
use crate::support::sockets::small_listener;
use crate::support::waiting::{LIMIT, wait_until};

/// How many votes a client has: more than all processes and sockets hold.
const VOTES: u64 = 2_000_000;

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

/// Votes as fast as they are taken.
fn flood(mut client: TcpStream, sent: Arc<AtomicU64>) -> JoinHandle<()> {
    thread::spawn(move || {
        let thousand = vote(b'a', 1).repeat(1000);
        for _ in 0..VOTES / 1000 {
            client.write_all(&thousand).unwrap();
            sent.fetch_add(1000, Ordering::Relaxed);
        }
    })
}

#[test]
fn memory_stays_flat_at_all_processes_and_nothing_is_lost() {
    let served = Served::new(2);
    let listener = small_listener();
    let out = format!("tcp://{}", listener.local_addr().unwrap());
    let control = served.machines.folder.path("control");
    let first = served.start(0, &["--out", &out, "--control", &control]);
    let all = vec![first, served.start(1, &["--out", &out])];
    let (mut receiver, _) = listener.accept().unwrap();
    let client = served.client(1);
    let before: Vec<u64> = all.iter().map(Running::peak_memory).collect();
    let sent = Arc::new(AtomicU64::new(0));
    let writer = flood(client, Arc::clone(&sent));
    let held = wait_until_still(|| sent.load(Ordering::Relaxed));
    assert!(held < VOTES, "the client was never held");
    // Room is for 4 MiB at each and for as much of each other process at process 0, and the allocator and the threads
    // take some. All votes have 18 MiB with what is taken anyway, and their outputs more.
    let flat = |when: &str| {
        for (process, (running, before)) in all.iter().zip(&before).enumerate() {
            let now = running.peak_memory();
            let more = now.saturating_sub(*before) / (1024 * 1024);
            assert!(more < 18, "{when}: {more} MiB more at process {process}");
        }
    };
    flat("stalled");
    let secret = served.machines.folder.path("secret");
    let reach = ["status", &control, "--secret", &secret];
    let status = || run(reach.iter().chain(&["--json"])).succeeded().json();
    let clients = |process| status()["clients"][process]["clients"].as_u64();
    wait_until("the client in the figures", || clients(1) == Some(1));
    assert_eq!(clients(0), Some(0));
    let text = run(reach).succeeded().text().to_owned();
    let line = format!("process 1 is listening at {}: 1 client\n", served.addresses[1]);
    assert!(text.contains(&line), "{text}");

    let (mut read, mut buffer, mut tail) = (0, vec![0; 256 * 1024], Vec::new());
    while read < VOTES {
        let length = receiver.read(&mut buffer).unwrap();
        assert!(length > 0, "{read} lines");
        read += lines(&buffer[..length]) as u64;
        tail = [tail.split_off(tail.len().saturating_sub(100)), buffer[..length].to_vec()].concat();
    }
    assert!(tail.ends_with(format!("a => {VOTES}\n").as_bytes()));
    writer.join().unwrap();
    flat("at the most");
    wait_until("that the client has left", || clients(1) == Some(0));
    all[1].signal("TERM");
    drop(receiver);
    Machines::all_end_well(all);
}
