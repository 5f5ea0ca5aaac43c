//! The application that is measured, the messages that it gets, and a run that processes them.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use wallaroo::core::event::EngineEvent;
use wallaroo::core::numbers::{PipelineIndex, WorkerIndex};
use wallaroo::core::observer::Observer;
use wallaroo::core::steps::context::Report;
use wallaroo::endpoints::Endpoint;
use wallaroo::resilience::{Durability, ResilienceSettings};
use wallaroo::runtime::{Engine, Settings};
use wallaroo::{Application, Key, Reason, Sink, Source, Topology};

/// How often a key was sent, and what its bytes are as a number.
#[derive(Clone, Serialize, Deserialize)]
struct Count {
    number: u64,
    count: u64,
}

/// Counts payloads. `encode` is called for every output.
pub fn counter(encode: impl Fn() + Send + Sync + 'static) -> Arc<Topology> {
    let count = |_: Key, count: &mut Count| {
        count.count += 1;
        (Some(count.count), true)
    };
    let decode = |payload: &[u8]| Ok::<_, Reason>(Some(Key::from(payload)));
    let topology = Application::new("counter")
        .pipeline("words", Source::new(decode))
        .to_state_partition(
            count,
            |word: &Key| {
                let number = word.as_bytes().try_into().map_or(0, u64::from_be_bytes);
                Count { number, count: 0 }
            },
            "counts",
            |word: &Key| word.clone(),
        )
        .to_sink(Sink::new(move |count: &u64, output: &mut Vec<u8>| {
            encode();
            output.extend_from_slice(&count.to_be_bytes());
        }))
        .build();
    Arc::new(topology.unwrap())
}

/// Frames of this many keys, each once. A key is its number, multiplied so that keys come in no order.
pub fn frames(keys: u64) -> Vec<u8> {
    let key = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    (0..keys).flat_map(|number| [&[0, 0, 0, 8], &key(number)[..]].concat()).collect()
}

/// Knows how many messages have been processed, and what has happened.
#[derive(Default)]
pub struct Watcher {
    processed: AtomicU64,
    events: Mutex<Vec<EngineEvent>>,
}

impl Observer for Watcher {
    fn processed(&self, _: PipelineIndex, _: WorkerIndex, report: &mut Report) {
        self.processed.fetch_add(report.stateful, Ordering::Relaxed);
    }

    fn event(&self, event: EngineEvent) {
        self.events.lock().unwrap().push(event);
    }
}

impl Watcher {
    /// Waits until an event gives something.
    pub fn wait_for<T>(&self, found: impl Fn(&EngineEvent) -> Option<T>) -> T {
        loop {
            if let Some(found) = self.events.lock().unwrap().iter().find_map(&found) {
                return found;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn wait_for_messages(&self, messages: u64) {
        while self.processed.load(Ordering::Relaxed) < messages {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Where messages come from.
#[derive(Clone, Copy, PartialEq)]
pub enum From {
    File,
    Tcp,
}

impl From {
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Tcp => "tcp",
        }
    }
}

/// What is counted: all keys, again and again.
pub struct Load {
    from: From,
    pub keys: u64,
    pub messages: u64,
    /// Some of the messages, to be sent again and again.
    block: Vec<u8>,
    file: PathBuf,
    _directory: TempDir,
}

impl Load {
    /// So many that several checkpoints are made meanwhile.
    pub fn new(from: From, keys: u64) -> Self {
        Self::of(from, keys, if keys < 1000 { 60 } else { 15 })
    }

    /// So many million messages.
    pub fn of(from: From, keys: u64, blocks: u64) -> Self {
        let block = frames(keys).repeat((1_000_000 / keys) as usize);
        let messages = blocks * (block.len() / 12) as u64;
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("words");
        if from == From::File {
            let mut file = fs::File::create(&file).unwrap();
            (0..blocks).for_each(|_| file.write_all(&block).unwrap());
        }
        Self { from, keys, messages, block, file, _directory: directory }
    }

    pub fn name(&self) -> String {
        format!("{}, {} partitions", self.from.name(), self.keys)
    }

    /// Counts all messages.
    pub fn run(&self, workers: usize, resilience: Option<ResilienceSettings>) -> Run {
        let source = match self.from {
            From::File => Endpoint::File(self.file.clone()),
            From::Tcp => Endpoint::Tcp("127.0.0.1:0".to_owned()),
        };
        let topology = counter(|| {});
        let settings = settings(&topology, workers, source, resilience);
        let watcher = Arc::new(Watcher::default());
        let engine = Engine::start(topology, &settings, Arc::clone(&watcher) as _).unwrap();
        let begin = Instant::now();
        if self.from == From::Tcp {
            self.send(&watcher);
        }
        watcher.wait_for_messages(self.messages);
        let took = begin.elapsed();
        engine.stop();
        engine.wait().unwrap();
        let checkpoints = checkpoints(&watcher);
        Run { took, checkpoints }
    }

    /// Sends as fast as it is taken.
    fn send(&self, watcher: &Watcher) {
        let address = watcher.wait_for(|event| match event {
            EngineEvent::Listening(_, address) => Some(address.clone()),
            _ => None,
        });
        let mut stream = TcpStream::connect(address).unwrap();
        for _ in 0..self.messages / (self.block.len() / 12) as u64 {
            stream.write_all(&self.block).unwrap();
        }
    }
}

/// How long the messages of a load took, and what checkpoints were made.
pub struct Run {
    pub took: Duration,
    pub checkpoints: Vec<Checkpoint>,
}

/// What a checkpoint took.
#[derive(Clone, Copy)]
pub struct Checkpoint {
    pub partitions: usize,
    pub held: Duration,
    pub took: Duration,
}

fn checkpoints(watcher: &Watcher) -> Vec<Checkpoint> {
    let events = watcher.events.lock().unwrap();
    let checkpoint = |event: &EngineEvent| match event {
        EngineEvent::Checkpointed { partitions, held, took, .. } => {
            Some(Checkpoint { partitions: *partitions, held: *held, took: *took })
        }
        _ => None,
    };
    events.iter().filter_map(checkpoint).collect()
}

pub fn settings(
    topology: &Topology,
    workers: usize,
    source: Endpoint,
    resilience: Option<ResilienceSettings>,
) -> Settings {
    Settings {
        workers: NonZeroUsize::new(workers).unwrap(),
        sources: vec![source],
        resilience,
        ..Settings::new(topology)
    }
}

pub fn resilience(directory: &Path, durability: Durability) -> ResilienceSettings {
    ResilienceSettings { durability, ..ResilienceSettings::new(directory.to_owned()) }
}
