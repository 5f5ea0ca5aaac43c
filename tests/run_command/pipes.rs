//! Standard input and output.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use crate::support::frames::{frame, lines, vote};
use crate::support::program::{PROGRAM, Running, run};
use crate::support::waiting::wait_until;
use crate::{Folder, fixture};

#[test]
fn votes_go_through_a_pipe() {
    let mut running = Running::start(["run", "--app", "alphabet", "--in", "-", "--out", "-"]);
    let mut stdin = running.stdin();
    stdin.write_all(&fs::read(fixture("votes.msg")).unwrap()).unwrap();
    drop(stdin);
    let ended = running.end().succeeded();
    assert_eq!(ended.stdout, fs::read(fixture("votes.outputs")).unwrap());
}

#[test]
fn a_pipe_that_ends_inside_a_frame_leaves_a_dead_letter_with_its_position() {
    let folder = Folder::new();
    let letters = folder.path("letters");
    let arguments = ["run", "--app", "alphabet", "--in", "-", "--out", "-"];
    let mut running = Running::start(arguments.iter().chain(&["--dead-letters", &letters]));
    let mut stdin = running.stdin();
    stdin.write_all(&[vote(b'a', 1), vote(b'b', 1)[..7].to_vec()].concat()).unwrap();
    drop(stdin);
    assert_eq!(running.end().succeeded().stdout, b"a => 1\n");
    let letter = &folder.json_lines("letters")[0];
    assert_eq!((&letter["source"], &letter["offset"]), (&"stdin".into(), &9.into()));
    assert_eq!(letter["reason"], "the source ended inside a frame, after 7 of its bytes");
}

#[test]
fn an_open_pipe_does_not_hold_up_an_interrupted_run() {
    let folder = Folder::new();
    let mut running = Running::start([
        "run",
        "--app",
        "alphabet",
        "--in",
        "-",
        "--json",
        "--out",
        &folder.path("outputs"),
    ]);
    let mut stdin = running.stdin();
    stdin.write_all(&fs::read(fixture("votes.msg")).unwrap()).unwrap();
    wait_until("the outputs", || {
        fs::read(folder.path("outputs"))
            .is_ok_and(|outputs| outputs.len() == fs::read(fixture("votes.outputs")).unwrap().len())
    });
    running.signal("INT");
    assert_eq!(running.end().succeeded().json()["messages_out"], 1000);
    drop(stdin);
}

/// The exit status and the words of a program whose standard output is closed after its first line.
fn closed_after_a_line(arguments: &[&str]) -> (Option<i32>, String) {
    let mut child = Command::new(PROGRAM)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = Vec::new();
    BufReader::with_capacity(1, child.stdout.take().unwrap()).read_until(b'\n', &mut line).unwrap();
    assert!(line.ends_with(b"\n"));
    let mut status = None;
    wait_until("the end of the program", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    let mut words = String::new();
    child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
    (status.unwrap().code(), words)
}

#[test]
fn a_closed_output_ends_the_run_with_one_line() {
    let folder = Folder::new();
    let input = folder.write("votes.msg", fs::read(fixture("votes.msg")).unwrap().repeat(500));
    let run = ["run", "--app", "alphabet", "--workers", "2", "--in", &input, "--out", "-"];
    let (code, words) = closed_after_a_line(&run);
    assert_eq!(code, Some(1), "{words}");
    let line = "cannot write to -: Broken pipe (os error 32); the program that read it has ended";
    assert_eq!(words, format!("wallaroo-tui: {line}\n"));
}

#[test]
fn a_pipe_from_generate_through_run_to_head_ends_with_its_head() {
    let program = |arguments: &[&str], stdin: Stdio| {
        let child = Command::new(PROGRAM)
            .args(arguments)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        child.unwrap()
    };
    let mut generate = program(
        &["generate", "--app", "alphabet", "--messages", "1000000", "--out", "-"],
        Stdio::null(),
    );
    let votes = Stdio::from(generate.stdout.take().unwrap());
    let mut run = program(&["run", "--app", "alphabet", "--in", "-", "--out", "-"], votes);
    let totals = Stdio::from(run.stdout.take().unwrap());
    let head = Command::new("head").stdin(totals).output().unwrap();
    assert_eq!(lines(&head.stdout), 10);
    for (mut child, words) in [(run, "cannot write to -"), (generate, "cannot write")] {
        let mut status = None;
        wait_until("the end of a program whose output is closed", || {
            status = child.try_wait().unwrap();
            status.is_some()
        });
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(status.unwrap().code(), Some(1), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_pipe_in_the_file_system_whose_reader_leaves_ends_the_run() {
    let folder = Folder::new();
    let input = folder.write("votes.msg", fs::read(fixture("votes.msg")).unwrap().repeat(500));
    let fifo = folder.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let running = Running::start(["run", "--app", "alphabet", "--in", &input, "--out", &fifo]);
    let mut line = Vec::new();
    BufReader::new(fs::File::open(&fifo).unwrap()).read_until(b'\n', &mut line).unwrap();
    running.end().failed(1, &["cannot write to", &fifo, "Broken pipe"]);
}

#[test]
fn a_second_signal_ends_a_run_whose_outputs_nobody_takes() {
    let folder = Folder::new();
    let letters = folder.path("letters");
    let (reader, mut writer) = std::io::pipe().unwrap();
    // As much as a pipe holds. If it holds less, the thread waits forever, and does no harm.
    let filled = writer.try_clone().unwrap();
    std::thread::spawn(move || writer.write_all(&vec![0; 64 * 1024]));
    let arguments = ["run", "--app", "alphabet", "--in", "tcp://127.0.0.1:0", "--out", "-"];
    let running = Running::start_with(
        arguments.iter().chain(&["--dead-letters", &letters]),
        Stdio::from(filled),
    );
    let mut client = TcpStream::connect(running.address()).unwrap();
    // The second is a dead letter, which shows that the first has been taken.
    client.write_all(&[vote(b'a', 1).repeat(10_000), frame(b"")].concat()).unwrap();
    wait_until("the dead letter", || !folder.read("letters").is_empty());
    running.signal("INT");
    running.signal("TERM");
    let ended = running.end();
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("interrupted twice"), "{}", ended.stderr);
    drop(reader);
}

#[test]
fn a_reader_that_has_read_enough_of_what_is_printed_is_no_failure() {
    let folder = Folder::new();
    let input = folder.write("votes", vote(b'a', 1));
    let saved = folder.path("saved");
    let ends = ["--in", &input, "--out", "null", "--resilience-dir", &saved];
    run(["run", "--app", "alphabet"].iter().chain(&ends)).succeeded();
    let commands: [&[&str]; 5] = [
        &["inspect", &saved],
        &["inspect", &saved, "--json"],
        &["apps"],
        &["man"],
        &["completions", "bash"],
    ];
    for arguments in commands {
        // Nothing is read from the beginning.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let command = Command::new(PROGRAM).args(arguments).stdout(writer).output().unwrap();
        let said = String::from_utf8(command.stderr).unwrap();
        assert_eq!((command.status.code(), &*said), (Some(0), ""), "{arguments:?}");
    }
}
