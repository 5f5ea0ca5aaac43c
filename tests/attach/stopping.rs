//! How a run is ended: by `stop`, by signals, and by both. It drains, however often it is asked; only a second signal ends
//! it without.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use socket2::Socket;

use crate::support::folder::Folder;
use crate::support::frames::votes;
use crate::support::program::{Running, run};
use crate::support::sockets::nobody;
use crate::support::waiting::wait_until;

/// A run that has read a vote whose output has no receiver, and a `stop` that waits for its end.
struct Waiting {
    control: String,
    running: Running,
    stop: Running,
    /// Where the receiver will listen.
    receiver: Socket,
    _folder: Folder,
}

impl Waiting {
    fn start() -> Self {
        let folder = Folder::new();
        let (control, (sink, receiver)) = (folder.path("s"), nobody());
        let line = ["run", "--app", "alphabet", "--in", "127.0.0.1:0", "--out", &sink];
        let running = Running::start(line.iter().chain(&["--control", &control]));
        let mut client = TcpStream::connect(running.address()).unwrap();
        client.write_all(&votes([(b'a', 7)])).unwrap();
        wait_until("the vote", || {
            let status = run(["status", &control, "--json"]).succeeded().json();
            status["messages_in"] == 1
        });
        let stop = Running::start(["stop", &control]);
        let waiting = Self { control, running, stop, receiver, _folder: folder };
        waiting.said("has no receiver; interrupt twice to end without\n", 1);
        waiting
    }

    /// Waits until the run has said this so often.
    fn said(&self, words: &str, times: usize) {
        wait_until(words, || self.running.said().matches(words).count() >= times);
    }
}

#[test]
fn a_second_stop_waits_as_the_first_does_and_nothing_is_lost() {
    let waiting = Waiting::start();
    let second = Running::start(["stop", &waiting.control]);
    waiting.said("`stop` was asked for", 2);
    waiting.receiver.listen(1).unwrap();
    let (mut receiver, _) = TcpListener::from(waiting.receiver).accept().unwrap();
    let mut outputs = String::new();
    receiver.read_to_string(&mut outputs).unwrap();
    drop(receiver);
    assert_eq!(outputs, "a => 7\n");
    for program in [waiting.running, waiting.stop, second] {
        program.end().succeeded();
    }
}

#[test]
fn the_first_signal_after_a_stop_is_heard_and_the_second_one_ends_the_run() {
    let mut waiting = Waiting::start();
    waiting.running.signal("TERM");
    waiting.said("has no receiver; interrupt again to end without\n", 1);
    // It goes on, and answers.
    run(["status", &waiting.control]).succeeded();
    assert!(!waiting.running.has_ended());
    waiting.running.signal("TERM");
    let ended = waiting.running.end();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("interrupted twice: ended without draining"), "{}", ended.stderr);
    waiting.stop.end().failed(1, &["has failed", "interrupted twice"]);
}
