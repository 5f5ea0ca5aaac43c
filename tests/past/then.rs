//! A session that is recorded, and what is seen of its past.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use wallaroo::Topology;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::core::partitions::query::RowQuery;
use wallaroo::core::replay::memory::{Recorded, RecordedInMemory};
use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::Settings;
use wallaroo::session::Session;
use wallaroo::session::orders::{Answer, Order, TestMade};
use wallaroo::session::past::{RECORDED, Travel};
use wallaroo::telemetry::{PartitionView, Snapshot};

use crate::alphabet::{self, Encoding};

/// A session that is recorded.
pub struct Watched {
    pub session: Session,
    pub view: PartitionView,
    /// What it told.
    pub told: Vec<String>,
    /// The tests that it made.
    pub tests: Vec<TestMade>,
    recorded: Arc<RecordedInMemory>,
    directory: TempDir,
}

/// Letters with their votes.
pub type Votes = BTreeMap<String, u64>;

/// The alphabet with so many workers.
pub fn alphabet(workers: usize) -> Watched {
    Watched::open(alphabet::topology(Encoding::Text).unwrap(), workers, |_| {})
}

impl Watched {
    pub fn open(topology: Topology, workers: usize, change: impl FnOnce(&mut Settings)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let topology = Arc::new(topology);
        let recorded = Arc::new(RecordedInMemory::new(RECORDED));
        let mut settings = Settings {
            workers: workers.try_into().unwrap(),
            injectable: true,
            resilience: Some(ResilienceSettings::new(directory.path().join("saved"))),
            recorded: Some(Arc::clone(&recorded)),
            ..Settings::new(&topology)
        };
        change(&mut settings);
        let session = Session::start(topology, &settings, None).unwrap();
        let query = RowQuery { limit: 1000, ..RowQuery::default() };
        let view = PartitionView { query, ..PartitionView::default() };
        Self { session, view, told: Vec::new(), tests: Vec::new(), recorded, directory }
    }

    /// Sends votes.
    pub fn vote(&self, votes: &[(u8, u32)]) {
        self.session.engine().inject(PipelineIndex(0), frames(votes).into()).unwrap();
    }

    /// Waits until something is seen.
    pub fn wait_for(&mut self, what: &str, is_it: impl Fn(&Snapshot) -> bool) -> Snapshot {
        let patience = Instant::now() + Duration::from_mins(1);
        // What is told of a moment may be taken after the moment itself.
        let mut was_it = false;
        loop {
            self.session.refresh(&self.view);
            for answer in self.session.told() {
                match answer {
                    Answer::Told(text) | Answer::Refused(text) => self.told.push(text),
                    Answer::Test(test) => self.tests.push(*test),
                    other => panic!("{other:?}"),
                }
            }
            let snapshot = self.session.snapshot();
            if std::mem::replace(&mut was_it, is_it(&snapshot)) && was_it {
                return snapshot;
            }
            assert!(Instant::now() < patience, "{what}: {:?} {snapshot:#?}", self.told);
            std::thread::yield_now();
        }
    }

    /// Gives an order, whatever comes of it.
    pub fn order_any(&mut self, order: Order) {
        self.session.obey(order).unwrap();
    }

    /// What is recorded.
    pub fn recorded(&self) -> Recorded {
        self.recorded.recorded()
    }

    /// The directory in which it is saved.
    pub fn saved(&self) -> PathBuf {
        self.directory.path().join("saved")
    }

    /// Gives an order. Returns why it is refused, if it is.
    pub fn order(&mut self, order: Order) -> Option<String> {
        match self.session.obey(order).unwrap() {
            None => None,
            Some(Answer::Refused(why)) => Some(why),
            other => panic!("{other:?}"),
        }
    }

    /// Waits until so many messages have been processed, and their partitions are seen.
    pub fn wait_for_messages(&mut self, messages: u64) -> Snapshot {
        let what = format!("{messages} messages");
        self.wait_for(&what, |seen| {
            let stateful = seen.partitions.rows.iter().map(|row| row.row.messages).sum::<u64>();
            seen.past.is_none() && seen.partitions.up_to_date && stateful == messages
        })
    }

    /// Goes somewhere, and waits until that is seen.
    pub fn travel(&mut self, travel: Travel) -> Snapshot {
        self.session.travel(travel.clone());
        self.wait_for(&format!("{travel:?}"), |seen| {
            !seen.replaying && (seen.past.is_none() || seen.partitions.up_to_date)
        })
    }
}

/// The frames of votes.
pub fn frames(votes: &[(u8, u32)]) -> Vec<u8> {
    let frame = |(letter, votes): &(u8, u32)| {
        let [one, two, three, four] = votes.to_be_bytes();
        [0, 0, 0, 5, *letter, one, two, three, four]
    };
    votes.iter().flat_map(frame).collect()
}

/// Sends messages, and waits until all of them are seen.
pub fn sent(topology: Topology, workers: usize, payloads: &[Vec<u8>], saves: &[usize]) -> Watched {
    let mut watched = Watched::open(topology, workers, |_| {});
    for (at, payload) in payloads.iter().enumerate() {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let bytes = [&length, payload.as_slice()].concat();
        watched.session.engine().inject(PipelineIndex(0), bytes.into()).unwrap();
        if saves.contains(&at) {
            // In one chapter or in several.
            watched.session.engine().save().recv().unwrap();
        }
    }
    let all = payloads.len() as u64;
    watched.wait_for("all messages", |seen| seen.totals.messages_in == all);
    watched.travel(Travel::To(all));
    watched
}

/// The number of the moment that is seen.
pub fn moment(seen: &Snapshot) -> Option<u64> {
    seen.past.as_ref().map(|past| past.message)
}

/// The votes of each letter, as they are seen.
pub fn votes(seen: &Snapshot) -> Votes {
    let rows = seen.partitions.rows.iter();
    rows.map(|row| (row.row.key.to_string(), row.row.value["votes"].as_u64().unwrap())).collect()
}

/// The votes of each letter.
pub fn counted<'a>(sent: impl IntoIterator<Item = &'a (u8, u32)>) -> Votes {
    let mut votes = Votes::new();
    for (letter, count) in sent {
        *votes.entry(char::from(*letter).to_string()).or_default() += u64::from(*count);
    }
    votes
}
