//! Another number of workers while clients of another process send: their connections stay, and nothing is lost.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use wallaroo::core::event::{ClusterNews, EngineEvent};
use wallaroo::core::observer::{Observer, Unwatched};
use wallaroo::endpoints::Endpoint;
use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::{Engine, Settings};
use wallaroo::{Application, Key, Out, Reason, Sink, Source, Topology};

use crate::support::frames::{lines, vote};
use crate::support::hosts::listening;
use crate::support::waiting::{LIMIT, wait_until};

type Vote = (u8, u32);

fn decode(payload: &[u8]) -> Result<Option<Vote>, Reason> {
    let [letter, votes @ ..] = payload else { return Err("no vote".into()) };
    Ok(Some((*letter, u32::from_be_bytes(votes.try_into()?))))
}

/// Writes each vote with the votes of its letter before it.
fn topology() -> Arc<Topology> {
    let add = |(letter, votes): Vote, before: &mut u32| {
        let output = (letter, *before, votes);
        *before = votes;
        (Some(output), true)
    };
    let write = |(letter, before, votes): &(u8, u32, u32), out: &mut Out<'_>| {
        out.bytes(format!("{letter} {before} {votes}\n").as_bytes());
    };
    let topology = Application::new("chained")
        .pipeline("votes", Source::new(decode))
        .to_state_partition(add, |_: &Key| 0, "last", |vote: &Vote| Key::from(vote.0))
        .to_sink(Sink::new(write))
        .build();
    Arc::new(topology.unwrap())
}

/// The settings of process 0 of two, which both listen for clients; and what the other one says.
fn two_processes(topology: &Arc<Topology>) -> (Settings, Receiver<String>) {
    let tcp = Endpoint::Tcp("127.0.0.1:0".to_owned());
    let (says, said) = channel();
    let says = Mutex::new(says);
    let says = Arc::new(move |text: &str| drop(says.lock().unwrap().send(text.to_owned())));
    let mut settings = Settings::new(topology);
    settings.cluster = Some(listening(topology, 2, std::slice::from_ref(&tcp), says));
    settings.sources = vec![tcp];
    (settings, said)
}

/// How often process 0 has heard where another one listens.
#[derive(Default)]
struct Heard(AtomicUsize);

impl Observer for Heard {
    fn event(&self, event: EngineEvent) {
        if matches!(event, EngineEvent::Cluster(ClusterNews::Listens { .. })) {
            self.0.fetch_add(1, Ordering::AcqRel);
        }
    }
}

/// Where a host says that it listens.
fn address(said: &Receiver<String>) -> String {
    let said = said.recv().unwrap();
    said.strip_prefix("listening at ").unwrap().to_owned()
}

#[test]
fn connections_stay_while_workers_change_and_each_vote_counts_once_in_its_order() {
    /// At least, and until the last change is done.
    const VOTES: u32 = 1000;
    let folder = tempfile::tempdir().unwrap();
    let topology = topology();
    let outputs = folder.path().join("outputs");
    let (mut settings, said) = two_processes(&topology);
    settings.sinks = vec![vec![Endpoint::File(outputs.clone())]];
    settings.resilience = Some(ResilienceSettings::new(folder.path().join("saved")));
    let heard = Arc::<Heard>::default();
    let observer = Arc::clone(&heard) as Arc<dyn Observer>;
    let engine = Engine::start(Arc::clone(&topology), &settings, observer).unwrap();
    let mut client = TcpStream::connect(address(&said)).unwrap();
    let all_changed = Arc::new(AtomicBool::new(false));
    let until = Arc::clone(&all_changed);
    let voting = thread::spawn(move || {
        let mut number = 0;
        while number < VOTES || !until.load(Ordering::Acquire) {
            number += 1;
            let votes = [b'a', b'b'].map(|letter| vote(letter, number)).concat();
            client.write_all(&votes).unwrap();
        }
        (client, number)
    });
    for workers in [2, 1, 3, 1] {
        let done = engine.set_workers(NonZeroUsize::new(workers).unwrap()).unwrap();
        done.blocking_recv().unwrap();
    }
    all_changed.store(true, Ordering::Release);
    let (mut client, votes) = voting.join().unwrap();
    // It is served as before.
    client.write_all(&vote(b'c', 7)).unwrap();
    let written = || std::fs::read(&outputs).unwrap_or_default();
    wait_until("all outputs", || lines(&written()) == 2 * votes as usize + 1);
    let mut last = BTreeMap::new();
    for line in String::from_utf8(written()).unwrap().lines() {
        let numbers: Vec<u32> = line.split(' ').map(|number| number.parse().unwrap()).collect();
        let [letter, before, votes] = numbers[..] else { panic!("{line}") };
        let of_letter = last.entry(letter).or_insert(0);
        assert_eq!(*of_letter, before, "{line}");
        assert!(letter == u32::from(b'c') || votes == before + 1, "{line}");
        *of_letter = votes;
    }
    assert_eq!(last.into_values().collect::<Vec<_>>(), [votes, votes, 7]);
    wait_until("where it listens, in a later round", || heard.0.load(Ordering::Acquire) > 1);
    engine.stop();
    wait_until("the end", || engine.outcome().is_some());
    engine.outcome().unwrap().unwrap();
}

#[test]
fn connections_end_with_the_engine_also_while_there_is_no_other() {
    let topology = topology();
    let (settings, said) = two_processes(&topology);
    let engine = Engine::start(Arc::clone(&topology), &settings, Arc::new(Unwatched)).unwrap();
    let mut client = TcpStream::connect(address(&said)).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    client.write_all(&vote(b'a', 1)).unwrap();
    drop(engine);
    match client.read(&mut [0]) {
        Ok(read) => assert_eq!(read, 0),
        // It had not read all.
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}
