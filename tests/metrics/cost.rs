//! What a scrape per second costs the engine: measured only if it is asked for, on a machine that does nothing else.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::Folder;
use super::support::program::{PROGRAM, Running};
use super::{served_at, try_get};

/// How many votes each run processes: some seconds' worth.
const VOTES: u64 = 60_000_000;

/// How often runs with and without scrapes take their turns.
const ROUNDS: usize = 9;

/// How often it is scraped.
const EVERY: Duration = Duration::from_secs(1);

#[test]
#[ignore = "it measures: cargo test --release --test metrics cost -- --ignored --nocapture"]
fn a_scrape_per_second_at_full_load() {
    let folder = Folder::new();
    let (votes, totals) = (folder.path("votes"), folder.path("totals"));
    let generated = Command::new(PROGRAM)
        .args(["generate", "--app", "alphabet", "--out", &votes])
        .args(["--messages", &VOTES.to_string()])
        .stderr(Stdio::null())
        .status();
    assert!(generated.unwrap().success());
    for workers in ["1", "2"] {
        let ends = ["run", "--app", "alphabet", "--in", &votes, "--out", &totals, "--json"];
        let arguments: Vec<_> = ends.into_iter().chain(["--workers", workers]).collect();
        let without = || seconds(Running::start(&arguments));
        let with = || {
            let running = Running::start(arguments.iter().chain(&["--metrics", "0"]));
            let (address, ended) = (served_at(&running), AtomicBool::new(false));
            thread::scope(|scope| {
                let scraping = scope.spawn(|| scrape(&address, &ended));
                let seconds = seconds(running);
                ended.store(true, Ordering::Release);
                scraping.thread().unpark();
                (seconds, scraping.join().unwrap())
            })
        };
        without();
        let mut scrapes = 0;
        let mut ratios: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let (without, (with, more)) = (without(), with());
                scrapes += more;
                without / with
            })
            .collect();
        assert!(scrapes >= ROUNDS, "{scrapes} scrapes: the runs are too short to measure");
        ratios.sort_unstable_by(f64::total_cmp);
        let [least, median, most] = [0, ROUNDS / 2, ROUNDS - 1].map(|place| ratios[place]);
        eprintln!(
            "{workers} workers: {median:.3} of the speed without ({least:.3} to {most:.3}), {scrapes} scrapes"
        );
    }
}

/// The seconds that the run itself says.
fn seconds(running: Running) -> f64 {
    running.end().succeeded().json()["seconds"].as_f64().unwrap()
}

/// Scrapes until the run has ended, and counts.
fn scrape(address: &str, ended: &AtomicBool) -> usize {
    let mut scrapes = 0;
    let mut next = Instant::now();
    while !ended.load(Ordering::Acquire) {
        scrapes += usize::from(try_get(address, "/metrics").is_some_and(|page| page.status == 200));
        next += EVERY;
        thread::park_timeout(next.saturating_duration_since(Instant::now()));
    }
    scrapes
}
