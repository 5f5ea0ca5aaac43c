//! Clients that connect to any process of a list.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::slice;
use std::thread;

use super::machines::{Machines, own_address};
use crate::chance::Chance;
use crate::folder::by_letter;
use crate::support::frames::{frame, lines, vote};
use crate::support::program::{Running, run};
use crate::support::waiting::wait_until;
use crate::totals::{LIFE, lives, totals};

/// Processes of which each listens for clients.
pub struct Served {
    pub machines: Machines,
    /// Where the clients of each process connect.
    pub addresses: Vec<SocketAddr>,
}

impl Served {
    pub fn new(processes: usize) -> Self {
        let machines = Machines::new(processes, "alphabet");
        Self { machines, addresses: (0..processes).map(|_| own_address()).collect() }
    }

    /// Starts a process, which listens for its clients.
    pub fn start(&self, process: usize, more: &[&str]) -> Running {
        let (listens, outputs) =
            (format!("tcp://{}", self.addresses[process]), self.machines.folder.path("outputs"));
        let ends = ["--in", &listens, "--out", &outputs];
        // Of options that are given twice, the last one counts.
        let own = [&ends[..2], if more.contains(&"--out") { &[] } else { &ends[2..] }];
        self.machines.start(process, &[own.concat(), more.to_vec()].concat())
    }

    pub fn start_all(&self, more: &[&str]) -> Vec<Running> {
        (0..self.addresses.len()).map(|process| self.start(process, more)).collect()
    }

    /// A client of a process, as soon as that listens.
    pub fn client(&self, process: usize) -> TcpStream {
        let mut client = None;
        wait_until("a connection", || {
            client = TcpStream::connect(self.addresses[process]).ok();
            client.is_some()
        });
        client.unwrap()
    }

    /// How many outputs there are.
    pub fn outputs(&self) -> usize {
        lines(&self.machines.folder.read("outputs"))
    }

    /// The votes of each letter at the end, as the file of partitions has them.
    pub fn state(&self) -> BTreeMap<u8, u64> {
        let rows = self.machines.folder.json_lines("state").into_iter();
        let row = |row: serde_json::Value| {
            let letter = row["key"].as_str().unwrap().as_bytes()[0];
            (letter, row["value"]["votes"].as_u64().unwrap())
        };
        rows.map(row).collect()
    }
}

/// The letters of the client of a process: nobody else votes for them.
pub fn letters(process: usize) -> [u8; 2] {
    let first = b'a' + 2 * u8::try_from(process).unwrap();
    [first, first + 1]
}

/// So many votes for each letter, which tell by themselves in which order they came.
fn votes(letters: &[u8], count: u32) -> Vec<u8> {
    let votes = (1..=count).flat_map(|number| letters.iter().map(move |letter| (*letter, number)));
    votes.flat_map(|(letter, number)| vote(letter, LIFE + number)).collect()
}

/// Sends all of this, ends, and waits until it is served.
fn send(mut client: TcpStream, bytes: &[u8]) {
    client.write_all(bytes).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let _ = client.read(&mut [0]);
}

/// Clients of all processes vote at once, and everything is as if they had come to one.
fn vote_at_each(processes: usize) {
    const VOTES: u32 = 2000;
    let served = Served::new(processes);
    let path = served.machines.folder.path("letters");
    let mut all = served.start_all(&["--dead-letters", &path, "--history", "1GiB"]);
    let clients: Vec<_> = (0..processes)
        .map(|process| {
            let client = served.client(process);
            let wrong = [frame(b"no vote"), vec![0, 0, 0, 9, b'x']].concat();
            let bytes = [votes(&letters(process), VOTES), wrong].concat();
            thread::spawn(move || send(client, &bytes))
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    let expected = processes * 2 * VOTES as usize;
    wait_until("all outputs", || served.outputs() == expected);
    assert!(all[0].said().contains(&format!("listening at {}\n", served.addresses[0])));
    for process in 1..processes {
        let listening = format!("listening at {}\n", served.addresses[process]);
        assert!(all[process].said().contains(&listening), "{}", all[process].said());
        // With its next figures.
        let told = format!("process {process} is {listening}");
        wait_until("who listens where", || all[0].said().contains(&told));
    }
    all[processes - 1].signal("TERM");
    let totals_said = Machines::all_end_well(std::mem::take(&mut all)).remove(0).json();
    assert_eq!(totals_said["messages_in"], expected + 2 * processes);
    let found = by_letter(&served.machines.folder.read("outputs"));
    for (letter, lines) in &found {
        let totals = totals(lines);
        assert_eq!(lives(&totals), BTreeMap::from([(1, VOTES)]), "in the order of the client");
        assert_eq!(served.state()[letter], *totals.last().unwrap());
    }
    assert_eq!(found.len(), 2 * processes);
    // Each client has left a frame that is no vote, and half a frame, with its process.
    let letters = served.machines.folder.json_lines("letters");
    let of = |process: usize, step: &str| {
        let at = format!(" at process {process}");
        let is_of = |letter: &&serde_json::Value| {
            let source = letter["source"].as_str().unwrap();
            let is_there =
                if process == 0 { !source.contains("at") } else { source.ends_with(&at) };
            is_there && letter["step"] == step
        };
        letters.iter().filter(is_of).count()
    };
    for process in 0..processes {
        assert_eq!((of(process, "decode"), of(process, "framing")), (1, 1), "{letters:?}");
    }
    assert_eq!(letters.len(), 2 * processes);
    let saved = served.machines.folder.inspect();
    assert_eq!(saved["journal"]["frames_to_replay"], 0, "all of it is in a checkpoint");
    // The recording does not know where a client was.
    let folder = &served.machines.folder;
    let (recorded, again) = (folder.path("saved"), folder.path("state again"));
    run(["replay", &recorded, "--app", "alphabet", "--state", &again]).succeeded();
    assert_eq!(folder.read("state again"), folder.read("state"));
}

#[test]
fn clients_of_two_processes_count_as_those_of_one() {
    vote_at_each(2);
}

#[test]
fn clients_of_three_processes_count_as_those_of_one() {
    vote_at_each(3);
}

/// Votes as long as the run lasts, at any process that listens. Each connection is a life of its own.
fn vote_on(addresses: &[SocketAddr], letters: [u8; 2], until: &Over, chance: &mut Chance) {
    for life in 1.. {
        let stream = loop {
            if until.is_over() {
                return;
            }
            match TcpStream::connect(chance.one_of(addresses)) {
                Ok(stream) => break stream,
                Err(_) => thread::yield_now(),
            }
        };
        vote_in_one_life(stream, letters, life, until, chance);
    }
}

fn vote_in_one_life(
    mut stream: TcpStream,
    letters: [u8; 2],
    life: u32,
    until: &Over,
    chance: &mut Chance,
) {
    for number in 1..LIFE {
        let votes = letters.map(|letter| vote(letter, life * LIFE + number)).concat();
        let (first, second) = votes.split_at(usize::try_from(chance.below(18)).unwrap());
        let sent = stream.write_all(first).and_then(|()| stream.write_all(second));
        if sent.is_err() || until.is_over() {
            return;
        }
    }
}

/// Whether clients are to stop.
#[derive(Default)]
struct Over(std::sync::atomic::AtomicBool);

impl Over {
    fn is_over(&self) -> bool {
        self.0.load(std::sync::atomic::Ordering::Acquire)
    }

    fn end(&self) {
        self.0.store(true, std::sync::atomic::Ordering::Release);
    }
}

#[test]
fn votes_of_clients_of_all_processes_count_once_and_in_order_whichever_is_killed_when() {
    crate::chance::for_seeds(1, |chance| {
        let served = Served::new(3);
        let interval = chance.one_of(&["5ms", "20ms", "1s"]);
        let saving = ["--checkpoint-interval", interval, "--workers", chance.one_of(&["1", "2"])];
        let mut all = served.start_all(&saving);
        let over = Over::default();
        thread::scope(|scope| {
            for client in 0..4 {
                let (served, over) = (&served, &over);
                let mut chance = Chance::new(chance.below(u64::MAX));
                // One at each process, and one that connects to another one each time.
                let own =
                    served.addresses.get(client).map_or(&served.addresses[..], slice::from_ref);
                scope.spawn(move || vote_on(own, letters(client), over, &mut chance));
            }
            let mut seen: Vec<BTreeMap<u8, Vec<Vec<u8>>>> = Vec::new();
            for _ in 0..3 + chance.below(3) {
                let more = served.outputs() + 1 + usize::try_from(chance.below(5000)).unwrap();
                wait_until("more outputs", || served.outputs() > more);
                let which = usize::try_from(chance.below(3)).unwrap();
                drop(all.remove(which).kill());
                seen.push(by_letter(&served.machines.folder.read("outputs")));
                all.insert(which, served.start(which, &saving));
            }
            let more = served.outputs() + 1000;
            wait_until("more outputs", || served.outputs() > more);
            all[usize::try_from(chance.below(3)).unwrap()].signal("TERM");
            Machines::all_end_well(std::mem::take(&mut all));
            over.end();
            let found = by_letter(&served.machines.folder.read("outputs"));
            for (letter, lines) in seen.into_iter().flatten() {
                assert!(found[&letter].starts_with(&lines), "an output has been taken back");
            }
            let state = served.state();
            assert_eq!(state.len(), found.len());
            for (letter, lines) in &found {
                let totals = totals(lines);
                lives(&totals);
                assert_eq!(state[letter], *totals.last().unwrap());
            }
        });
    });
}

#[test]
fn a_process_that_cannot_listen_says_so_and_listens_when_it_can() {
    let served = Served::new(2);
    let taken = TcpListener::bind(served.addresses[1]).unwrap();
    let all = served.start_all(&[]);
    let said =
        format!("process 1 does not listen at {}: Address already in use", served.addresses[1]);
    for running in &all {
        wait_until("the reason", || running.said().contains(&said));
    }
    send(served.client(0), &votes(&letters(0), 10));
    wait_until("the outputs of process 0", || served.outputs() == 20);
    drop(taken);
    wait_until("that it listens", || all[1].said().contains("listening at "));
    send(served.client(1), &votes(&letters(1), 10));
    wait_until("all outputs", || served.outputs() == 40);
    all[0].signal("TERM");
    Machines::all_end_well(all);
}

#[test]
fn a_process_listens_for_no_pipeline_that_process_0_reads_from_elsewhere() {
    let served = Served::new(2);
    let outputs = served.machines.folder.path("outputs");
    let votes = served.machines.folder.write("votes", votes(&letters(0), 10));
    let first = served.machines.start(0, &["--in", &votes, "--out", &outputs]);
    let all = vec![first, served.start(1, &[])];
    let ended = Machines::all_end_well(all);
    let reason = "process 0 does not listen for this pipeline";
    assert!(ended[1].stderr.contains(reason), "{}", ended[1].stderr);
    assert_eq!(served.outputs(), 20);
}
