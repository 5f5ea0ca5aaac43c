//! Lines and varints: positions in files, and frames of clients that are journaled.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::chance::for_seeds;
use crate::folder::Folder;
use crate::support::program::Running;
use crate::support::waiting::wait_until;

/// How many texts a client sends in one life of the program, unless that ends before.
const TEXTS: usize = 5_000;

/// A text as a frame.
type Frame = fn(&str) -> Vec<u8>;

const FRAMINGS: [(&str, Frame); 2] = [
    ("lines", |text| format!("{text}\r\n").into_bytes()),
    // A length may have more bytes than it needs.
    ("varint", |text| {
        let length = u8::try_from(text.len()).unwrap();
        [&[length | 0x80, 0], text.as_bytes()].concat()
    }),
];

/// The messages and dead letters of a run from a file of the folder.
fn run(folder: &Folder, framing: &str, input: &str) -> (u64, u64) {
    let ends = ["--framing", framing, "--in", input, "--out", &folder.path("outputs")];
    let figures = folder.run("reverse", &ends).succeeded().json();
    (figures["messages_in"].as_u64().unwrap(), figures["dead_letters"].as_u64().unwrap())
}

fn append(path: &str, bytes: &[u8]) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

#[test]
fn a_file_of_lines_goes_on_behind_its_last_line_which_needs_no_end() {
    let folder = Folder::new();
    let input = folder.write("texts", b"ab\ncd");
    assert_eq!(run(&folder, "lines", &input), (2, 0));
    assert_eq!(run(&folder, "lines", &input), (0, 0), "the last line was a message");
    append(&input, b"\r\nef\r\n");
    // What ends the last line now is an empty line.
    assert_eq!(run(&folder, "lines", &input), (2, 0));
    append(&input, b"gh\n");
    assert_eq!(run(&folder, "lines", &input), (1, 0));
    assert_eq!(folder.read("outputs"), b"ba\ndc\n\nfe\nhg\n");
}

#[test]
fn a_file_of_varints_goes_on_where_it_ended_also_inside_a_length_or_a_payload() {
    let folder = Folder::new();
    let input = folder.write("texts", b"\x02ab\x82");
    for _ in 0..2 {
        let (messages, letters) = run(&folder, "varint", &input);
        assert_eq!(letters, 1, "a part of a frame is a dead letter of each run");
        assert!(messages <= 2);
    }
    append(&input, b"\0c");
    assert_eq!(run(&folder, "varint", &input).1, 1);
    append(&input, b"d\0");
    assert_eq!(run(&folder, "varint", &input), (2, 0));
    assert_eq!(run(&folder, "varint", &input), (0, 0));
    assert_eq!(folder.read("outputs"), b"ba\ndc\n\n");
}

/// A client that sends the texts of a life as long as it is served.
fn client(address: &str, life: usize, frame: Frame) {
    let Ok(mut stream) = TcpStream::connect(address) else { return };
    for first in (1..=TEXTS).step_by(50) {
        let texts = (first..first + 50).map(|number| frame(&format!("{life}-{number}")));
        if stream.write_all(&texts.collect::<Vec<_>>().concat()).is_err() {
            return;
        }
    }
}

#[test]
fn texts_of_clients_whose_outputs_were_seen_are_there_once_and_in_order_after_any_kill() {
    for (framing, frame) in FRAMINGS {
        for_seeds(2, |chance| {
            let folder = Folder::new();
            let outputs = folder.path("outputs");
            let ends = ["--framing", framing, "--out", &outputs];
            let mut seen = Vec::new();
            for life in 1..=4 {
                let interval = chance.one_of(&["1ms", "5ms", "20ms", "10s"]);
                let more = ["--in", ":0", "--workers", "2", "--checkpoint-interval", interval];
                let running =
                    Running::start(folder.command("reverse", &[&ends[..], &more].concat()));
                let address = running.address();
                let client = thread::spawn(move || client(&address, life, frame));
                // Behind what is left of the lives before.
                let output = format!("-{life}\n");
                wait_until("an output of this life", || {
                    let outputs = folder.read("outputs");
                    outputs.windows(output.len()).any(|bytes| bytes == output.as_bytes())
                });
                thread::sleep(Duration::from_micros(chance.below(30_000)));
                running.kill();
                client.join().unwrap();
                seen = folder.read("outputs");
            }
            folder.run("reverse", &[&ends[..], &["--in", "null"]].concat()).succeeded();
            check(&folder.read("outputs"), &seen, framing);
        });
    }
}

/// Of each life, in their order, the texts are there from the first one on without a gap; and all that were seen.
fn check(outputs: &[u8], seen: &[u8], framing: &str) {
    let seen = seen.rsplitn(2, |byte| *byte == b'\n').last().unwrap();
    assert!(outputs.starts_with(seen), "{framing}: outputs were taken back");
    let outputs = std::str::from_utf8(outputs).unwrap();
    let (mut life, mut number) = (0, 0);
    for line in outputs.lines() {
        let text: String = line.chars().rev().collect();
        let (of_life, at) = text.split_once('-').unwrap();
        let (of_life, at): (usize, usize) = (of_life.parse().unwrap(), at.parse().unwrap());
        if of_life > life {
            (life, number) = (of_life, 0);
        }
        number += 1;
        assert_eq!((of_life, at), (life, number), "{framing}");
    }
    assert_eq!(life, 4, "{framing}");
}
