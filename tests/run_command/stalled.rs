//! Readers that do not read: of standard error, of the log, of the dead letters, of what is written at the
//! end. None of them holds up a vote, a client or a signal.

#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Stdio;

use crate::support::frames::{frame, vote};
use crate::support::full_pipe::FullPipe;
use crate::support::program::{Ended, Running};
use crate::support::waiting::wait_until;
use crate::{Folder, fixture};

/// An alphabet that listens, with these arguments more.
fn listening<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let listen = ["run", "--app", "alphabet", "--in", "tcp://127.0.0.1:0", "--json", "--out", out];
    [&listen[..], more].concat()
}

/// Waits until a log file says where the program listens.
fn address_in(folder: &Folder, log: &str) -> String {
    let listening = || {
        let text = std::fs::read_to_string(folder.path(log)).ok()?;
        let (line, _) = text.split_once("listening at ")?.1.split_once('\n')?;
        Some(line.to_owned())
    };
    wait_until("the address", || listening().is_some());
    listening().unwrap()
}

/// A client that sends this, and is served to its end.
fn served(address: &str, bytes: &[u8]) {
    let mut client = TcpStream::connect(address).unwrap();
    // The program may close the connection before it has read all of what is no frame.
    let _ = client.write_all(bytes);
    let _ = client.shutdown(Shutdown::Write);
    let _ = client.read(&mut [0]);
}

/// Votes, and waits for the output.
fn vote_is_counted(address: &str, folder: &Folder, votes: u32) {
    served(address, &vote(b'a', 1));
    let line = format!("a => {votes}\n");
    wait_until("the output", || String::from_utf8_lossy(&folder.read("outputs")).ends_with(&line));
}

#[test]
fn standard_error_that_nobody_reads_holds_up_no_vote_no_client_and_no_signal() {
    let folder = Folder::new();
    let mut stderr = FullPipe::new(folder.path("stderr"));
    let (out, log) = (folder.path("outputs"), folder.path("log"));
    let arguments = listening(&out, &["--log", &log]);
    let running = Running::start_writing_to(arguments, Stdio::piped(), stderr.writer());
    let address = address_in(&folder, "log");
    for votes in 1..=3 {
        (0..100).for_each(|_| drop(TcpStream::connect(&address).unwrap()));
        served(&address, &[0xff; 4]);
        served(&address, &frame(b"no vote"));
        vote_is_counted(&address, &folder, votes);
    }
    // What had to be said comes when it is read.
    let mut said = String::new();
    wait_until("what was said", || {
        said += &stderr.read();
        said.contains("listening at ")
    });
    running.signal("TERM");
    let ended = running.end().succeeded();
    assert_eq!(ended.json()["messages_out"], 3);
}

#[test]
fn a_run_whose_standard_error_nobody_reads_ends_at_the_first_signal() {
    let folder = Folder::new();
    let stderr = FullPipe::new(folder.path("stderr"));
    let (out, log) = (folder.path("outputs"), folder.path("log"));
    let arguments = listening(&out, &["--log", &log]);
    let running = Running::start_writing_to(arguments, Stdio::piped(), stderr.writer());
    let address = address_in(&folder, "log");
    vote_is_counted(&address, &folder, 1);
    running.signal("TERM");
    assert_eq!(running.end().succeeded().json()["messages_out"], 1);
}

#[test]
fn a_second_signal_ends_a_run_that_waits_for_everybody() {
    let folder = Folder::new();
    let [stderr, letters, log] =
        ["stderr", "letters", "pipe"].map(|name| FullPipe::new(folder.path(name)));
    // A receiver that does not read.
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let out = format!("tcp://{}", receiver.local_addr().unwrap());
    let source = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = source.local_addr().unwrap().to_string();
    drop(source);
    let input = format!("tcp://{address}");
    let ends = ["run", "--app", "reverse", "--in", &input, "--out", &out];
    let files = ["--dead-letters", letters.path(), "--log", log.path()];
    let arguments = ends.iter().chain(&files);
    let mut running = Running::start_writing_to(arguments, Stdio::piped(), stderr.writer());
    let mut client = None;
    wait_until("the program to listen", || {
        client = TcpStream::connect(&address).ok();
        client.is_some()
    });
    let mut client = client.unwrap();
    // More than the connection to the receiver holds, and some that is no text.
    client.set_write_timeout(Some(std::time::Duration::from_secs(1))).unwrap();
    let piece = [frame(&vec![b'x'; 100_000]), frame(&[0xff; 100])].concat();
    while client.write_all(&piece).is_ok() {}
    wait_until("the signals to be taken", || running.hears_termination());
    running.signal("TERM");
    // One signal may hide another that comes at the same moment.
    wait_until("the first signal to be heard", || {
        let name = format!("/proc/{}/task", running.pid());
        let tasks = std::fs::read_dir(name).unwrap().flatten();
        let names = tasks.map(|task| std::fs::read_to_string(task.path().join("comm")));
        names.flatten().any(|name| name.trim_end() == "wallaroo-ending")
    });
    assert!(!running.has_ended(), "it drains");
    running.signal("TERM");
    assert_eq!(running.end().code, Some(1));
}

#[test]
fn a_log_that_nobody_reads_holds_up_nothing_and_is_said_at_the_end() {
    let folder = Folder::new();
    let log = FullPipe::new(folder.path("log"));
    let out = folder.path("outputs");
    let running = Running::start(listening(&out, &["--log", log.path()]));
    let address = running.address();
    for votes in 1..=3 {
        served(&address, &[0xff; 4]);
        vote_is_counted(&address, &folder, votes);
    }
    running.signal("TERM");
    let ended = running.end();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert_eq!(ended.json()["messages_out"], 3);
    let last = ended.stderr.lines().last().unwrap();
    assert!(
        last.contains("cannot write all of the log to") && last.contains(": it takes"),
        "{last}"
    );
}

/// How many letters the next test makes, of a MiB each: more than may wait.
const LETTERS: u64 = 100;

#[test]
fn dead_letters_that_nobody_reads_are_lost_beyond_a_bound_and_that_is_said_at_once() {
    let folder = Folder::new();
    let letters = FullPipe::new(folder.path("letters"));
    let out = folder.path("outputs");
    let more = ["--dead-letters", letters.path(), "--workers", "2"];
    let running = Running::start(listening(&out, &more));
    let address = running.address();
    let frames = frame(&vec![b'x'; 1 << 20]);
    let mut client = TcpStream::connect(&address).unwrap();
    (0..LETTERS).for_each(|_| client.write_all(&frames).unwrap());
    vote_is_counted(&address, &folder, 1);
    wait_until("the loss to be said", || {
        let said = running.said();
        said.contains("lost: ") && said.contains("takes them too slowly, or not at all")
    });
    vote_is_counted(&address, &folder, 2);
    assert!(running.peak_memory() < 400 << 20, "{}", running.peak_memory());
    drop(client);
    // The clients of the two votes, and that of the letters.
    let left = || running.said().matches(" left\n").count();
    wait_until("the votes and the letters to be counted", || left() == 3);
    running.signal("TERM");
    let ended = running.end();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let figures = ended.json();
    assert_eq!(
        (figures["messages_out"].as_u64(), figures["dead_letters"].as_u64()),
        (Some(2), Some(LETTERS))
    );
    assert_eq!(figures["dead_letters_lost"], LETTERS);
    let last = ended.stderr.lines().last().unwrap();
    assert!(last.contains("cannot write all dead letters to their file"), "{last}");
}

#[test]
fn dead_letters_that_are_lost_at_the_end_are_counted_once_in_the_log() {
    let folder = Folder::new();
    let letters = FullPipe::new(folder.path("letters"));
    folder.write("frames", frame(b"no vote").repeat(7));
    let (frames, log) = (folder.path("frames"), folder.path("log"));
    let run = ["run", "--app", "alphabet", "--in", &frames, "--out", "null", "--log", &log];
    let ended = Running::start([&run[..], &["--dead-letters", letters.path()]].concat()).end();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let log = String::from_utf8(folder.read("log")).unwrap();
    assert_eq!(log.matches("7 dead letters lost").count(), 1, "{log}");
}

/// Waits until a program does nothing but write to a pipe, and interrupts it.
fn interrupted_while_it_writes(running: Running) -> Ended {
    wait_until("a write that waits", || {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", running.pid())).unwrap().flatten();
        let waits = tasks.map(|task| std::fs::read_to_string(task.path().join("wchan")));
        waits.flatten().any(|wait| wait.contains("pipe_w"))
    });
    running.signal("TERM");
    running.end()
}

#[test]
fn what_is_written_at_the_end_and_nobody_reads_does_not_outlive_a_signal() {
    let folder = Folder::new();
    let state = FullPipe::new(folder.path("state"));
    let votes = fixture("votes.msg");
    let (votes, log) = (votes.to_str().unwrap(), folder.path("log"));
    let run = ["run", "--app", "alphabet", "--in", votes, "--out", "null", "--log", &log];
    let words = "nobody reads what is written at the end";
    let to_state = [&run[..], &["--state", state.path()]].concat();
    interrupted_while_it_writes(Running::start(to_state)).failed(1, &[words]);
    let stdout = FullPipe::new(folder.path("stdout"));
    let to_stdout = Running::start_with([&run[..], &["--json"]].concat(), stdout.writer());
    interrupted_while_it_writes(to_stdout).failed(1, &[words]);
    let log = String::from_utf8(folder.read("log")).unwrap();
    assert_eq!(log.matches(words).count(), 2, "{log}");
}

#[test]
fn a_command_whose_output_nobody_reads_ends_at_a_signal() {
    let saved = Folder::new();
    let votes = fixture("votes.msg");
    let directory = saved.path("saved");
    let run = ["run", "--app", "alphabet", "--in", votes.to_str().unwrap(), "--out", "null"];
    crate::run(run.iter().chain(&["--resilience-dir", &directory])).succeeded();
    for arguments in [
        &["apps", "--json"][..],
        &["generate", "--app", "alphabet", "--messages", "100000", "--out", "-"],
        &["inspect", &directory, "--json"],
    ] {
        let folder = Folder::new();
        let stdout = FullPipe::new(folder.path("stdout"));
        let running = Running::start_with(arguments, stdout.writer());
        let ended = interrupted_while_it_writes(running);
        // By the signal itself.
        assert_eq!((ended.code, ended.stderr.as_str()), (None, ""), "{arguments:?}");
    }
}

#[test]
fn a_pipe_as_source_or_sink_says_what_it_waits_for_and_a_signal_ends_it() {
    let folder = Folder::new();
    let fifo = folder.path("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    for (ends, other) in [
        (["--in", &fifo, "--out", "null"], "writes to"),
        (["--in", "null", "--out", &fifo], "reads"),
    ] {
        let running = Running::start(["run", "--app", "alphabet"].iter().chain(&ends));
        let words = format!("waiting to open {fifo}: a pipe opens when somebody {other} it");
        wait_until("the hint", || running.said().contains(&words));
        running.signal("TERM");
        assert_eq!(running.end().code, None);
    }
}

#[test]
fn a_file_that_waits_for_its_reader_says_so_and_a_signal_ends_it() {
    let folder = Folder::new();
    for option in ["--log", "--dead-letters", "--state"] {
        let fifo = folder.path(option);
        assert!(
            std::process::Command::new("mkfifo").arg("--").arg(&fifo).status().unwrap().success()
        );
        let ends = ["run", "--app", "alphabet", "--in", "null", "--out", "null", option, &fifo];
        let running = Running::start(ends);
        let words = format!("waiting to open {fifo}");
        wait_until("the hint", || running.said().contains(&words));
        running.signal("TERM");
        assert_eq!(running.end().code, None);
    }
}
