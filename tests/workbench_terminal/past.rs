//! Going to the past and back, in the whole program.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::quiet::second;
use super::{CTRL_C, Terminal, alphabet, enter, leave_input, row, wait_for_votes};

/// A workbench that has had votes for a, b, a, with the keys in the partitions.
fn voted() -> Terminal {
    let mut terminal = alphabet();
    for (vote, votes) in [("a 10", ("a", 10, 1)), ("b 1", ("b", 1, 1)), ("a 5", ("a", 15, 2))] {
        enter(&mut terminal, vote);
        let (key, votes, messages) = votes;
        wait_for_votes(&terminal, key, votes, messages);
    }
    leave_input(&mut terminal);
    terminal.send("2");
    terminal
}

/// How often the thread of the past has begun to run.
fn wake_ups_of_the_past(terminal: &Terminal) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", terminal.pid())).unwrap();
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default();
    let mut tasks = tasks.map(|task| task.unwrap().path());
    let task = tasks.find(|task| read(task.join("comm")).trim() == "wallaroo-past").unwrap();
    let status = read(task.join("status"));
    let mut lines = status.lines();
    let count = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    count.unwrap().trim().parse().unwrap()
}

#[test]
fn the_earlier_total_is_a_key_away_and_so_is_the_present() {
    let mut terminal = voted();
    terminal.send("[");
    terminal.wait_for("PAST 2 of 3, 1 back");
    wait_for_votes(&terminal, "a", 10, 1);
    terminal.send(",");
    terminal.wait_for("PAST 1 of 3, 2 back");
    assert_eq!(row(&terminal.screen(), "b"), None);
    terminal.send("l");
    wait_for_votes(&terminal, "a", 15, 2);
    terminal.wait_for("RUNNING");
    // By its number.
    terminal.send("#1\r");
    terminal.wait_for("PAST 1 of 3, 2 back");
    // What is sent is sent now.
    terminal.send("i");
    terminal.wait_for("Ctrl-C quit");
    enter(&mut terminal, "b 6");
    wait_for_votes(&terminal, "b", 7, 2);
}

#[test]
fn a_crash_and_more_workers_are_of_now() {
    let mut terminal = voted();
    terminal.send("[[[");
    terminal.wait_for("PAST 0 of 3");
    terminal.send("C");
    terminal.wait_for("Crash?");
    terminal.send("\r");
    terminal.wait_for("RUNNING");
    terminal.send("\r");
    wait_for_votes(&terminal, "a", 15, 2);
    terminal.send(",");
    terminal.wait_for("PAST");
    terminal.send("+");
    terminal.wait_for("worker 2");
    wait_for_votes(&terminal, "a", 15, 2);
    terminal.send("#2\r");
    terminal.wait_for("PAST 2 of 3");
    wait_for_votes(&terminal, "a", 10, 1);
}

#[test]
fn a_workbench_in_the_past_is_quiet_and_ends_at_once() {
    let mut terminal = voted();
    terminal.send("[");
    terminal.wait_for("PAST 2 of 3");
    // The charts go on for minutes; but the thread that has found the moment sleeps.
    let start = Instant::now();
    loop {
        let before = wake_ups_of_the_past(&terminal);
        let (_, ticks) = second(&terminal);
        if wake_ups_of_the_past(&terminal) == before && ticks < 10 {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{ticks} ticks");
    }
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
    // What is said at the end is of now.
    terminal.wait_for("3 messages");
}

#[test]
fn a_replay_that_takes_long_keeps_nobody_from_leaving() {
    let mut terminal = alphabet();
    enter(&mut terminal, "a 1 x300000");
    wait_for_votes(&terminal, "a", 300_000, 300_000);
    leave_input(&mut terminal);
    terminal.send("[,,,,");
    let start = Instant::now();
    terminal.send(CTRL_C);
    assert!(terminal.wait_exit().success());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
