//! Under load: changes of size as fast as a terminal can send them, and keys.

use std::thread;
use std::time::{Duration, Instant};

use super::load::demo;
use super::{CTRL_C, ESCAPE, leave_input};

/// Rows and columns: one screen for each layout, and one that is too small for any.
const SIZES: [(u16, u16); 6] = [(60, 200), (40, 120), (30, 100), (24, 80), (18, 60), (5, 20)];

/// How many changes of size there are, unless `RESIZES` says so.
const RESIZES: usize = 300;

/// How many keys are typed.
const KEYS: usize = 200;

#[test]
fn changes_of_size_under_load_are_survived_however_fast_they_come() {
    let mut terminal = demo(&["--workers", "2"]);
    let resizes = std::env::var("RESIZES").ok().and_then(|count| count.parse().ok());
    let mut generator = wallaroo::Generator::new(1, 0.0);
    for _ in 0..resizes.unwrap_or(RESIZES) {
        let place = usize::try_from(generator.below(SIZES.len() as u64)).unwrap();
        let (rows, columns) = SIZES[place];
        terminal.resize(rows, columns);
        // The pace of the storm, and not a wait for anything.
        thread::sleep(Duration::from_millis(2));
    }
    terminal.resize(40, 120);
    terminal.wait_for("load 3.00k/s");
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success(), "{}", terminal.screen());
}

#[test]
fn keys_typed_at_full_load_are_drawn_soon() {
    let mut terminal = demo(&["--workers", "2"]);
    leave_input(&mut terminal);
    // Three million a second: more than two workers of a test's build can take.
    terminal.send(">>>>>>>>>>");
    terminal.wait_for("load 3.07M/s");
    terminal.send("i");
    let mut times = Vec::with_capacity(KEYS);
    while times.len() < KEYS {
        let mut typed = "zq".to_owned();
        terminal.send(&typed);
        terminal.wait_for(&typed);
        for _ in 0..40 {
            let key = if times.len() % 2 == 0 { "x" } else { "y" };
            typed.push_str(key);
            let began = Instant::now();
            terminal.send(key);
            while !terminal.screen().contains(&typed) {
                assert!(began.elapsed() < Duration::from_mins(1), "{}", terminal.screen());
                thread::sleep(Duration::from_micros(500));
            }
            times.push(began.elapsed());
        }
        // A new line for the next keys.
        terminal.send("\x15");
        terminal.wait_until("an empty line", |screen| !screen.contains("zq"));
    }
    times.sort_unstable();
    let (half, p99, last) = (times[KEYS / 2], times[KEYS * 99 / 100], times[KEYS - 1]);
    eprintln!("a key at full load: p50 {half:.1?}, p99 {p99:.1?}, at most {last:.1?}");
    // Hundreds of times what it takes: a loaded machine is no failure, and a screen that stands still is one.
    assert!(p99 < Duration::from_secs(10), "{p99:?}");
    terminal.send(ESCAPE);
}
