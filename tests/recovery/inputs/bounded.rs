//! A run of many checkpoints: neither its directory nor its memory grows with its length.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::folder::Folder;
use crate::support::frames::frame;
use crate::support::program::Running;
use crate::support::waiting::wait_until;

/// What a run uses at a moment, in bytes; and the most that it may use, however long it is.
#[derive(Debug, Clone, Copy, Default)]
struct Use {
    /// The longest of `SQLite`'s logs, which is moved into its file if it has more than 16 MiB.
    log: u64,
    /// All other files of the directory.
    files: u64,
    memory: u64,
}

impl Use {
    fn now(folder: &Folder, running: &Running) -> Self {
        let status = fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        let mut now = Self { memory: kilobytes * 1024, ..Self::default() };
        for file in fs::read_dir(folder.path("saved")).unwrap() {
            let file = file.unwrap();
            // It may be removed at this moment.
            let length = file.metadata().map_or(0, |file| file.len());
            if file.file_name().to_str().unwrap().ends_with("-wal") {
                now.log = now.log.max(length);
            } else {
                now.files += length;
            }
        }
        now
    }

    fn greatest(self, other: Self) -> Self {
        Self {
            log: self.log.max(other.log),
            files: self.files.max(other.files),
            memory: self.memory.max(other.memory),
        }
    }
}

/// A run, and what it may use.
struct Run {
    words: u32,
    /// How long each word is.
    length: usize,
    /// How many are said per second, if the machine can.
    pace: u32,
    /// How many bytes are said, at the least.
    said: u64,
    most: Use,
}

/// How many checkpoints each run has, at the least.
const CHECKPOINTS: u64 = 10;

/// Says all words again and again until it is told to end; how many bytes that are is in `said`.
fn say(run: &Run, mut client: TcpStream, end: &AtomicBool, said: &AtomicU64) -> usize {
    let words: Vec<_> =
        (0..run.words).map(|word| format!("{word:0length$}", length = run.length)).collect();
    let lines: Vec<_> = words.chunks(13).map(|words| frame(words.join(" ").as_bytes())).collect();
    let start = Instant::now();
    for (line, round) in lines.iter().cycle().zip(1_u32..) {
        if end.load(Ordering::Acquire) {
            return round as usize / lines.len();
        }
        client.write_all(line).unwrap();
        said.fetch_add(line.len() as u64, Ordering::Relaxed);
        if round % 32 == 0 {
            let due = start + Duration::from_secs(1) / run.pace * 13 * round;
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    }
    unreachable!("the lines are said again and again")
}

fn assert_bounded(run: Run) {
    let folder = Folder::new();
    let often = ["--checkpoint-interval", "20ms", "--workers", "2"];
    let ends = [&["--in", "tcp://127.0.0.1:0", "--out", "null"][..], &often].concat();
    let running = Running::start(folder.command("word_count", &ends));
    let client = TcpStream::connect(running.address()).unwrap();
    let (end, said) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (ended, saying) = (Arc::clone(&end), Arc::clone(&said));
    let Run { words, said: least, most, .. } = run;
    let client = thread::spawn(move || say(&run, client, &ended, &saying));
    let mut used = Use::default();
    wait_until("all that is to be said", || {
        used = used.greatest(Use::now(&folder, &running));
        said.load(Ordering::Relaxed) >= least
    });
    // Not before this: logs grow while another process looks at the directory.
    let epoch = || folder.inspect()["checkpoint"]["epoch"].as_u64().unwrap();
    wait_until("checkpoints", || epoch() > CHECKPOINTS);
    let epoch = epoch();
    end.store(true, Ordering::Release);
    let rounds = client.join().unwrap();
    running.signal("TERM");
    running.end().succeeded();
    let said = said.load(Ordering::Relaxed);
    println!("{words} words, {rounds} rounds, {said} bytes, {epoch} checkpoints: {used:?}");
    assert!(rounds > 3, "every word has changed several times");
    assert!(used.log <= most.log && used.files <= most.files, "{used:?}");
    assert!(used.memory <= most.memory, "{used:?}");
    assert_eq!(folder.json_lines("state").len(), words as usize);
}

#[test]
fn with_few_partitions_the_directory_and_the_memory_do_not_grow_with_the_run() {
    // What is said goes through the journal and its log, and is as much as any of these may be, or more.
    // Measured: 18, 4 and 41 MB.
    let most = Use { log: 40 << 20, files: 40 << 20, memory: 96 << 20 };
    assert_bounded(Run { words: 26, length: 400, pace: 20_000, said: 48 << 20, most });
}

#[test]
fn with_many_partitions_the_directory_and_the_memory_do_not_grow_with_the_run() {
    // What the checkpoints write is more: a megabyte each and more. Measured with twice as many: 23, 26 and 78 MB.
    let most = Use { log: 40 << 20, files: 40 << 20, memory: 128 << 20 };
    assert_bounded(Run { words: 10_000, length: 100, pace: 20_000, said: 12 << 20, most });
}
