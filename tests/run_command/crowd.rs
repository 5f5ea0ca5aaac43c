//! Two hundred clients at once, some of which misbehave in every way, and clients that promise much.

use std::collections::BTreeMap;
use std::io::ErrorKind::WouldBlock;
use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::Folder;
use crate::support::crowd::wire::LINE_LIMIT;
use crate::support::crowd::{Crowd, Letter};
use crate::support::frames::vote;
use crate::support::program::Running;
use crate::support::waiting::{LIMIT, wait_until};

/// An alphabet that listens and writes its files into a folder.
fn listening(folder: &Folder, more: &[&str]) -> Running {
    listening_app(folder, "alphabet", more)
}

fn listening_app(folder: &Folder, app: &str, more: &[&str]) -> Running {
    let [out, state, letters] = ["outputs", "state", "letters"].map(|name| folder.path(name));
    let arguments = ["run", "--app", app, "--in", ":0", "--json", "--out", &out];
    let files = ["--state", &state, "--dead-letters", &letters];
    Running::start(arguments.iter().chain(&files).chain(more))
}

/// Waits until a file of the folder has this many lines.
fn wait_for_lines(folder: &Folder, name: &str, lines: usize) {
    let found = || folder.read(name).split(|byte| *byte == b'\n').count() - 1;
    wait_until(name, || found() == lines);
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digit = |digit: u8| u8::try_from(char::from(digit).to_digit(16).unwrap()).unwrap();
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) * 16 + digit(pair[1])).collect()
}

fn found(letter: &Value) -> Letter {
    let text = |name: &str| letter[name].as_str().unwrap();
    let offset = letter["offset"].as_u64().unwrap();
    Letter::found(text("source"), offset, text("step"), text("reason"), bytes_of(text("bytes_hex")))
}

#[test]
fn two_hundred_clients_are_counted_exactly_though_a_tenth_misbehaves() {
    let folder = Folder::new();
    let running = listening(&folder, &["--workers", "2"]);
    let crowd = Crowd::connect(&running.address());
    is_counted_exactly(&folder, running, crowd, "votes");
}

#[test]
fn two_hundred_clients_that_send_lines_are_counted_exactly_though_a_tenth_misbehaves() {
    let folder = Folder::new();
    let limit = LINE_LIMIT.to_string();
    let more = ["--workers", "2", "--frame-limit", &limit];
    let running = listening_app(&folder, "stations", &more);
    let crowd = Crowd::of_lines(&running.address());
    is_counted_exactly(&folder, running, crowd, "sum");
}

/// That every message of a crowd counts, and nothing else; `column` of the states has the sum.
fn is_counted_exactly(folder: &Folder, running: Running, mut crowd: Crowd, column: &str) {
    crowd.vote();
    wait_for_lines(folder, "outputs", crowd.votes());
    crowd.misbehave();
    crowd.vote();
    wait_for_lines(folder, "outputs", crowd.votes());
    wait_for_lines(folder, "letters", crowd.letters());
    running.signal("TERM");
    let figures = running.end().succeeded().json();

    let mut letters: Vec<_> = folder.json_lines("letters").iter().map(found).collect();
    letters.sort();
    assert_eq!(letters, crowd.all_letters());
    let total = |row: &Value| {
        let key = row["key"].as_str().unwrap();
        let key = wallaroo::parse_key_text(key).unwrap();
        (key, (row["messages"].as_u64().unwrap(), row["value"][column].as_u64().unwrap()))
    };
    let totals: BTreeMap<_, _> = folder.json_lines("state").iter().map(total).collect();
    assert_eq!(totals, crowd.totals());
    assert_eq!(figures["messages_out"], crowd.votes());
    assert_eq!(figures["messages_in"], crowd.votes() + letters.len());
    assert_eq!(figures["dead_letters"], letters.len());
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_allocated_on_a_headers_word() {
    let folder = Folder::new();
    let running = listening(&folder, &["--frame-limit", "900MiB"]);
    let address = running.address();
    // 50 GiB are promised.
    let promise = [&vote(b'a', 1)[..], &(1_u32 << 30).to_be_bytes(), b"and no more"].concat();
    let clients: Vec<_> = (0..50)
        .map(|_| {
            let mut client = TcpStream::connect(&address).unwrap();
            client.write_all(&promise).unwrap();
            client
        })
        .collect();
    // What follows a vote in one write has been read with it.
    wait_for_lines(&folder, "outputs", clients.len());
    let peak = running.peak_memory();
    assert!(peak < 256 * 1024 * 1024, "{peak} bytes");
    running.signal("TERM");
    assert_eq!(running.end().succeeded().json()["dead_letters"], clients.len());
}

#[test]
fn a_frame_above_the_limit_that_was_set_ends_its_connection() {
    let folder = Folder::new();
    let running = listening(&folder, &["--frame-limit", "5"]);
    let mut client = TcpStream::connect(running.address()).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    client.write_all(&[vote(b'a', 1), vec![0, 0, 0, 6]].concat()).unwrap();
    // Closed by the program.
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    running.signal("TERM");
    running.end().succeeded();
    let letter = &folder.json_lines("letters")[0];
    assert_eq!(letter["reason"], "the header says 6 bytes of payload, and the limit is 5");
    assert_eq!(folder.read("outputs"), b"a => 1\n");
}

#[test]
fn one_connection_too_many_is_closed_and_the_next_is_served_when_one_has_ended() {
    let folder = Folder::new();
    let running = listening(&folder, &["--connections", "1"]);
    let address = running.address();
    let mut first = TcpStream::connect(&address).unwrap();
    first.write_all(&vote(b'a', 1)).unwrap();
    wait_for_lines(&folder, "outputs", 1);
    let mut second = TcpStream::connect(&address).unwrap();
    second.set_read_timeout(Some(LIMIT)).unwrap();
    assert_eq!(second.read(&mut [0]).unwrap(), 0);
    first.write_all(&vote(b'a', 1)).unwrap();
    wait_for_lines(&folder, "outputs", 2);
    drop(first);
    // When the program notices that, is its own matter.
    wait_until("the third client to be served", || {
        let mut third = TcpStream::connect(&address).unwrap();
        third.set_read_timeout(Some(LIMIT)).unwrap();
        let sent = third
            .write_all(&vote(b'c', 1))
            .and_then(|()| third.shutdown(std::net::Shutdown::Write));
        sent.is_ok()
            && third.read(&mut [0]).is_ok()
            && String::from_utf8_lossy(&folder.read("outputs")).contains("c => 1\n")
    });
    running.signal("TERM");
    running.end().succeeded();
}

#[test]
fn clients_that_do_not_fit_below_the_limit_on_open_files_are_told_and_all_others_are_counted() {
    const CLIENTS: usize = 80;
    let folder = Folder::new();
    let [out, saved] = ["outputs", "saved"].map(|name| folder.path(name));
    let arguments = ["run", "--app", "alphabet", "--in", ":0", "--json", "--out", &out];
    let more = ["--resilience-dir", &saved];
    let running = Running::start_with_files(64, arguments.iter().chain(&more));
    let address = running.address();
    let mut clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let mut client = TcpStream::connect(&address).unwrap();
            client.set_read_timeout(Some(LIMIT)).unwrap();
            // One that is refused may be so already.
            let _ = client.write_all(&vote(b'a', 1));
            client
        })
        .collect();
    let served = || folder.read("outputs").split(|byte| *byte == b'\n').count() - 1;
    // Twenty a second are told by name, and the others counted.
    let refused = || {
        let said = running.said();
        let more = said.lines().filter(|line| line.ends_with(" not accepted"));
        let more =
            more.filter_map(|line| line.split(' ').find_map(|word| word.parse::<usize>().ok()));
        said.matches(" is one too many").count() + more.sum::<usize>()
    };
    wait_until("all clients to be served or refused", || served() + refused() == CLIENTS);
    let (served, said) = (served(), running.said());
    assert!(served >= 10, "{said}");
    assert!(
        said.contains(&format!("serving up to {served} of 1000 connections at once")),
        "{said}"
    );
    assert!(!said.contains("Too many open files"), "{said}");
    let named = said.matches(" is one too many").count();
    assert!(named >= (CLIENTS - served).min(20), "{said}");
    clients.retain_mut(|client| {
        let address = client.local_addr().unwrap();
        client.set_nonblocking(true).unwrap();
        let is_open = matches!(client.read(&mut [0]), Err(error) if error.kind() == WouldBlock);
        client.set_nonblocking(false).unwrap();
        assert!(!is_open || !said.contains(&format!("{address} is one too many")), "{address}");
        is_open
    });
    assert_eq!(clients.len(), served);
    for client in &mut clients {
        client.write_all(&vote(b'b', 1)).unwrap();
    }
    wait_for_lines(&folder, "outputs", 2 * served);
    running.signal("TERM");
    let figures = running.end().succeeded().json();
    assert_eq!(figures["messages_in"], 2 * served);
    assert_eq!(figures["messages_out"], 2 * served);
}
