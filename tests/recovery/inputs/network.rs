//! From TCP clients: frames whose outputs have been seen count, each once, and no frame counts
//! without those of its client before it.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::chance::{Chance, for_seeds};
use crate::folder::{Folder, by_letter};
use crate::support::frames::vote;
use crate::support::program::Running;
use crate::totals::{LIFE, lives, totals};

/// Each client has two of these.
const LETTERS: &[u8] = b"abcdef";

/// How a receiver treats a connection beside reading it to its end.
#[derive(Debug, Clone, Copy)]
enum Manner {
    Plain,
    /// Answers what it reads, and reads slowly.
    Talks,
    /// Closes its own direction at once.
    HalfCloses,
    /// Reads nothing for a while, then goes on.
    Stalls,
}

/// Reads a connection to its end. One that is reset has given all that came before.
fn read_all(stream: &mut TcpStream, manner: Manner) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut piece = vec![0; if matches!(manner, Manner::Plain) { 65536 } else { 4096 }];
    if let Manner::HalfCloses = manner {
        let _ = stream.shutdown(Shutdown::Write);
    }
    while let Ok(length @ 1..) = stream.read(&mut piece) {
        bytes.extend_from_slice(&piece[..length]);
        match manner {
            Manner::Talks => {
                let _ = stream.write_all(b"got some\n");
                thread::sleep(Duration::from_micros(100));
            }
            Manner::Stalls if bytes.len() % 7 == 0 => thread::sleep(Duration::from_millis(20)),
            Manner::Plain | Manner::HalfCloses | Manner::Stalls => {}
        }
    }
    bytes
}

/// Collects what the program sends, a connection after another.
struct Receiver {
    endpoint: String,
    connections: Arc<Mutex<Vec<Vec<u8>>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// A receiver that treats its connections in these manners, in turn.
    fn start(manners: Vec<Manner>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
        let connections = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let (connections, stop) = (Arc::clone(&connections), Arc::clone(&stop));
            move || {
                let mut manners = manners.into_iter().cycle();
                while let Ok((mut stream, _)) = listener.accept() {
                    if stop.load(Ordering::Acquire) {
                        return;
                    }
                    let bytes = read_all(&mut stream, manners.next().unwrap());
                    connections.lock().unwrap().push(bytes);
                }
            }
        });
        Self { endpoint, connections, stop, thread: Some(thread) }
    }

    /// What each connection brought, once all have ended.
    fn all(mut self) -> Vec<Vec<u8>> {
        self.stop.store(true, Ordering::Release);
        drop(TcpStream::connect(self.endpoint.strip_prefix("tcp://").unwrap()).unwrap());
        self.thread.take().unwrap().join().unwrap();
        std::mem::take(&mut self.connections.lock().unwrap())
    }
}

/// Votes as long as it is served.
fn vote_on(address: &str, letters: &[u8], life: u32, mut chance: Chance) {
    let Ok(mut stream) = TcpStream::connect(address) else { return };
    for number in 1.. {
        let votes: Vec<u8> =
            letters.iter().flat_map(|letter| vote(*letter, life * LIFE + number)).collect();
        let (first, second) = votes.split_at(usize::try_from(chance.below(18)).unwrap());
        if stream.write_all(first).and_then(|()| stream.write_all(second)).is_err() {
            return;
        }
        if chance.below(20) == 0 {
            thread::sleep(Duration::from_micros(chance.below(1000)));
        }
    }
}

/// A run with clients that is killed after a while; `true` where clients found it.
fn live(folder: &Folder, options: &[&str], life: u32, chance: &mut Chance) -> bool {
    let terminate = chance.below(4) == 0;
    let until = Instant::now() + chance.delay();
    let mut running = Running::start(folder.command("alphabet", options));
    let address = loop {
        let said = running.said();
        let found = said.split_once("listening at ").and_then(|(_, rest)| rest.split_once('\n'));
        match found {
            Some((address, _)) => break Some(address.to_owned()),
            None if Instant::now() >= until || running.has_ended() => break None,
            None => thread::sleep(Duration::from_micros(200)),
        }
    };
    let clients: Vec<_> = address
        .iter()
        .flat_map(|address| LETTERS.chunks(2).map(move |letters| (address.clone(), letters)))
        .map(|(address, letters)| {
            let chance = Chance::new(chance.below(u64::MAX));
            thread::spawn(move || vote_on(&address, letters, life, chance))
        })
        .collect();
    thread::sleep(until.saturating_duration_since(Instant::now()));
    if terminate && address.is_some() {
        running.signal("TERM");
        thread::sleep(Duration::from_micros(chance.below(30_000)));
    }
    let ended = running.kill();
    assert!(matches!(ended.code, None | Some(0)), "{}", ended.stderr);
    for client in clients {
        client.join().unwrap();
    }
    address.is_some()
}

/// Several lives, and the state that an undisturbed end then finds.
fn lives_and_end(
    folder: &Folder,
    out: &str,
    chance: &mut Chance,
    mut after_each: impl FnMut(),
) -> BTreeMap<u8, u64> {
    let mut life = 1;
    for _ in 0..5 + chance.below(5) {
        let source = chance.one_of(&["tcp://127.0.0.1:0", "tcp://127.0.0.1:0", "null"]);
        let options = [
            ["--in", source, "--out", out, "--workers", chance.one_of(&["1", "2", "3"])],
            [
                "--checkpoint-interval",
                chance.one_of(&["1ms", "5ms", "20ms", "20ms", "10s"]),
                "--durability",
                chance.one_of(&["process", "process", "power"]),
                "--dead-letters",
                "/dev/null",
            ],
        ]
        .concat();
        life += u32::from(live(folder, &options, life, chance));
        after_each();
    }
    let workers = chance.one_of(&["1", "2", "4"]);
    folder.run("alphabet", &["--in", "null", "--out", out, "--workers", workers]).succeeded();
    let rows = folder.json_lines("state").into_iter();
    rows.map(|row| {
        (row["key"].as_str().unwrap().as_bytes()[0], row["value"]["votes"].as_u64().unwrap())
    })
    .collect()
}

#[test]
fn a_file_has_each_output_of_the_clients_votes_once() {
    for_seeds(4, |chance| {
        let folder = Folder::new();
        let mut seen = Vec::new();
        let outputs = || by_letter(&folder.read("outputs"));
        let state =
            lives_and_end(&folder, &folder.path("outputs"), chance, || seen.push(outputs()));
        let found = outputs();
        for earlier in seen {
            for (letter, lines) in earlier {
                assert!(found[&letter].starts_with(&lines), "an output has been taken back");
            }
        }
        let mut ends = BTreeMap::new();
        for (letter, lines) in &found {
            let totals = totals(lines);
            lives(&totals);
            ends.insert(*letter, *totals.last().unwrap());
        }
        assert_eq!(ends, state);
    });
}

#[test]
fn a_receiver_gets_every_output_of_the_clients_votes() {
    for_seeds(4, |chance| receive(&[Manner::Plain], chance));
}

#[test]
fn a_receiver_that_talks_stalls_and_half_closes_gets_every_output_of_the_clients_votes() {
    let manners = [Manner::Talks, Manner::HalfCloses, Manner::Stalls, Manner::Plain];
    for_seeds(4, |chance| receive(&manners, chance));
}

/// Lives of a run whose receiver treats its connections in some of these manners.
fn receive(manners: &[Manner], chance: &mut Chance) {
    let folder = Folder::new();
    let receiver = Receiver::start((0..7).map(|_| chance.one_of(manners)).collect());
    let state = lives_and_end(&folder, &receiver.endpoint.clone(), chance, || {});
    let connections: Vec<_> = receiver.all().iter().map(|bytes| by_letter(bytes)).collect();
    for letter in LETTERS {
        let of_letter = connections.iter().filter_map(|lines| Some(totals(lines.get(letter)?)));
        let of_letter: Vec<_> = of_letter.collect();
        let mut all: Vec<u64> = of_letter.concat();
        all.sort_unstable();
        all.dedup();
        lives(&all);
        assert_eq!(all.last(), state.get(letter), "the last output is the state");
        let mut end = 0;
        for totals in of_letter {
            // A connection may go back, and never leaves one out.
            let first = all.binary_search(&totals[0]).unwrap();
            assert!(first <= end, "there is a gap before {}", totals[0]);
            assert!(all[first..].starts_with(&totals), "there is a gap in a connection");
            end = end.max(first + totals.len());
        }
    }
}
