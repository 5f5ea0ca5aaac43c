//! TCP: votes from several clients at once, totals to a receiver, and an end by a signal.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use crate::support::frames::vote;
use crate::support::program::Running;
use crate::support::waiting::{LIMIT, wait_until};
use crate::{Folder, lines_by_letter};

/// Receives what one connection sends.
struct Receiver {
    address: String,
    bytes: Arc<Mutex<Vec<u8>>>,
    thread: JoinHandle<()>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let collected = Arc::clone(&bytes);
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                collected.lock().unwrap().extend_from_slice(&buffer[..length]);
            }
        });
        Self { address, bytes, thread }
    }

    fn wait_for_lines(&self, lines: usize) {
        wait_until("the outputs", || {
            self.bytes.lock().unwrap().split(|byte| *byte == b'\n').count() == lines + 1
        });
    }

    /// All bytes, once the connection has ended.
    fn all(self) -> Vec<u8> {
        self.thread.join().unwrap();
        std::mem::take(&mut self.bytes.lock().unwrap())
    }
}

/// An alphabet that listens, and sends to this receiver.
fn listening(receiver: &Receiver, more: &[&str]) -> Running {
    let out = format!("tcp://{}", receiver.address);
    let ends = ["run", "--app", "alphabet", "--in", "tcp://127.0.0.1:0", "--out", &out, "--json"];
    Running::start(ends.iter().chain(more))
}

fn client(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// The lines of `count` votes for a letter, one each.
fn lines(letter: u8, count: u32) -> Vec<Vec<u8>> {
    let line = |total| [&[letter], format!(" => {total}").as_bytes()].concat();
    (1..=count).map(line).collect()
}

#[test]
fn several_clients_vote_and_a_signal_ends_the_run_cleanly() {
    for signal in ["INT", "TERM"] {
        let folder = Folder::new();
        let state = folder.path("state");
        let receiver = Receiver::start();
        let running = listening(&receiver, &["--workers", "2", "--state", &state]);
        let address = running.address();
        let clients: Vec<_> = (b'a'..=b'e')
            .map(|letter| {
                let mut client = client(&address);
                // In pieces that are no frames.
                thread::spawn(move || {
                    let votes = vote(letter, 1).repeat(300);
                    votes.chunks(7).for_each(|piece| client.write_all(piece).unwrap());
                    client
                })
            })
            .collect();
        let clients: Vec<TcpStream> =
            clients.into_iter().map(|client| client.join().unwrap()).collect();
        receiver.wait_for_lines(5 * 300);
        running.signal(signal);
        let figures = running.end().succeeded().json();
        // They are connected to the end.
        drop(clients);
        assert_eq!(figures["messages_in"], 1500, "{signal}");
        assert_eq!(figures["messages_out"], 1500);
        assert_eq!(folder.json_lines("state").len(), 5);
        let outputs = lines_by_letter(&receiver.all());
        for letter in b'a'..=b'e' {
            assert_eq!(outputs[&letter], lines(letter, 300));
        }
    }
}

#[test]
fn a_client_that_sends_no_frames_is_disconnected_and_disturbs_nobody() {
    let folder = Folder::new();
    let letters = folder.path("letters");
    let receiver = Receiver::start();
    let running = listening(&receiver, &["--dead-letters", &letters]);
    let address = running.address();
    let (mut good, mut bad, mut hasty) = (client(&address), client(&address), client(&address));
    good.write_all(&vote(b'g', 1)).unwrap();
    bad.write_all(&[&vote(b'b', 1)[..], &[0xff; 4]].concat()).unwrap();
    // The program closes the connection: there is nothing more to read.
    assert_eq!(bad.read(&mut [0]).unwrap(), 0);
    hasty.write_all(&vote(b'h', 1)[..6]).unwrap();
    hasty.shutdown(Shutdown::Write).unwrap();
    assert_eq!(hasty.read(&mut [0]).unwrap(), 0);
    good.write_all(&vote(b'g', 1)).unwrap();
    receiver.wait_for_lines(3);
    running.signal("TERM");
    let figures = running.end().succeeded().json();
    assert_eq!(figures["dead_letters"], 2);
    let outputs = lines_by_letter(&receiver.all());
    assert_eq!((&outputs[&b'g'], &outputs[&b'b']), (&lines(b'g', 2), &lines(b'b', 1)));
    let mut broken: Vec<_> = folder
        .json_lines("letters")
        .iter()
        .map(|letter| letter["bytes_hex"].as_str().unwrap().to_owned())
        .collect();
    broken.sort();
    assert_eq!(broken, ["000000056800", "ffffffff"]);
}

#[test]
fn without_a_host_a_source_listens_for_this_machine_alone_and_a_sink_connects_to_it() {
    let receiver = Receiver::start();
    let port = receiver.address.strip_prefix("127.0.0.1").unwrap();
    let out = format!("tcp://{port}");
    let running = Running::start(["run", "--app", "alphabet", "--in", "tcp://:0", "--out", &out]);
    let address = running.address();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    client(&address).write_all(&vote(b'a', 1)).unwrap();
    receiver.wait_for_lines(1);
    running.signal("TERM");
    running.end().succeeded();
}

#[test]
fn half_a_frame_that_was_read_when_the_run_is_stopped_is_a_dead_letter() {
    let folder = Folder::new();
    let letters = folder.path("letters");
    let receiver = Receiver::start();
    let running = listening(&receiver, &["--dead-letters", &letters]);
    let mut client = client(&running.address());
    client.write_all(&[&vote(b'a', 1)[..], &vote(b'b', 1)[..6]].concat()).unwrap();
    receiver.wait_for_lines(1);
    running.signal("TERM");
    let figures = running.end().succeeded().json();
    drop(client);
    assert_eq!((&figures["messages_in"], &figures["dead_letters"]), (&2.into(), &1.into()));
    assert_eq!(figures["bytes_in"], 9 + 6);
    let letter = &folder.json_lines("letters")[0];
    assert_eq!(letter["bytes_hex"], "000000056200");
    assert_eq!(letter["reason"], "the run was stopped inside a frame, after 6 of its bytes");
}
