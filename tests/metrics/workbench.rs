//! The workbench serves the same figures, of the application that is on the screen.

use std::fs;

use super::openmetrics::parse;
use super::support::program::PROGRAM;
use super::support::terminal::Terminal;
use super::support::waiting::wait_until;
use super::{Folder, get};

/// Opens the alphabet with these arguments more, and waits until its log says where it serves metrics.
fn open(folder: &Folder, more: &[&str]) -> (Terminal, String) {
    let log = folder.path("log");
    let arguments = ["--app", "alphabet", "--metrics", "127.0.0.1:0", "--log", &log];
    let terminal = Terminal::start(PROGRAM, &[&arguments[..], more].concat(), 40, 120);
    let address = || {
        let log = fs::read_to_string(&log).unwrap_or_default();
        let (_, at) = log.split_once("metrics at http://")?;
        Some(at.split_once("/metrics")?.0.to_owned())
    };
    wait_until("the address in the log", || address().is_some());
    (terminal, address().unwrap())
}

#[test]
fn the_workbench_serves_the_figures_of_its_application() {
    let folder = Folder::new();
    let (_terminal, address) = open(&folder, &["--demo"]);
    let sum = |name: &str| parse(&get(&address, "/metrics").body).unwrap().sum(name, &[]);
    wait_until("the first page", || get(&address, "/metrics").status == 200);
    wait_until("messages", || sum("wallaroo_input_messages_total") > 0.0);
    wait_until("partitions", || sum("wallaroo_partitions") > 0.0);
    assert_eq!(get(&address, "/readyz").status, 200);
}

#[test]
fn a_paused_workbench_lives_and_is_not_ready() {
    let folder = Folder::new();
    let (_terminal, address) = open(&folder, &["--paused"]);
    wait_until("the pause", || get(&address, "/readyz").body.contains("paused"));
    assert_eq!(get(&address, "/readyz").status, 503);
    assert_eq!(get(&address, "/healthz").status, 200);
}

#[test]
fn the_keys_on_the_screen_are_not_served() {
    let folder = Folder::new();
    let (mut terminal, address) = open(&folder, &[]);
    terminal.wait_for("such as: a 10");
    terminal.send("a 4242\r");
    // The partition's row: its votes, and how many messages it has processed.
    terminal.wait_until("the votes", |screen| {
        let words: Vec<_> = screen.split_whitespace().collect();
        words.windows(2).any(|words| words == ["4242", "1"])
    });
    let page = get(&address, "/metrics");
    assert!(page.body.contains("wallaroo_partitions{"), "{}", page.body);
    assert!(!page.body.contains("wallaroo_top_key_messages"), "{}", page.body);
}
