//! The workbench of a run in another process, in a real terminal.

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};

use crate::commands::Place;
use crate::support::frames::votes;
use crate::support::program::{PROGRAM, Running, run};
use crate::support::terminal::Terminal;
use crate::support::waiting::wait_until;

fn attach(place: &Place, more: &[&str]) -> Terminal {
    let socket = place.path("s");
    let arguments = [&["attach", &socket], more].concat();
    let terminal = Terminal::start(PROGRAM, &arguments, 40, 120);
    terminal.wait_for("Ctrl-C quit");
    terminal
}

fn total(place: &Place) -> String {
    fs::read_to_string(place.path("out")).unwrap()
}

#[test]
fn a_vote_that_is_typed_there_is_counted_and_the_run_goes_on_without_the_workbench() {
    let place = Place::new();
    let mut running = place.start(&[]);
    let mut terminal = attach(&place, &[]);
    terminal.wait_for("RUNNING");
    terminal.send("a 10");
    terminal.wait_for("new partition a on worker 0: letter a, votes 10");
    terminal.send("\r");
    terminal.wait_for("a => 10");
    let mut second = attach(&place, &[]);
    second.wait_for("a => 10");
    second.send("a 5\r");
    terminal.wait_for("a => 15");
    // One is killed, and the other quits.
    second.kill("KILL");
    second.wait_exit();
    terminal.send("\x03");
    assert!(terminal.wait_exit().success());
    terminal.assert_restored();
    assert!(terminal.screen().contains("detached from alphabet at "), "{}", terminal.screen());
    assert!(!running.has_ended());
    let mut third = attach(&place, &[]);
    third.wait_for("a => 15");
    third.send("a 1\r");
    third.wait_for("a => 16");
    run(["stop", &place.path("s")]).succeeded();
    running.end().succeeded();
    assert_eq!(total(&place), "a => 10\na => 15\na => 16\n");
}

#[test]
fn a_run_that_was_told_to_stop_stops_also_if_somebody_lets_it_crash_meanwhile() {
    let place = Place::new();
    // Nobody listens there yet: what was voted cannot leave.
    let out = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (socket, saved) = (place.path("s"), place.path("saved"));
    let ends = ["--in", "127.0.0.1:0", "--out", &out.to_string()];
    let line = ["run", "--app", "alphabet", "--resilience-dir", &saved, "--control", &socket];
    let running = Running::start(line.iter().chain(&ends));
    running.address();
    let mut terminal = attach(&place, &[]);
    terminal.send("a 10\r");
    terminal.wait_for(" 1 in");
    let stop = Running::start(["stop", &socket]);
    wait_until("the stop", || running.said().contains("`stop` was asked for"));
    terminal.send("\x1b");
    terminal.wait_for("i: type a message");
    terminal.send("C");
    terminal.wait_for("Crash?");
    terminal.send("\r");
    wait_until("the crash", || running.said().contains("crash"));
    let receiver = Running::start(["receive", "--listen", &out.to_string()]);
    stop.end().succeeded();
    running.end().succeeded();
    receiver.end().succeeded();
}

#[test]
fn an_engine_that_goes_away_is_said_and_found_again() {
    let place = Place::new();
    let running = place.start(&[]);
    let mut terminal = attach(&place, &[]);
    terminal.send("a 10\r");
    terminal.wait_for("a => 10");
    running.kill();
    terminal.wait_for("AWAY");
    terminal.wait_for("trying again");
    terminal.send("a 5\r");
    terminal.wait_for("nothing was done");
    // Another application in its place is not taken for it.
    let socket = place.path("s");
    let line = ["run", "--app", "reverse", "--in", "127.0.0.1:0", "--out", "null"];
    let other = Running::start(line.iter().chain(&["--control", &socket]));
    terminal.wait_for("another application");
    other.kill();
    let running = place.start(&[]);
    terminal.wait_for("RUNNING");
    terminal.send("\x03");
    assert!(terminal.wait_exit().success());
    run(["stop", &place.path("s")]).succeeded();
    running.end().succeeded();
}

#[test]
fn one_that_only_looks_is_told_why_nothing_happens() {
    let place = Place::new();
    let running = place.start(&[]);
    let mut terminal = attach(&place, &["--read-only"]);
    terminal.send("a 10\r");
    terminal.wait_for("--read-only");
    wait_until("the status", || {
        run(["status", &place.path("s")]).succeeded().text().contains("0 in")
    });
    run(["stop", &place.path("s")]).succeeded();
    running.end().succeeded();
    terminal.wait_for("has ended");
}

#[test]
fn the_past_of_a_run_that_is_recorded_is_shown_there_and_a_breakpoint_goes_to_its_moment() {
    let place = Place::new();
    let running = place.start(&["--history", "100MiB"]);
    let mut terminal = attach(&place, &[]);
    terminal.send("a 10\r");
    terminal.wait_for("a => 10");
    terminal.send("a 5\r");
    terminal.wait_for("a => 15");
    terminal.send("\x1b");
    terminal.wait_for("i: type a message");
    let second = attach(&place, &["--read-only"]);
    second.wait_for("a => 15");
    terminal.send("[");
    terminal.wait_for("PAST 1 of 2, 1 back");
    assert!(!second.screen().contains("PAST"), "{}", second.screen());
    terminal.send("l");
    wait_until("now", || !terminal.screen().contains("PAST"));
    // At a pane without rows, where the line of the window is empty.
    terminal.send("1");
    terminal.send("b");
    terminal.wait_for("Breakpoints");
    terminal.send("state.votes > 100\r");
    wait_until("the breakpoint", || {
        run(["status", &place.path("s")]).succeeded().text().contains("breakpoints: 1 on")
    });
    for mut terminal in [terminal, second] {
        terminal.send("\x03");
        assert!(terminal.wait_exit().success());
    }
    // Nobody looks any more, and the run stops all the same.
    let client = TcpStream::connect(running.address());
    client.unwrap().write_all(&votes([(b'a', 1), (b'b', 101), (b'a', 1)])).unwrap();
    wait_until("the stop", || {
        let status = run(["status", &place.path("s")]).succeeded();
        status.text().contains("stopped at a breakpoint: state.votes > 100")
    });
    let third = attach(&place, &[]);
    third.wait_for("PAST 4 of");
    run(["stop", &place.path("s")]).succeeded();
    running.end().succeeded();
}

#[test]
fn where_a_run_is_not_recorded_the_workbench_says_what_to_start_it_with() {
    let place = Place::new();
    let running = place.start(&[]);
    let mut terminal = attach(&place, &[]);
    terminal.send("a 10\r");
    terminal.wait_for("a => 10");
    terminal.send("\x1b");
    terminal.wait_for("i: type a message");
    terminal.send("[");
    terminal.wait_for("start it with --resilience-dir and --history");
    run(["stop", &place.path("s")]).succeeded();
    running.end().succeeded();
}
