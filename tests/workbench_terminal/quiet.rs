//! A workbench in which nothing happens does nothing.

use std::thread;
use std::time::{Duration, Instant};

use super::{Terminal, alphabet};

/// The CPU time that a process has used, in ticks of 10 ms.
fn cpu_ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name, in parentheses, may have anything in it.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let [user, system] = [11, 12].map(|at: usize| fields[at].parse::<u64>().unwrap());
    user + system
}

/// Bytes written and CPU time used in one second.
pub fn second(terminal: &Terminal) -> (usize, u64) {
    let before = (terminal.bytes_written(), cpu_ticks(terminal.pid()));
    thread::sleep(Duration::from_secs(1));
    (terminal.bytes_written() - before.0, cpu_ticks(terminal.pid()) - before.1)
}

/// Waits for a second without bytes; what a start leaves to draw comes before it.
pub fn wait_for_quiet(terminal: &Terminal) {
    let start = Instant::now();
    while second(terminal).0 > 0 {
        assert!(start.elapsed() < Duration::from_secs(30), "never quiet:\n{}", terminal.screen());
    }
}

#[test]
fn a_second_without_events_costs_no_bytes_and_no_time() {
    let terminal = alphabet();
    wait_for_quiet(&terminal);
    let (bytes, ticks) = second(&terminal);
    assert_eq!(bytes, 0);
    // What /proc counts is a sample: a thread that woke once may be taken for a whole tick.
    assert!(ticks <= 1, "{ticks} ticks");
}

#[test]
fn a_paused_engine_with_votes_waiting_is_quiet_too() {
    let mut terminal = alphabet();
    super::leave_input(&mut terminal);
    terminal.send(" ");
    terminal.wait_for("PAUSED");
    terminal.send("i");
    super::enter(&mut terminal, "a 1 x1000");
    terminal.send("b 2");
    terminal.wait_for("> b 2");
    wait_for_quiet(&terminal);
    let (bytes, ticks) = second(&terminal);
    assert_eq!(bytes, 0);
    assert!(ticks <= 1, "{ticks} ticks");
}

/// How often the threads of a process have begun to run: the system counts each switch to another thread.
fn wake_ups(pid: u32) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let of_task = |task: std::fs::DirEntry| {
        // A task may end meanwhile.
        let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
        let counts =
            status.lines().filter_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        counts.map(|count| count.trim().parse::<u64>().unwrap()).sum::<u64>()
    };
    tasks.map(|task| of_task(task.unwrap())).sum()
}

#[test]
fn two_seconds_without_events_wake_no_thread_up() {
    let terminal = alphabet();
    wait_for_quiet(&terminal);
    // What a start leaves to be done, on a machine with other things to do, may come late: once it is idle,
    // it stays so.
    let start = Instant::now();
    loop {
        let before = (wake_ups(terminal.pid()), terminal.bytes_written());
        thread::sleep(Duration::from_secs(2));
        let after = (wake_ups(terminal.pid()), terminal.bytes_written());
        if before == after {
            return;
        }
        let woken = after.0 - before.0;
        assert!(start.elapsed() < Duration::from_mins(1), "{woken} times, {}", after.1 - before.1);
    }
}
