//! Two hundred clients at once, every tenth of which misbehaves, and what must come of each.
//!
//! Every client votes for a letter of its own, so that each of its votes can be told from all others.

pub mod wire;

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use socket2::SockRef;

use wire::Wire;

/// How many clients.
const CLIENTS: u8 = 200;

/// The first client's letter: none of them is the end of a line, or the full stop that is filtered.
const FIRST_LETTER: u8 = b'/';

/// How often a client votes in a round: with 1 vote, 2 votes, and so on.
const VOTES: u32 = 30;

/// What a client does when all have voted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Votes on.
    Good,
    /// Votes on, slowly: one byte, and all others before its next.
    Slow,
    /// Votes on after a frame that is no vote, and an empty one.
    Babbles,
    /// Ends inside a frame.
    EndsInside,
    /// Promises 4 GiB, or sends a line that does not end.
    Promises,
    /// Resets its connection.
    Resets,
    /// Resets its connection inside a frame.
    ResetsInside,
    /// Ends between two frames.
    Ends,
    /// Waits alone.
    Waits,
    /// Waits inside a frame.
    WaitsInside,
}

/// What the clients that misbehave do: twice each, and the first two kinds three times.
const MISBEHAVIOUR: [Manner; 9] = [
    Manner::Slow,
    Manner::Babbles,
    Manner::EndsInside,
    Manner::Promises,
    Manner::Resets,
    Manner::ResetsInside,
    Manner::Ends,
    Manner::Waits,
    Manner::WaitsInside,
];

/// A client.
struct Client {
    /// Its address, which is its name in the program.
    name: String,
    wire: Wire,
    letter: u8,
    manner: Manner,
    stream: Option<TcpStream>,
    /// How many bytes it has sent, and how many votes.
    sent: u64,
    votes: Vec<u32>,
}

/// A dead letter that there must be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Letter {
    pub source: String,
    pub offset: u64,
    pub step: String,
    /// Empty if it is in an application's own words.
    pub reason: String,
    pub bytes: Vec<u8>,
}

/// Two hundred clients.
pub struct Crowd {
    clients: Vec<Client>,
    /// The dead letters that there must be so far, and those that there must be after the stop.
    letters: Vec<Letter>,
    late_letters: Vec<Letter>,
}

impl Letter {
    /// A dead letter as it was found.
    pub fn found(source: &str, offset: u64, step: &str, reason: &str, bytes: Vec<u8>) -> Self {
        let reason = if step == "framing" { reason } else { "" };
        let (source, step, reason) = (source.to_owned(), step.to_owned(), reason.to_owned());
        Self { source, offset, step, reason, bytes }
    }
}

impl Client {
    fn connect(address: &str, wire: Wire, number: u8) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_write_timeout(Some(super::waiting::LIMIT)).unwrap();
        let manner = match number % 10 {
            0 => MISBEHAVIOUR[usize::from(number / 10) % MISBEHAVIOUR.len()],
            _ => Manner::Good,
        };
        Self {
            name: stream.local_addr().unwrap().to_string(),
            wire,
            letter: FIRST_LETTER + number,
            manner,
            stream: Some(stream),
            sent: 0,
            votes: Vec::new(),
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.stream.as_mut().unwrap().write_all(bytes).unwrap();
        self.sent += bytes.len() as u64;
    }

    /// The bytes of a round's votes, in pieces as they are sent.
    fn round(&mut self, slow: bool) -> Vec<Vec<u8>> {
        self.votes.extend(1..=VOTES);
        let bytes: Vec<u8> =
            (1..=VOTES).flat_map(|votes| self.wire.message(self.letter, votes)).collect();
        bytes.chunks(if slow { 1 } else { 25 }).map(<[u8]>::to_vec).collect()
    }

    /// Ends the connection with a reset.
    fn reset(&mut self) {
        let stream = self.stream.take().unwrap();
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    }

    fn letter(&self, step: &str, reason: &str, bytes: &[u8]) -> Letter {
        Letter {
            source: self.name.clone(),
            offset: self.sent,
            step: step.to_owned(),
            reason: reason.to_owned(),
            bytes: bytes.to_vec(),
        }
    }

    /// That of a frame that is none: `{end} inside a frame`.
    fn half_letter(&self, end: &str) -> Letter {
        let half = self.wire.half();
        self.letter("framing", &inside(end, half), half)
    }
}

/// Why a frame is none whose connection had this end.
fn inside(end: &str, half: &[u8]) -> String {
    format!("{end} inside a frame, after {} of its bytes", half.len())
}

impl Crowd {
    /// Connects all of them to the alphabet.
    pub fn connect(address: &str) -> Self {
        Self::of(address, Wire::Frames)
    }

    /// Connects all of them to the stations, whose lines have at most [`wire::LINE_LIMIT`] bytes.
    pub fn of_lines(address: &str) -> Self {
        Self::of(address, Wire::Lines)
    }

    fn of(address: &str, wire: Wire) -> Self {
        let clients = (0..CLIENTS).map(|number| Client::connect(address, wire, number)).collect();
        Self { clients, letters: Vec::new(), late_letters: Vec::new() }
    }

    /// All that can vote do, piece by piece in turn. They who wait inside a frame begin it now, together
    /// with their last vote: if that has been counted, the beginning has been read.
    pub fn vote(&mut self) {
        let mut pieces: Vec<_> = self
            .clients
            .iter_mut()
            .map(|client| match client.manner {
                _ if client.stream.is_none() => Vec::new().into_iter(),
                Manner::Waits | Manner::WaitsInside if !client.votes.is_empty() => {
                    Vec::new().into_iter()
                }
                Manner::WaitsInside => {
                    let mut pieces = client.round(false);
                    pieces.last_mut().unwrap().extend(client.wire.half());
                    pieces.into_iter()
                }
                manner => client.round(manner == Manner::Slow).into_iter(),
            })
            .collect();
        let mut left = true;
        while std::mem::take(&mut left) {
            for (client, pieces) in self.clients.iter_mut().zip(&mut pieces) {
                if let Some(piece) = pieces.next() {
                    client.send(&piece);
                    left = true;
                }
            }
        }
    }

    /// Every tenth misbehaves.
    pub fn misbehave(&mut self) {
        for client in &mut self.clients {
            match client.manner {
                Manner::Good | Manner::Slow | Manner::Waits => {}
                Manner::Babbles => {
                    for babble in [&b"not a vote"[..], b""] {
                        self.letters.push(client.letter("decode", "", babble));
                        client.send(&client.wire.babble(babble));
                    }
                }
                Manner::EndsInside => {
                    let half = client.wire.half();
                    self.letters.push(match client.wire {
                        Wire::Frames => client.half_letter("the source ended"),
                        // The last line needs no end.
                        Wire::Lines => client.letter("decode", "", half),
                    });
                    client.send(half);
                    client.stream = None;
                }
                Manner::Promises => {
                    let (bytes, told, reason) = client.wire.too_much();
                    self.letters.push(client.letter("framing", &reason, &bytes[..told]));
                    client.send(&bytes);
                    client.stream = None;
                }
                Manner::Resets => client.reset(),
                Manner::ResetsInside => {
                    self.letters.push(client.half_letter("reading failed"));
                    client.send(client.wire.half());
                    client.reset();
                }
                Manner::Ends => client.stream = None,
                Manner::WaitsInside => {
                    client.sent -= client.wire.half().len() as u64;
                    self.late_letters.push(client.half_letter("the run was stopped"));
                }
            }
        }
    }

    /// How many votes have been sent.
    pub fn votes(&self) -> usize {
        self.clients.iter().map(|client| client.votes.len()).sum()
    }

    /// How often each key was voted for, and with how many votes.
    pub fn totals(&self) -> BTreeMap<Vec<u8>, (u64, u64)> {
        let total = |client: &Client| {
            let votes = client.votes.iter().copied().map(u64::from).sum();
            (client.wire.key(client.letter), (client.votes.len() as u64, votes))
        };
        self.clients.iter().map(total).collect()
    }

    /// The dead letters that there must be so far.
    pub fn letters(&self) -> usize {
        self.letters.len()
    }

    /// All dead letters that there must be when the run has been stopped, sorted.
    pub fn all_letters(&self) -> Vec<Letter> {
        let mut letters = [&self.letters[..], &self.late_letters].concat();
        letters.sort();
        letters
    }

    /// The log's line about every client's end when the run has been stopped, sorted.
    pub fn ends(&self) -> Vec<String> {
        let mut ends: Vec<_> = self
            .clients
            .iter()
            .map(|client| {
                let name = &client.name;
                let disconnected = |reason: &str| format!("{name} disconnected: {reason}");
                match client.manner {
                    Manner::Good | Manner::Slow | Manner::Babbles | Manner::Waits => {
                        format!("{name} let go: the run was stopped")
                    }
                    Manner::Ends => format!("{name} left"),
                    Manner::EndsInside if client.wire == Wire::Lines => format!("{name} left"),
                    Manner::EndsInside => {
                        disconnected(&inside("the source ended", client.wire.half()))
                    }
                    Manner::WaitsInside => {
                        disconnected(&inside("the run was stopped", client.wire.half()))
                    }
                    Manner::Promises => disconnected(&client.wire.too_much().2),
                    Manner::Resets | Manner::ResetsInside => {
                        disconnected("Connection reset by peer")
                    }
                }
            })
            .collect();
        ends.sort();
        ends
    }
}
