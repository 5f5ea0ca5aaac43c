//! Clients that do what no Prometheus does: they cost their own connection, and nothing else.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use super::openmetrics::parse;
use super::support::frames::vote;
use super::support::waiting::{LIMIT, wait_until};
use super::{Folder, Served, try_get};

/// How many clients come at once: more than are served at once.
const CROWD: usize = 200;

/// Votes, and waits for the output.
fn vote_is_counted(served: &Served, folder: &Folder, votes: u32) {
    served.send(&vote(b'a', 1));
    let line = format!("a => {votes}\n");
    wait_until("the output", || {
        String::from_utf8_lossy(&folder.read_if_any("outputs")).ends_with(&line)
    });
}

/// Connects, and sends this as far as the server takes it.
fn client(served: &Served, bytes: &[u8]) -> TcpStream {
    let mut client = TcpStream::connect(&served.metrics).unwrap();
    client.set_write_timeout(Some(LIMIT)).unwrap();
    let _ = client.write_all(bytes);
    client
}

/// Waits until the server has closed a connection, and gives what it has sent.
fn read_to_the_end(mut client: TcpStream) -> Vec<u8> {
    client.set_read_timeout(Some(LIMIT)).unwrap();
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match client.read(&mut piece) {
            Ok(0) => return answer,
            Ok(length) => answer.extend_from_slice(&piece[..length]),
            Err(error) => {
                let in_time = !matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                );
                assert!(in_time, "the connection is still open");
                return answer;
            }
        }
    }
}

#[test]
fn clients_that_send_nothing_or_no_http_or_too_much_disturb_no_vote_and_no_scrape() {
    let folder = Folder::new();
    let served = Served::start(&folder, &[]);
    let silent: Vec<_> = (0..CROWD).map(|_| client(&served, b"")).collect();
    vote_is_counted(&served, &folder, 1);
    assert!(served.figures().sum("wallaroo_input_messages_total", &[]) > 0.0);
    let long = [&b"GET /metrics HTTP/1.1\r\nX: "[..], &vec![b'x'; 1 << 20]].concat();
    for (votes, bytes) in (2..).zip([
        &b"\0\xff\n\n"[..],
        b"GET /metrics HTTP/9\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nX: half a line",
        b"POST /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFF\r\n",
        &[0x16, 0x03, 0x01, 0x02, 0x00, 0x01],
        &b"GET /metrics HTTP/1.1\r\n\r\n".repeat(10_000),
        &long,
    ]) {
        let wrong = client(&served, bytes);
        vote_is_counted(&served, &folder, votes);
        served.figures();
        drop(wrong);
    }
    assert_eq!(served.get("/healthz").status, 200);
    drop(silent);
    served.running.signal("TERM");
    assert_eq!(served.running.end().succeeded().json()["messages_out"], 9);
}

#[test]
fn a_client_that_sends_nothing_or_never_ends_loses_its_connection() {
    let folder = Folder::new();
    let served = Served::start(&folder, &[]);
    let silent = client(&served, b"");
    let slow = client(&served, b"GET /met");
    let endless = client(&served, b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\nx");
    let other = client(&served, b"no http\r\n\r\n");
    assert!(read_to_the_end(silent).is_empty());
    assert!(!read_to_the_end(slow).starts_with(b"HTTP/1.1 200"));
    assert!(read_to_the_end(endless).starts_with(b"HTTP/1.1 405"));
    assert!(!read_to_the_end(other).starts_with(b"HTTP/1.1 200"));
}

#[test]
fn a_crowd_that_scrapes_at_once_gets_whole_answers_or_none_and_the_next_one_is_served() {
    let folder = Folder::new();
    let served = Served::start(&folder, &[]);
    let crowd: Vec<_> = (0..CROWD)
        .map(|_| {
            let address = served.metrics.clone();
            thread::spawn(move || try_get(&address, "/metrics"))
        })
        .collect();
    let pages: Vec<_> = crowd.into_iter().filter_map(|client| client.join().unwrap()).collect();
    assert!(!pages.is_empty());
    for page in pages {
        assert_eq!(page.status, 200);
        parse(&page.body).unwrap();
    }
    served.figures();
    vote_is_counted(&served, &folder, 1);
}

#[cfg(target_os = "linux")]
#[test]
fn the_memory_that_clients_take_is_bounded() {
    const MAX_GROWTH: u64 = 32 << 20;
    let folder = Folder::new();
    let served = Served::start(&folder, &[]);
    served.figures();
    let before = served.running.peak_memory();
    let head = [&b"GET /metrics HTTP/1.1\r\nX: "[..], &vec![b'x'; 8 << 10]].concat();
    let asks = b"GET /metrics HTTP/1.1\r\n\r\n".repeat(1000);
    for _ in 0..10 {
        // None of them reads.
        let crowd: Vec<_> =
            (0..CROWD).map(|at| client(&served, if at % 2 == 0 { &head } else { &asks })).collect();
        served.figures();
        drop(crowd);
    }
    let grown = served.running.peak_memory() - before;
    assert!(grown < MAX_GROWTH, "{grown} bytes more");
}
