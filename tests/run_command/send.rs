//! `send`: what arrives, when, and how it fails.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use tokio::net::TcpSocket;

use crate::support::frames::{vote, votes};
use crate::support::program::{Ended, PROGRAM, Running, run};
use crate::support::terminal::Terminal;
use crate::support::waiting::{LIMIT, wait_until};
use crate::{Folder, fixture};

/// Where one sender is expected.
struct Target {
    listener: TcpListener,
    address: String,
}

impl Target {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        Self { listener, address }
    }

    /// All that the sender sends.
    fn receive(self) -> JoinHandle<Vec<u8>> {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            self.accept().read_to_end(&mut bytes).unwrap();
            bytes
        })
    }

    fn accept(&self) -> TcpStream {
        let (stream, _) = self.listener.accept().unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream
    }
}

/// What arrives of what is sent, and how the sender ended.
fn sent(arguments: &[&str]) -> (Vec<u8>, Ended) {
    let target = Target::new();
    let to = target.address.clone();
    let received = target.receive();
    let ended = run(["send", "--to", &to].iter().chain(arguments)).succeeded();
    (received.join().unwrap(), ended)
}

fn votes_file() -> String {
    fixture("votes.msg").to_str().unwrap().to_owned()
}

/// The seconds in the final line.
fn seconds(ended: &Ended) -> f64 {
    let (_, after) = ended.stderr.split_once(" bytes in ").unwrap();
    after.split_once(" s").unwrap().0.parse().unwrap()
}

#[test]
fn a_file_arrives_as_it_is_and_is_counted() {
    for more in [&[][..], &["--app", "alphabet"]] {
        let (bytes, ended) = sent(&[&["--file", &votes_file()], more].concat());
        assert_eq!(bytes, fs::read(votes_file()).unwrap());
        assert!(ended.stderr.starts_with("sent 1000 messages, 9000 bytes in "), "{}", ended.stderr);
        assert!(ended.stderr.ends_with(" messages/s\n"), "{}", ended.stderr);
        assert!(ended.stdout.is_empty());
    }
}

#[test]
fn standard_input_is_sent_as_it_comes() {
    let target = Target::new();
    let mut running = Running::start(["send", "--to", &target.address, "--file", "-"]);
    let (mut stdin, mut stream) = (running.stdin(), target.accept());
    let mut frame = [0; 9];
    for votes in 1..=3 {
        stdin.write_all(&vote(b'a', votes)).unwrap();
        stream.read_exact(&mut frame).unwrap();
        assert_eq!(frame, *vote(b'a', votes));
    }
    drop((stdin, stream));
    assert!(running.end().succeeded().stderr.starts_with("sent 3 messages, 27 bytes"));
}

#[test]
fn messages_are_typed_as_in_the_workbench() {
    let messages =
        ["a 10", "b 1 x3", "0x 00 00 00 05 63 00 00 00 07"].map(|text| ["--message", text]);
    let (bytes, ended) = sent(&[&["--app", "alphabet"], messages.as_flattened()].concat());
    assert_eq!(bytes, votes([(b'a', 10), (b'b', 1), (b'b', 1), (b'b', 1), (b'c', 7)]));
    assert!(ended.stderr.starts_with("sent 5 messages, 45 bytes"), "{}", ended.stderr);
}

#[test]
fn a_pipeline_is_chosen_by_its_name() {
    let spread = ["--app", "market_spread", "--pipeline", "Market Data"];
    let apps = run(["apps", "--json"]).succeeded().json();
    let app = apps.as_array().unwrap().iter().find(|app| app["name"] == "market_spread").unwrap();
    let pipelines = app["pipelines"].as_array().unwrap();
    let pipeline = pipelines.iter().find(|pipeline| pipeline["name"] == "Market Data").unwrap();
    let example = pipeline["example"].as_str().unwrap();
    let (bytes, _) = sent(&[&spread[..], &["--message", example]].concat());
    assert_eq!(bytes.len(), 4 + usize::from(bytes[3]));
    let wrong = ["--app", "alphabet", "--pipeline", "Orders", "--message", "a 1"];
    run(["send", "--to", "127.0.0.1:1"].iter().chain(&wrong))
        .failed(2, &["no such pipeline", "votes"]);
}

#[test]
fn everything_is_sent_as_often_as_it_is_asked_for() {
    let (bytes, ended) = sent(&["--file", &votes_file(), "--repeat", "3"]);
    assert_eq!(bytes, fs::read(votes_file()).unwrap().repeat(3));
    assert!(ended.stderr.starts_with("sent 3000 messages, 27000 bytes"), "{}", ended.stderr);
    let (bytes, _) = sent(&["--app", "alphabet", "--message", "a 1 x2", "--repeat", "2"]);
    assert_eq!(bytes, vote(b'a', 1).repeat(4));
}

#[test]
fn broken_bytes_are_sent_too_and_said() {
    let folder = Folder::new();
    let file = folder.write("broken", [vote(b'a', 1), vec![0, 0, 0, 5, b'b']].concat());
    for more in [&[][..], &["--rate", "1000"]] {
        let (bytes, ended) = sent(&[&["--file", &file], more].concat());
        assert_eq!(bytes, fs::read(&file).unwrap());
        assert!(ended.stderr.starts_with("sent 1 message, 14 bytes"), "{}", ended.stderr);
        assert!(
            ended.stderr.contains("the last 5 bytes are not a whole frame"),
            "{}",
            ended.stderr
        );
    }
    let huge = folder.write("huge", vec![0xff; 100_000]);
    let (bytes, ended) = sent(&["--file", &huge, "--repeat", "5"]);
    assert_eq!(bytes.len(), 500_000);
    assert!(ended.stderr.starts_with("sent 0 messages, 500000 bytes"), "{}", ended.stderr);
    let (bytes, _) = sent(&["--file", &folder.write("empty", b"")]);
    assert!(bytes.is_empty());
}

#[test]
fn a_rate_is_never_exceeded_and_is_kept() {
    let arguments = ["--app", "alphabet", "--message", "a 1 x200", "--rate", "1000"];
    let (bytes, ended) = sent(&arguments);
    assert_eq!(bytes.len(), 200 * 9);
    // The first goes at once, and the last at its moment. How much later depends on the machine.
    assert!(seconds(&ended) >= 0.199, "{}", ended.stderr);
    // More than are in a batch of 10 ms, and more than are read at once.
    let arguments = ["--app", "alphabet", "--message", "a 1 x20001", "--rate", "100000"];
    assert!(seconds(&sent(&arguments).1) >= 0.2);
}

#[test]
fn a_receiver_that_answers_gets_everything() {
    let target = Target::new();
    let to = target.address.clone();
    let received = thread::spawn(move || {
        let mut stream = target.accept();
        let mut answering = stream.try_clone().unwrap();
        // More than is ever taken without a reader.
        let answers = thread::spawn(move || answering.write_all(&vec![b'x'; 20_000_000]));
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        answers.join().unwrap().unwrap();
        bytes
    });
    run(["send", "--to", &to, "--file", &votes_file(), "--repeat", "100"]).succeeded();
    assert_eq!(received.join().unwrap().len(), 900_000);
}

#[test]
fn a_receiver_that_is_late_is_waited_for() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    // It has its port already, and does not listen.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let to = socket.local_addr().unwrap().to_string();
    let message = ["send", "--app", "alphabet", "--message", "a 10", "--to", &to];

    let running = Running::start(message.iter().chain(&["--wait", "30"]));
    // This takes as long as the other needs to begin.
    run(message.iter().chain(&["--wait", "0.1"])).failed(
        1,
        &[
            "cannot connect to",
            &to,
            "refused",
            "waited 0.1 s",
            "start the application with `--in tcp://",
        ],
    );
    let listener = socket.listen(1).unwrap().into_std().unwrap();
    listener.set_nonblocking(false).unwrap();
    let received = Target { listener, address: to }.receive();
    running.end().succeeded();
    assert_eq!(received.join().unwrap(), vote(b'a', 10));
}

#[test]
fn a_receiver_that_goes_away_is_said_with_what_was_sent() {
    let target = Target::new();
    let arguments = ["--file", &votes_file(), "--repeat", "1000000"];
    let running = Running::start(["send", "--to", &target.address].iter().chain(&arguments));
    let mut stream = target.accept();
    stream.read_exact(&mut vec![0; 90_000]).unwrap();
    drop(stream);
    running.end().failed(1, &["lost the connection to", &target.address, " after ", " messages: "]);
}

#[test]
fn a_receiver_that_closes_before_it_has_taken_everything_is_a_failure() {
    let target = Target::new();
    let running = Running::start(["send", "--to", &target.address, "--file", &votes_file()]);
    let stream = target.accept();
    let mut seen = [0; 9000];
    wait_until("the votes", || stream.peek(&mut seen).unwrap() == seen.len());
    drop(stream);
    running.end().failed(1, &["lost the connection to", "after 1000 messages", "reset"]);
}

#[test]
fn a_sender_that_waits_for_input_notices_that_the_receiver_is_lost() {
    let target = Target::new();
    let mut running = Running::start(["send", "--to", &target.address, "--file", "-"]);
    let (mut stdin, stream) = (running.stdin(), target.accept());
    stdin.write_all(&vote(b'a', 1)).unwrap();
    wait_until("the vote", || stream.peek(&mut [0; 9]).unwrap() == 9);
    drop(stream);
    running.end().failed(1, &["lost the connection to", "after 1 message: "]);
    drop(stdin);
}

/// The sender ends with 1, and its last line has these words. A hint comes before it, if that
/// takes a while.
#[track_caller]
fn interrupted(running: Running, words: &str) {
    let ended = running.end();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let last = ended.stderr.lines().last().unwrap();
    assert!(last.starts_with("wallaroo-tui: interrupted: sent "), "{last}");
    assert!(last.contains(words), "{last}");
}

#[test]
fn an_interrupted_sender_says_what_was_sent() {
    let target = Target::new();
    let mut running = Running::start(["send", "--to", &target.address, "--file", "-"]);
    let (mut stdin, mut stream) = (running.stdin(), target.accept());
    stdin.write_all(&vote(b'a', 1)).unwrap();
    stream.read_exact(&mut [0; 9]).unwrap();
    running.signal("INT");
    // The receiver sees an end, and not a failure.
    assert_eq!(stream.read_to_end(&mut Vec::new()).unwrap(), 0);
    drop(stream);
    interrupted(running, "interrupted: sent 1 message, 9 bytes");
    drop(stdin);
}

#[test]
fn an_interrupted_file_ends_with_a_whole_frame() {
    let target = Target::new();
    let arguments = ["--file", &votes_file(), "--repeat", "1000000"];
    let running = Running::start(["send", "--to", &target.address].iter().chain(&arguments));
    let mut stream = target.accept();
    stream.read_exact(&mut [0; 9]).unwrap();
    running.signal("INT");
    let rest = std::io::copy(&mut stream, &mut std::io::sink()).unwrap();
    assert_eq!(rest % 9, 0);
    drop(stream);
    interrupted(running, &format!(" {} bytes", rest + 9));
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let refused = |code: i32, arguments: &[&str], words: &[&str]| {
        let ended = run(["send"].iter().chain(arguments));
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        for word in words {
            assert!(ended.stderr.contains(word), "{word:?} is not in: {}", ended.stderr);
        }
    };
    let to = ["--to", "127.0.0.1:1", "--wait", "0"];
    let with = |more: &[&'static str]| [&to[..], more].concat();
    let alphabet = |message| ["--app", "alphabet", "--message", message];
    refused(2, &to, &["--file <FILE>", "--message <TEXT>"]);
    refused(2, &["--file", "x"], &["--to <HOST:PORT>"]);
    refused(2, &["--to", "nowhere", "--file", "x"], &["--to", "HOST:PORT"]);
    refused(2, &with(&["--file", "x", "--app", "alphabet", "--message", "a 1"]), &["--file"]);
    refused(2, &with(&["--message", "a 1"]), &["--app <NAME>"]);
    refused(2, &with(&["--file", "-", "--repeat", "2"]), &["--repeat", "standard input"]);
    refused(2, &with(&["--file", "x", "--rate", "0"]), &["--rate"]);
    refused(2, &with(&["--file", "x", "--wait=-1"]), &["--wait"]);
    refused(2, &with(&alphabet("a ten")), &["--message `a ten`"]);
    refused(2, &with(&alphabet("")), &["nothing is typed"]);
    refused(2, &with(&["--app", "alphabeth", "--file", "x"]), &["known apps"]);
    let folder = Folder::new();
    let missing = folder.path("missing.msg");
    refused(
        1,
        &[&to[..], &["--file", &missing]].concat(),
        &["cannot read", &missing, "No such file"],
    );
    let target = Target::new();
    let directory = ["--to", &target.address, "--file", &folder.path("")];
    refused(1, &directory, &["cannot read", "directory"]);
}

#[test]
fn a_terminal_shows_how_far_it_is() {
    let target = Target::new();
    let vote = ["--app", "alphabet", "--message", "a 1 x4", "--rate", "2", "--repeat", "250000"];
    let to = target.address.clone();
    let arguments = [&["send", "--to", &to][..], &vote].concat();
    let received = target.receive();
    let mut terminal = Terminal::start(PROGRAM, &arguments, 24, 100);
    // Two of them, or more if this test itself is kept waiting: at first it may say that none is sent.
    terminal.wait_until("two messages", |screen| {
        let shown = screen.split_once(" messages [                        ] 0 %");
        let count = shown.and_then(|(before, _)| before.split_whitespace().last()?.parse().ok());
        count.is_some_and(|count: u64| count >= 2)
    });
    terminal.send("\x03");
    terminal.wait_for("interrupted: sent ");
    assert!(!terminal.screen().contains('['), "{}", terminal.screen());
    assert!(received.join().unwrap().len() >= 18);
}
