//! `receive`: what is written, what is counted, and when it ends.

use std::io::{PipeReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use crate::Folder;
use crate::support::program::{Running, run};
use crate::support::waiting::wait_until;

/// A receiver with these arguments more.
fn receiver(more: &[&str]) -> Running {
    Running::start(["receive", "--listen", "127.0.0.1:0"].iter().chain(more))
}

/// A connection that has sent these bytes.
fn sender(address: &str, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(bytes).unwrap();
    stream
}

#[test]
fn what_arrives_is_written_and_counted_until_the_last_sender_has_gone() {
    let folder = Folder::new();
    for out in ["-".to_owned(), folder.path("out")] {
        let running = receiver(&["--out", &out]);
        let address = running.address();
        let first = sender(&address, b"a => 1\n");
        drop(sender(&address, b"b => 2\nb => 3\n"));
        drop(first);
        let ended = running.end().succeeded();
        let written = if out == "-" { ended.stdout } else { folder.read("out") };
        assert!(written == b"a => 1\nb => 2\nb => 3\n" || written == b"b => 2\nb => 3\na => 1\n");
        let (_, last) = ended.stderr.split_once('\n').unwrap();
        assert!(last.starts_with("received 3 outputs, 21 bytes in "), "{last}");
    }
}

#[test]
fn outputs_of_several_senders_are_not_torn() {
    let folder = Folder::new();
    let running = receiver(&["--out", &folder.path("out")]);
    let mut first = sender(&running.address(), b"one\nha");
    let written = |expected: &[u8]| {
        wait_until("the outputs", || {
            std::fs::read(folder.path("out")).is_ok_and(|out| out == expected)
        });
    };
    written(b"one\n");
    let second = sender(&running.address(), b"two\nthree");
    written(b"one\ntwo\n");
    first.write_all(b"lf\n").unwrap();
    written(b"one\ntwo\nhalf\n");
    drop((first, second));
    let ended = running.end().succeeded();
    assert_eq!(folder.read("out"), b"one\ntwo\nhalf\nthree");
    assert!(ended.stderr.contains("received 3 outputs, 18 bytes"), "{}", ended.stderr);
    let note = "; 5 bytes came after the end of the last whole output\n";
    assert!(ended.stderr.ends_with(note), "{}", ended.stderr);
}

#[test]
fn it_ends_as_soon_as_the_expected_outputs_are_there() {
    let running = receiver(&["--expect", "3"]);
    let address = running.address();
    let _open = (sender(&address, b"one\n"), sender(&address, b"two\nthree\n"));
    let ended = running.end().succeeded();
    assert_eq!(ended.text().lines().count(), 3);
    assert!(ended.stderr.contains("received 3 outputs"), "{}", ended.stderr);
}

#[test]
fn frames_are_counted_where_they_are_asked_for() {
    let frames = [0, 2, b'\n', b'\n', 0, 0, 0, 1, b'x'];
    let running = receiver(&["--expect", "3", "--framed", "2"]);
    let _open = sender(&running.address(), &frames);
    assert_eq!(running.end().succeeded().stdout, frames);
    let running = receiver(&["--framed"]);
    drop(sender(&running.address(), b"\0\0\0\x01\n\0\0\0\0"));
    assert!(running.end().succeeded().stderr.contains("received 2 outputs, 9 bytes"));
    let running = receiver(&["--framed", "varint"]);
    drop(sender(&running.address(), b"\x01\n\x80\0\x03ab"));
    let ended = running.end().succeeded();
    let counted = "received 2 outputs, 7 bytes";
    assert!(ended.stderr.contains(counted), "{}", ended.stderr);
    assert!(ended.stderr.contains("; 3 bytes came after the end"), "{}", ended.stderr);
}

/// The receiver ends with 1, and its last line has these words.
#[track_caller]
fn failed(running: Running, words: &str) {
    let ended = running.end();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let last = ended.stderr.lines().last().unwrap();
    assert_eq!(last, format!("wallaroo-tui: {words}"));
}

#[test]
fn other_outputs_than_expected_are_a_failure() {
    let running = receiver(&["--expect", "10", "--timeout", "0.5"]);
    let open = sender(&running.address(), b"1\n2\n3\n4");
    failed(running, "received 3 of 10 outputs in 0.5 s");
    drop(open);

    let running = receiver(&["--expect", "2"]);
    let open = sender(&running.address(), b"1\n2\n3\n");
    failed(running, "received 3 outputs, and expected 2");
    drop(open);

    let running = receiver(&["--expect", "2", "--timeout", "30"]);
    drop(sender(&running.address(), b"1\n"));
    failed(
        running,
        "received 1 of 2 outputs, and the last sender has disconnected: --keep-open waits for others",
    );

    let running = receiver(&["--expect", "2"]);
    running.address();
    running.signal("TERM");
    failed(running, "interrupted: received 0 of 2 outputs");
}

#[test]
fn a_receiver_that_is_kept_open_waits_for_others_until_it_is_interrupted() {
    let folder = Folder::new();
    let running = receiver(&["--keep-open", "--out", &folder.path("out")]);
    for number in 1..=3 {
        drop(sender(&running.address(), b"x\n"));
        wait_until("the output", || {
            std::fs::read(folder.path("out")).is_ok_and(|out| out.len() == 2 * number)
        });
    }
    running.signal("INT");
    assert!(running.end().succeeded().stderr.contains("\nreceived 3 outputs, 6 bytes in "));
}

/// A receiver whose output is not read, and a sender to it that waits for that.
fn stalled_receiver(more: &[&str]) -> (Running, PipeReader, TcpStream) {
    let (reader, writer) = std::io::pipe().unwrap();
    let arguments = ["receive", "--listen", "127.0.0.1:0"];
    let running = Running::start_with(arguments.iter().chain(more), Stdio::from(writer));
    let mut stream = TcpStream::connect(running.address()).unwrap();
    // Nothing is taken any more, because nothing can be written any more.
    stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    while stream.write_all(&[b'\n'; 8192]).is_ok() {}
    (running, reader, stream)
}

#[test]
fn an_output_that_nobody_takes_does_not_hold_up_a_second_signal() {
    let (running, reader, _stream) = stalled_receiver(&[]);
    running.signal("INT");
    wait_until("a hint", || running.said().contains("interrupt again to end without it"));
    running.signal("TERM");
    let ended = running.end();
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("interrupted twice: received "), "{}", ended.stderr);
    drop(reader);
}

#[test]
fn an_output_that_nobody_takes_does_not_hold_up_the_end_of_the_time() {
    let (running, reader, _stream) =
        stalled_receiver(&["--expect", "1000000000", "--timeout", "2"]);
    let ended = running.end();
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains(" of 1000000000 outputs in 2 s"), "{}", ended.stderr);
    drop(reader);
}

#[test]
fn a_port_alone_is_one_of_this_machine() {
    let running = Running::start(["receive", "--listen", "0"]);
    let address = running.address();
    assert!(address.starts_with("127.0.0.1:") && !address.ends_with(":0"), "{address}");
}

#[test]
fn what_cannot_be_received_is_refused() {
    let folder = Folder::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let out = folder.write("out", b"before");
    run(["receive", "--listen", &address, "--out", &out])
        .failed(1, &[&address, "something else listens there"]);
    assert_eq!(folder.read("out"), b"before");
    let missing = folder.path("missing/out");
    run(["receive", "--listen", "0", "--out", &missing])
        .failed(1, &["cannot write", &missing, "No such file"]);
    for arguments in [
        &["receive"][..],
        &["receive", "--listen", "nowhere"],
        &["receive", "--listen", "0", "--expect", "0"],
        &["receive", "--listen", "0", "--timeout", "1"],
        &["receive", "--listen", "0", "--expect", "1", "--timeout", "soon"],
        &["receive", "--listen", "0", "--framed", "9"],
        &["receive", "--listen", "0", "--framed", "0"],
        &["receive", "--listen", "0", "--framed", "Varint"],
    ] {
        let ended = run(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}", ended.stderr);
    }
}

#[test]
fn outputs_that_cannot_be_written_are_a_failure() {
    let running = receiver(&["--out", "/dev/full"]);
    let open = sender(&running.address(), b"1\n");
    failed(running, "cannot write /dev/full: No space left on device (os error 28)");
    drop(open);

    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let running = Running::start_with(["receive", "--listen", "0"], Stdio::from(writer));
    let open = sender(&running.address(), b"1\n");
    failed(running, "cannot write -: Broken pipe (os error 32)");
    drop(open);
}
