//! A pause of several processes: when it is said, nothing is in flight in any of them.

use super::machines::Machines;
use crate::cast::Votes;
use crate::chance::Chance;
use crate::support::frames::lines;
use crate::support::program::{PROGRAM, run};
use crate::support::terminal::Terminal;
use crate::support::waiting::wait_until;

/// How many votes there are: enough for a few pauses.
const VOTES: u64 = 300_000;

#[test]
fn a_pause_means_that_nothing_is_in_flight_anywhere() {
    let machines = Machines::new(3, "alphabet");
    let votes = Votes::new(&mut Chance::new(3), VOTES);
    let path = |name: &str| machines.folder.path(name);
    let input = machines.folder.write("votes", &votes.bytes);
    let (outputs, letters, control) = (path("outputs"), path("letters"), path("s"));
    let ends = ["--in", &input, "--out", &outputs, "--dead-letters", &letters, "--workers", "2"];
    // It waits for the others until somebody looks.
    let first = machines.start(0, &[&ends[..], &["--control", &control]].concat());
    first.control();
    let reach = [&control, "--secret", &path("secret")];
    let attach = [&["attach"], &reach[..]].concat();
    let mut terminal = Terminal::start(PROGRAM, &attach, 40, 120);
    terminal.wait_for("STARTING");
    terminal.send("\x1b");
    terminal.wait_for("i: type a message");
    let mut all = vec![first];
    all.extend((1..3).map(|process| machines.start(process, &ends)));
    let written = || lines(&machines.folder.read("outputs")) as u64;
    let status = || {
        let line = [&["status", "--json"], &reach[..]].concat();
        run(line).succeeded().json()
    };
    let mut paused_at = 0;
    for _ in 0..2 {
        wait_until("more outputs", || written() > paused_at);
        terminal.send(" ");
        wait_until("the pause", || status()["state"] == "paused");
        let paused = status();
        let count = |name: &str| paused[name].as_u64().unwrap();
        paused_at = count("messages_out");
        assert_eq!(count("messages_in"), paused_at + count("dead_letters"), "nothing is between");
        assert!(count("messages_in") < VOTES, "it has paused before the end");
        assert_eq!(written(), paused_at, "all is written");
        // And nothing comes after it.
        assert_eq!((status()["messages_out"].as_u64(), written()), (Some(paused_at), paused_at));
        terminal.send(" ");
        wait_until("that it goes on", || status()["state"] == "running" || written() > paused_at);
    }
    Machines::all_end_well(all);
    votes.check(&machines.folder);
    votes.check_letters(&machines.folder);
}
