//! `attach`, `status` and `stop` while the processes of a list meet: before all have come, and while one is away.

use std::io::Write;

use super::machines::Machines;
use crate::support::frames::{lines, vote};
use crate::support::program::{PROGRAM, Running, run};
use crate::support::terminal::Terminal;
use crate::support::waiting::wait_until;

/// Three processes, of which the first is reached from outside.
struct Reached {
    machines: Machines,
    control: String,
    secret: String,
}

impl Reached {
    fn new() -> Self {
        let machines = Machines::new(3, "alphabet");
        let (control, secret) = (machines.folder.path("s"), machines.folder.path("secret"));
        Self { machines, control, secret }
    }

    fn start(&self, process: usize) -> Running {
        let outputs = self.machines.folder.path("outputs");
        let ends = ["--in", "-", "--out", &outputs];
        match process {
            0 => self.machines.start(0, &[&ends[..], &["--control", &self.control]].concat()),
            _ => self.machines.start(process, &ends),
        }
    }

    /// A command and where it goes.
    fn line<'a>(&'a self, command: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        [&[command, &self.control, "--secret", &self.secret], more].concat()
    }

    fn status(&self) -> serde_json::Value {
        run(self.line("status", &["--json"])).succeeded().json()
    }

    /// Where a process of the list is, as the run names it.
    fn named(&self, process: usize) -> String {
        let address = self.machines.list().split(',').nth(process).unwrap().to_owned();
        format!("process {process} at {address}")
    }

    /// Waits until this is all that is waited for.
    fn waits_for(&self, processes: &[usize]) {
        let named: Vec<String> = processes.iter().map(|process| self.named(*process)).collect();
        wait_until("who is waited for", || {
            let status = self.status();
            status["state"] == "starting" && status["waiting_for"] == serde_json::json!(named)
        });
    }

    fn attach(&self) -> Terminal {
        Terminal::start(PROGRAM, &self.line("attach", &[]), 40, 120)
    }
}

/// Waits until a process can be asked.
fn is_reached(first: &Running) {
    first.control();
}

#[test]
fn who_is_waited_for_is_told_and_shown_until_all_have_met() {
    let reached = Reached::new();
    let mut first = reached.start(0);
    is_reached(&first);
    reached.waits_for(&[1, 2]);
    let words = run(reached.line("status", &[])).succeeded();
    assert!(words.text().starts_with("alphabet: starting for "), "{}", words.text());
    assert!(words.text().contains("\nwaiting for process 1 at "), "{}", words.text());
    let mut terminal = reached.attach();
    terminal.wait_for("STARTING");
    terminal.wait_for("waiting for process 1 at");
    terminal.send("a 10\r");
    terminal.wait_for("the run has not begun: nothing was done");
    let second = reached.start(1);
    reached.waits_for(&[2]);
    terminal.wait_for("waiting for process 2 at");
    let third = reached.start(2);
    // The same screen shows the run when it has begun.
    terminal.wait_for("RUNNING");
    assert!(!terminal.screen().contains("waiting for process"), "{}", terminal.screen());
    let mut input = first.stdin();
    input.write_all(&vote(b'a', 7)).unwrap();
    input.flush().unwrap();
    terminal.wait_for("a => 7");
    // A letter right behind Escape would be another key.
    terminal.send("\x1b");
    terminal.wait_for("i: type a message");
    terminal.send("u");
    terminal.wait_for("Take it back?");
    terminal.send("y");
    terminal.wait_for("nothing is taken back: that needs one process");
    let status = reached.status();
    assert_eq!((&status["state"], &status["viewers"]), (&"running".into(), &1.into()));
    assert_eq!(status["waiting_for"], serde_json::Value::Null);
    run(reached.line("stop", &[])).succeeded();
    Machines::all_end_well(vec![first, second, third]);
    terminal.wait_for("has ended");
}

#[test]
fn a_stop_before_all_have_come_ends_those_that_wait() {
    let reached = Reached::new();
    let first = reached.start(0);
    is_reached(&first);
    let second = reached.start(1);
    reached.waits_for(&[2]);
    let terminal = reached.attach();
    terminal.wait_for("waiting for process 2 at");
    run(reached.line("stop", &[])).succeeded();
    terminal.wait_for("has ended");
    let said = "the run was stopped before its processes had met";
    for ended in Machines::all_end_well(vec![first, second]) {
        assert_eq!(ended.stderr.matches(said).count(), 1, "{}", ended.stderr);
    }
    // Nothing has begun.
    assert!(reached.machines.folder.read("outputs").is_empty());
    assert!(reached.machines.folder.read("state").is_empty());
}

#[test]
fn while_a_killed_process_is_away_that_is_told_and_a_stop_loses_nothing() {
    let reached = Reached::new();
    let mut all: Vec<Running> = (0..3).map(|process| reached.start(process)).collect();
    let mut input = all[0].stdin();
    let votes: Vec<u8> = (b'a'..=b'z').flat_map(|letter| vote(letter, 1)).collect();
    input.write_all(&votes).unwrap();
    input.flush().unwrap();
    let outputs = || lines(&reached.machines.folder.read("outputs"));
    wait_until("all outputs", || outputs() == 26);
    let terminal = reached.attach();
    terminal.wait_for("RUNNING");
    drop(all.remove(1).kill());
    // The others begin again, and process 0 is reached at the same place.
    terminal.wait_for("STARTING");
    terminal.wait_for("waiting for process 1 at");
    reached.waits_for(&[1]);
    run(reached.line("stop", &[])).succeeded();
    Machines::all_end_well(all);
    drop(input);
    // All of them go on with what is saved.
    let all = (0..3).map(|process| reached.start(process)).collect();
    wait_until("the run", || {
        let status = run(reached.line("status", &["--json"]));
        status.code == Some(0) && status.json()["state"] == "running"
    });
    assert_eq!(reached.status()["partitions"], 26);
    run(reached.line("stop", &[])).succeeded();
    Machines::all_end_well(all);
    assert_eq!(outputs(), 26);
}
