//! A run of many checkpoints: neither its directory nor its memory grows with its length.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::folder::Folder;
use crate::support::frames::frame;
use crate::support::program::Running;
use crate::support::waiting::wait_until;

/// What a run uses at a moment: bytes of its directory, and of memory.
#[derive(Debug, Clone, Copy)]
struct Use {
    disk: u64,
    memory: u64,
}

fn used(folder: &Folder, running: &Running) -> Use {
    let status = fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    Use { disk: folder.saved_bytes(), memory: kilobytes * 1024 }
}

/// The greatest use within a time.
fn greatest(folder: &Folder, running: &Running, time: Duration) -> Use {
    let (end, mut greatest) = (Instant::now() + time, used(folder, running));
    while Instant::now() < end {
        let now = used(folder, running);
        greatest.disk = greatest.disk.max(now.disk);
        greatest.memory = greatest.memory.max(now.memory);
        thread::sleep(Duration::from_millis(5));
    }
    greatest
}

/// Looks at windows of time until one needs no more than the one before. How long the logs grow until they
/// are moved into their files for the first time depends on the machine; what is not bounded grows by more
/// than this in every window.
fn until_it_stops_growing(mut look: impl FnMut() -> Use) -> Vec<Use> {
    const SLACK: u64 = 4 << 20;
    let mut windows = vec![look()];
    loop {
        let (before, now) = (windows[windows.len() - 1], look());
        windows.push(now);
        if now.disk < before.disk + SLACK && now.memory < before.memory + SLACK {
            return windows;
        }
        assert!(windows.len() < 12, "it grows and grows: {windows:?}");
    }
}

/// A client says `words` words again and again, `pace` of them a second.
fn run(words: u32, pace: u32, warm: Duration, half: Duration) {
    let folder = Folder::new();
    let often = ["--checkpoint-interval", "20ms", "--workers", "2"];
    let ends = [&["--in", "tcp://127.0.0.1:0", "--out", "null"][..], &often].concat();
    let running = Running::start(folder.command("word_count", &ends));
    let mut client = TcpStream::connect(running.address()).unwrap();
    let end = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&end);
    let client = thread::spawn(move || {
        let all: Vec<u32> = (0..words).collect();
        let lines: Vec<_> = all
            .chunks(13)
            .map(|words| {
                let words: Vec<_> = words.iter().map(|word| format!("word{word}")).collect();
                frame(words.join(" ").as_bytes())
            })
            .collect();
        let (mut rounds, start) = (0, Instant::now());
        for line in lines.iter().cycle() {
            if told.load(Ordering::Acquire) {
                break;
            }
            client.write_all(line).unwrap();
            rounds += 1;
            let due = start + Duration::from_secs(1) / pace * 13 * u32::try_from(rounds).unwrap();
            if rounds % 32 == 0 {
                thread::sleep(due.saturating_duration_since(Instant::now()));
            }
        }
        rounds / lines.len()
    });
    thread::sleep(warm);
    let windows = until_it_stops_growing(|| greatest(&folder, &running, half));
    let epoch = || folder.inspect()["checkpoint"]["epoch"].as_u64().unwrap();
    wait_until("checkpoints", || epoch() > 20);
    end.store(true, Ordering::Release);
    let rounds = client.join().unwrap();
    let epoch = epoch();
    running.signal("TERM");
    running.end().succeeded();
    let last = folder.saved_bytes();
    println!("{words} words, {rounds} rounds, {epoch} checkpoints: {windows:?} {last} at the end");
    assert!(rounds > 3, "every word has changed several times");
    assert_eq!(folder.json_lines("state").len(), words as usize);
}

#[test]
fn with_few_partitions_the_directory_and_the_memory_stop_growing() {
    // Each file's log has its length, 16 MiB, before it is moved into the file.
    run(26, 100_000, Duration::from_secs(2), Duration::from_millis(1500));
}

#[test]
fn with_many_partitions_the_directory_and_the_memory_stop_growing() {
    run(100_000, 80_000, Duration::from_secs(2), Duration::from_millis(2500));
}
