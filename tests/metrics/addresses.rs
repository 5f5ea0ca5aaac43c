//! Where metrics are served: nowhere unless it is asked for, and on this machine only unless that is said.

use std::net::{TcpListener, TcpStream};

use super::support::program::{Running, run};
use super::{Folder, get, served_at};

/// An alphabet without input that runs until it is stopped, with these arguments more.
fn start(more: &[&str]) -> Running {
    let ends = ["run", "--app", "alphabet", "--in", "tcp://127.0.0.1:0", "--out", "null"];
    Running::start(ends.iter().chain(more))
}

#[test]
fn a_port_alone_is_of_this_machine_only() {
    for address in ["0", ":0"] {
        let running = start(&["--metrics", address]);
        let metrics = served_at(&running);
        assert!(metrics.starts_with("127.0.0.1:"), "{metrics}");
        assert!(!running.said().contains("for all who can connect"));
        assert_eq!(get(&metrics, "/healthz").status, 200);
    }
}

#[test]
fn an_address_that_others_can_reach_is_written_out_and_told() {
    let running = start(&["--metrics", "0.0.0.0:0"]);
    assert!(served_at(&running).starts_with("0.0.0.0:"));
    assert!(running.said().contains("/metrics, for all who can connect"), "{}", running.said());
}

#[test]
fn an_address_that_cannot_be_used_is_said_in_one_line() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let ends = ["run", "--app", "alphabet", "--in", "null", "--out", "null"];
    let with = |address: &str| run(ends.iter().chain(&["--metrics", address]));
    with(&taken).failed(1, &["cannot serve metrics at", &taken, "choose another port"]);
    with("192.0.2.1:0").failed(1, &["cannot serve metrics at", "192.0.2.1:0", "no such address"]);
    for address in ["nonsense", "localhost", "127.0.0.1:70000"] {
        let ended = with(address);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains("HOST:PORT"), "{}", ended.stderr);
    }
}

#[test]
fn a_run_that_cannot_begin_serves_nothing_and_says_only_why() {
    let folder = Folder::new();
    let missing = folder.path("missing");
    run(["run", "--app", "alphabet", "--in", &missing, "--out", "null", "--metrics", "0"])
        .failed(1, &["cannot read", &missing]);
}

#[test]
fn the_file_of_options_can_say_it() {
    let folder = Folder::new();
    let file = folder.path("run.toml");
    let options = "[run]\napp = \"alphabet\"\nin = \"tcp://127.0.0.1:0\"\nout = \"null\"\n\
                   metrics = \":0\"\nmetrics-keys = 3\n";
    std::fs::write(&file, options).unwrap();
    let running = Running::start(["run", "--config", &file]);
    assert_eq!(get(&served_at(&running), "/healthz").status, 200);
}

#[test]
fn whoever_stops_a_run_can_listen_at_its_addresses_at_once() {
    let running = start(&["--control", "127.0.0.1:0", "--metrics", "0"]);
    let metrics = served_at(&running);
    let control = running.control();
    // One that has been accepted and says nothing.
    let _silent = TcpStream::connect(&metrics).unwrap();
    assert_eq!(get(&metrics, "/healthz").status, 200);
    run(["stop", &control]).succeeded();
    for address in [metrics, control] {
        TcpListener::bind(&address).unwrap();
    }
    running.end().succeeded();
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_served_unless_it_is_asked_for() {
    let threads = |running: &Running| -> Vec<String> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", running.pid())).unwrap();
        let names = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")));
        names.map(|name| name.unwrap_or_default().trim().to_owned()).collect()
    };
    let is_server = |name: &String| name.starts_with("wallaroo-metric");
    let running = start(&[]);
    running.address();
    assert!(!threads(&running).iter().any(is_server));
    assert!(!running.said().contains("metrics"));
    let running = start(&["--metrics", "0"]);
    served_at(&running);
    assert!(threads(&running).iter().any(is_server), "the test knows the name of the thread");
}
