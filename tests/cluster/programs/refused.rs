//! Processes that do not belong together: each says why, and the others wait on.

use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};

use super::machines::Machines;
use crate::support::program::{PROGRAM, Running, run};
use crate::support::waiting::wait_until;

const NULL: [&str; 4] = ["--in", "null", "--out", "null"];

/// Waits until a process has said this.
fn says(running: &Running, words: &str) {
    wait_until(words, || running.said().contains(words));
}

/// Process 0, which waits for process 1.
fn waiting(machines: &Machines) -> Running {
    let first = machines.start(0, &[&NULL[..], &["--encoding", "text"]].concat());
    says(&first, "waiting for process 1");
    first
}

#[test]
fn a_process_that_differs_is_turned_away_and_says_in_what() {
    let machines = Machines::new(2, "alphabet");
    let first = waiting(&machines);
    let other = machines.folder.write("other", "another secret of these tests");
    std::fs::set_permissions(&other, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let list = machines.list();
    let longer = format!("{list},127.0.0.1:1");
    let with = |app: &str, list: &str, secret: &str, more: &[&str]| {
        let line = ["run", "--app", app, "--cluster", list, "--process", "1", "--secret", secret];
        run(line.iter().chain(&NULL).chain(more))
    };
    let secret = machines.folder.path("secret");
    with("alphabet", &list, &other, &[]).failed(2, &["turns process 1 away", "same --secret"]);
    with("reverse", &list, &secret, &[]).failed(2, &["its --app is reverse"]);
    let binary = ["--encoding", "binary"];
    with("alphabet", &list, &secret, &binary).failed(2, &["its --encoding is binary"]);
    with("alphabet", &longer, &secret, &[]).failed(2, &["has 3 addresses", "process 0 has 2"]);
    says(&first, "a process from 127.");
    says(&first, "process 1 from 127.");
}

#[test]
fn another_build_of_the_program_is_turned_away() {
    let machines = Machines::new(2, "alphabet");
    let first = waiting(&machines);
    // It does the same, and is another file.
    let other = machines.folder.path("other-build");
    std::fs::copy(PROGRAM, &other).unwrap();
    let mut bytes = std::fs::OpenOptions::new().append(true).open(&other).unwrap();
    bytes.write_all(b"another build").unwrap();
    drop(bytes);
    let mut command = Command::new(other);
    let line = machines.line(1, &[&NULL[..], &["--encoding", "text"]].concat());
    command.args(line).stdout(Stdio::piped()).stderr(Stdio::piped());
    let said = ["process 0 at", "turns process 1 away: its program is"];
    Running::of_command(&mut command).end().failed(2, &said);
    says(&first, "is turned away: its program is");
    let second = machines.start(1, &[&NULL[..], &["--encoding", "text"]].concat());
    for running in [first, second] {
        running.end().succeeded();
    }
}

#[test]
fn the_second_process_with_a_number_takes_the_place_of_the_first() {
    // Another one is missing, so that they do not begin.
    let machines = Machines::new(3, "alphabet");
    let first = machines.start(0, &NULL);
    let bind = |number: u16| format!("127.0.0.1:{number}");
    let earlier = machines.start(1, &[&NULL[..], &["--bind", &bind(0)]].concat());
    says(&first, "process 1 has come");
    let later = machines.start(1, &[&NULL[..], &["--bind", &bind(0)]].concat());
    let ended = earlier.end();
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("give each process a --process of its own"), "{}", ended.stderr);
    says(&first, "it takes the place of the first");
    says(&later, "waiting for process 2");
}

#[test]
fn one_that_waits_says_for_whom_and_once() {
    let machines = Machines::new(2, "alphabet");
    let second = machines.start(1, &NULL);
    let address = machines.list().split(',').next().unwrap().to_owned();
    says(&second, &format!("waiting for process 0 at {address}: Connection refused"));
    let first = machines.start(0, &NULL);
    says(&first, "process 1 has come");
    assert_eq!(second.said().matches("Connection refused").count(), 1, "{}", second.said());
}

#[test]
fn a_stranger_on_the_port_is_named_and_disturbs_nobody() {
    let machines = Machines::new(2, "alphabet");
    let first = waiting(&machines);
    let address = machines.list().split(',').next().unwrap().to_owned();
    let mut stranger = TcpStream::connect(&address).unwrap();
    stranger.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    says(&first, "is no process of a cluster");
    let silent = TcpStream::connect(&address).unwrap();
    let second = machines.start(1, &NULL);
    for running in [first, second] {
        running.end().succeeded();
    }
    drop(silent);
}
