//! The log of a run: on standard error, and in a file.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use crate::support::frames::{frame, vote};
use crate::support::program::{Running, run};
use crate::support::terminal::Terminal;
use crate::support::waiting::wait_until;
use crate::{Folder, PROGRAM};

/// An alphabet that listens, and drops its outputs.
const LISTENING: [&str; 7] =
    ["run", "--app", "alphabet", "--in", "tcp://127.0.0.1:0", "--out", "null"];

/// A client that votes and leaves.
fn good_client(address: &str) -> SocketAddr {
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(&vote(b'a', 1)).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    // The program has read to the end of it and closes the connection.
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    client.local_addr().unwrap()
}

/// A client whose header is that of no frame.
fn bad_client(address: &str) -> SocketAddr {
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(&[0xff; 4]).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    client.local_addr().unwrap()
}

/// A count of the log, whose thousands are apart.
fn number(text: &str) -> u64 {
    text.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

/// The only line that contains all of these words.
#[track_caller]
fn line<'a>(text: &'a str, words: &[&str]) -> &'a str {
    let found: Vec<_> =
        text.lines().filter(|line| words.iter().all(|word| line.contains(word))).collect();
    assert_eq!(found.len(), 1, "{words:?} in:\n{text}");
    found[0]
}

#[test]
fn a_connection_and_a_broken_one_are_named_in_the_file_and_on_standard_error() {
    let folder = Folder::new();
    let log = folder.write("log", b"of a run before\n");
    let running = Running::start(LISTENING.iter().chain(&["--log", &log]));
    let address = running.address();
    let good = good_client(&address).to_string();
    let bad = bad_client(&address).to_string();
    let read = || String::from_utf8(folder.read("log")).unwrap();
    let done = |client: &str, word: &str| {
        read().lines().any(|line| line.contains(client) && line.contains(word))
    };
    wait_until("both to be gone", || done(&good, " left") && done(&bad, "disconnected"));
    running.signal("TERM");
    let ended = running.end().succeeded();

    let log = read();
    assert!(log.starts_with("of a run before\n"));
    for text in [&log, &ended.stderr] {
        line(text, &[&format!("listening at {address}")]);
        line(text, &[&good, "connected"]);
        line(text, &[&good, "left"]);
        line(text, &[&bad, " connected"]);
        line(text, &[&bad, "disconnected: ", "16777216"]);
        line(text, &[&bad, "dead letter #"]);
    }
    let starts =
        line(&log, &["alphabet starts with 1 worker; votes from tcp://127.0.0.1:0 to null"]);
    let (time, rest) = starts.split_once(' ').unwrap();
    assert!(rest.starts_with("INFO  "), "{starts}");
    assert!(time.starts_with("20") && time.ends_with('Z') && time.len() == 24, "{starts}");
    line(&log, &[" WARN ", &bad, "disconnected"]);
    line(&log, &["alphabet has ended: 2 messages in, 1 out, 0 filtered, 1 dead letter"]);
    // What the command says in its own words is not said twice.
    assert!(!ended.stderr.contains("starts with") && !ended.stderr.contains("has ended"));
    line(&ended.stderr, &["warning: ", &bad, "disconnected"]);
    let last = ended.stderr.lines().last().unwrap();
    assert!(last.starts_with("alphabet: 2 messages in"), "{last}");
}

#[test]
fn a_log_of_errors_alone_is_quiet_about_the_rest() {
    let folder = Folder::new();
    let log = folder.path("log");
    let input = folder.write("broken", frame(b""));
    let ends = ["run", "--app", "alphabet", "--in", &input, "--out", "null", "--json"];
    let options = ["--log", &log, "--log-level", "error"];
    let ended = run(ends.iter().chain(&options)).succeeded();
    assert_eq!((ended.stderr.as_str(), folder.read("log").len()), ("", 0));
}

#[test]
fn many_dead_letters_are_few_lines_that_count_them() {
    let folder = Folder::new();
    let input = folder.write("broken", frame(b"").repeat(100_000));
    let ended = run(["run", "--app", "alphabet", "--in", &input, "--out", "null", "--json"]);
    let ended = ended.succeeded();
    assert!(ended.stderr.lines().count() < 100, "{}", ended.stderr);
    let of_line = |line: &str| -> u64 {
        let count = line.strip_suffix("s").unwrap_or(line).strip_suffix(" more dead letter");
        count.map_or(1, number)
    };
    assert_eq!(ended.stderr.lines().map(of_line).sum::<u64>(), 100_000, "{}", ended.stderr);
}

#[test]
fn a_failure_is_the_last_line_of_the_file() {
    let folder = Folder::new();
    let (log, missing) = (folder.path("log"), folder.path("missing"));
    run(["run", "--app", "alphabet", "--in", &missing, "--out", "null", "--log", &log])
        .failed(1, &["cannot read", "missing"]);
    let log = String::from_utf8(folder.read("log")).unwrap();
    let last = log.lines().last().unwrap();
    assert!(last.contains(" ERROR cannot read from") && last.contains("missing"), "{log}");
}

#[test]
fn a_log_that_cannot_be_written_is_a_failure() {
    let folder = Folder::new();
    let ends = ["run", "--app", "alphabet", "--in", "null", "--out", "null", "--json"];
    let path = folder.path("missing/log");
    run(ends.iter().chain(&["--log", &path])).failed(1, &["cannot write", &path, "No such file"]);
    let ended = run(ends.iter().chain(&["--log", "/dev/full"]));
    assert_eq!(ended.code, Some(1));
    // While it happens, and at the end.
    line(&ended.stderr, &["error: cannot write the log to /dev/full for now: No space left"]);
    let words = "wallaroo-tui: cannot write all of the log to /dev/full: No space left";
    assert!(ended.stderr.lines().last().unwrap().starts_with(words), "{}", ended.stderr);
}

#[test]
fn a_log_that_is_also_an_input_or_an_output_is_refused() {
    let folder = Folder::new();
    let (votes, out) = (folder.write("votes.msg", b"votes"), folder.path("out"));
    for path in [&votes, &out] {
        run(["run", "--app", "alphabet", "--in", &votes, "--out", &out, "--log", path])
            .failed(2, &["--log and --", "name the same file", path]);
    }
    assert_eq!(folder.read("votes.msg"), b"votes");
}

#[test]
fn on_a_terminal_a_line_of_the_log_takes_the_place_of_the_progress_line() {
    let arguments = [&LISTENING[..], &["--dead-letters", "/dev/null"]].concat();
    let mut terminal = Terminal::start(PROGRAM, &arguments, 24, 100);
    terminal.wait_for("alphabet: 0 in");
    let screen = terminal.screen();
    let address = screen.lines().find_map(|line| line.strip_prefix("listening at ")).unwrap();
    let bad = bad_client(address.trim_end()).to_string();
    terminal.wait_for(&format!("warning: {bad} disconnected: "));
    terminal.wait_for("alphabet: 1 in");
    let screen = terminal.screen();
    let progress = |line: &&str| line.contains("1 dead letter, ");
    assert_eq!(screen.lines().filter(progress).count(), 1, "{screen}");
    for line in screen.trim_end().lines() {
        let begins = ["listening at ", "127.0.0.1:", "warning: ", "alphabet: "];
        assert!(begins.iter().any(|word| line.starts_with(word)), "{line:?} in:\n{screen}");
    }
    terminal.kill("TERM");
    assert!(terminal.wait_exit().success());
    let screen = terminal.screen();
    let last = screen.trim_end().lines().last().unwrap();
    assert!(last.starts_with("alphabet: 1 message in"), "{screen}");
}

#[test]
fn many_connections_are_few_lines_that_count_them() {
    const CLIENTS: u64 = 1400;
    let running = Running::start(LISTENING);
    let address = running.address();
    (0..CLIENTS).for_each(|_| drop(TcpStream::connect(&address).unwrap()));
    let count = |text: &str, what: &str| -> u64 {
        let lines = text.lines().filter(|line| line.ends_with(what));
        lines.map(|line| line.split_once(" more client").map_or(1, |(n, _)| number(n))).sum()
    };
    wait_until("all to be counted", || {
        [" connected", " left"].iter().all(|what| count(&running.said(), what) == CLIENTS)
    });
    running.signal("TERM");
    let said = running.end().succeeded().stderr;
    // Twenty of a kind a second.
    assert!(said.lines().count() < 1000, "{said}");
}
