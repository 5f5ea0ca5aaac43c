//! Any chapters and partitions, and what a recording of them must hold.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::application::Key;
use crate::core::frames::pieces::Pieces;
use crate::core::numbers::{Epoch, PipelineIndex, SequenceNumber, Timestamp};
use crate::core::partitions::saved::SavedPartition;
use crate::core::replay::recording::{
    Base, Chapter, Content, Crew, Entered, SavedState, WorkerLog,
};
use crate::resilience::history::{Bound, HistoryFile, Identity, Recording};
use crate::resilience::{Directory, Durability, ResilienceError};

/// Mostly short, and sometimes longer than a row of the file.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let long = (any::<u8>(), 1_usize..700_000).prop_map(|(byte, length)| vec![byte; length]);
    prop_oneof![30 => vec(any::<u8>(), 0..40), 1 => long]
}

fn pieces() -> impl Strategy<Value = Pieces> {
    let same = (vec(any::<u8>(), 0..9), 0_usize..9).prop_map(|(piece, count)| vec![piece; count]);
    (prop_oneof![same, vec(bytes(), 0..5)], any::<u64>()).prop_map(|(all, offset)| {
        let ends = all.iter().scan(0, |end, piece| {
            *end += u32::try_from(piece.len()).unwrap();
            Some(*end)
        });
        let ends = ends.collect();
        Pieces::new(Bytes::from(all.concat()), ends, offset >> 1)
    })
}

fn entered() -> impl Strategy<Value = Entered> {
    let content = prop_oneof![
        4 => pieces().prop_map(|pieces| (pieces.len() as u64, Content::Frames(pieces))),
        1 => (0_u64..99, any::<u64>(), any::<u64>(), any::<u32>()).prop_map(
            |(count, offset, length, checksum)| (count, Content::File { offset, length, checksum })
        ),
        1 => (0_u64..99, any::<u64>()).prop_map(|(count, from)| (count, Content::Numbers { from })),
    ];
    let source =
        prop_oneof![select(vec!["votes", "10.0.0.1:99"]).prop_map(str::to_owned), ".{0,9}"];
    (0_usize..3, source, any::<u64>(), any::<u64>(), content).prop_map(
        |(pipeline, source, first, read_at, (count, content))| Entered {
            pipeline: PipelineIndex(pipeline),
            source: source.into(),
            first: SequenceNumber(first),
            read_at: Timestamp(read_at),
            count,
            content,
        },
    )
}

pub(in super::super) fn worker_log() -> impl Strategy<Value = WorkerLog> {
    (bytes(), vec(entered(), 0..5)).prop_map(|(schedule, entered)| WorkerLog { schedule, entered })
}

/// The workers, and the log of each.
pub(super) fn crew() -> impl Strategy<Value = (Crew, Vec<WorkerLog>)> {
    (vec(worker_log(), 1..4), 1_usize..4, any::<bool>()).prop_map(|(logs, each, precreate)| {
        let positive = |number| NonZeroUsize::new(number).unwrap();
        let workers = positive(logs.len());
        let of_each_process = positive(each.min(logs.len()));
        (Crew { workers, of_each_process, precreate }, logs)
    })
}

fn partition() -> impl Strategy<Value = SavedPartition> {
    let key = prop_oneof![
        select(vec!["a", "b", "c", "d"]).prop_map(Key::from),
        bytes().prop_map(Key::from)
    ];
    let numbers = (any::<u32>(), any::<u64>());
    (key, numbers, any::<bool>(), any::<bool>(), bytes()).prop_map(
        |(key, (place, messages), dynamic, poisoned, value)| SavedPartition {
            place,
            key,
            dynamic,
            messages,
            poisoned,
            value,
        },
    )
}

pub(in super::super) fn saved_states() -> impl Strategy<Value = Vec<SavedState>> {
    let state = select(vec!["votes", "stock"]).prop_map(Arc::from);
    vec((state, vec(partition(), 0..5)), 0..4)
}

type Partitions = BTreeMap<(Arc<str>, Key), SavedPartition>;

/// The partitions after these changes.
fn put(all: &mut Partitions, saved: &[SavedState]) {
    put_changes(all, saved);
    all.retain(|_, partition| !partition.is_gone());
}

fn put_changes(all: &mut Partitions, saved: &[SavedState]) {
    for (state, partitions) in saved {
        for partition in partitions {
            all.insert((Arc::clone(state), partition.key.clone()), partition.clone());
        }
    }
}

/// By state and key.
fn sorted(all: &Partitions) -> Vec<SavedState> {
    let mut states: BTreeMap<Arc<str>, Vec<SavedPartition>> = BTreeMap::new();
    for ((state, _), partition) in all {
        states.entry(Arc::clone(state)).or_default().push(partition.clone());
    }
    states.into_iter().collect()
}

/// What was written, by epoch.
#[derive(Default)]
pub(super) struct Model {
    states: BTreeMap<Epoch, Partitions>,
    chapters: BTreeMap<Epoch, (Chapter, Partitions, u64)>,
}

/// A directory, its history and the model of it.
pub(super) struct World {
    pub directory: Directory,
    /// `None` while it is closed.
    pub history: Option<HistoryFile>,
    pub model: Model,
    pub bound: Bound,
    /// In milliseconds.
    pub now: u64,
    pub last: Epoch,
}

pub(super) fn identity() -> Identity {
    Identity {
        application: "votes".to_owned(),
        options: BTreeMap::from([("--workers".to_owned(), "3".to_owned())]),
        fingerprint: u64::MAX - 3,
        pipelines: vec!["votes".to_owned(), "stock".to_owned()],
    }
}

pub(super) fn take(path: &Path) -> Directory {
    Directory::take(path, "votes", Durability::Process).unwrap()
}

impl World {
    /// A recording that begins at this epoch.
    pub fn new(path: &Path, bound: Bound, base: &Base) -> Self {
        let directory = take(path);
        let history = HistoryFile::open(&directory, identity(), bound, base.epoch).unwrap();
        assert!(history.begins_anew());
        let (model, now, last) = (Model::default(), 1_000_000, base.epoch);
        let history = Some(history);
        let mut world = Self { directory, history, model, bound, now, last };
        world.begin(base);
        world
    }

    pub fn begin(&mut self, base: &Base) {
        self.history().begin(base).unwrap();
        let mut partitions = Partitions::new();
        put(&mut partitions, &base.partitions);
        self.model = Model::default();
        self.model.states.insert(base.epoch, partitions);
        self.last = base.epoch;
    }

    pub fn try_append(
        &mut self,
        (crew, workers): (Crew, Vec<WorkerLog>),
        saved: &[SavedState],
    ) -> Result<(), ResilienceError> {
        let chapter = Chapter { epoch: self.last.next(), crew, workers };
        let at = time(self.now);
        self.history().append(&chapter, saved, at)?;
        let mut after = self.model.states[&self.last].clone();
        put(&mut after, saved);
        let mut changes = Partitions::new();
        put_changes(&mut changes, saved);
        self.last = chapter.epoch;
        self.model.states.insert(self.last, after);
        self.model.chapters.insert(self.last, (chapter, changes, self.now));
        Ok(())
    }

    /// Closes the history, and opens it as a run does that has recovered this epoch.
    pub fn reopen(&mut self, recovered: Epoch) {
        // Its file is locked as long as it is open.
        self.history = None;
        let opened = HistoryFile::open(&self.directory, identity(), self.bound, recovered).unwrap();
        self.history = Some(opened);
        if !self.history().begins_anew() {
            self.model.states.retain(|epoch, _| *epoch <= recovered);
            self.model.chapters.retain(|epoch, _| *epoch <= recovered);
            self.last = recovered;
        }
    }

    pub fn history(&mut self) -> &mut HistoryFile {
        self.history.as_mut().unwrap()
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Model {
    /// Whether all that a recording holds is what was written. Says what is not.
    pub fn holds(&self, recording: &Recording) -> Result<(), Mistake> {
        if *recording.identity() != identity() {
            return Err(Mistake::Different("the identity".to_owned()));
        }
        let base = recording.base().map_err(Mistake::Error)?;
        self.base(recording.first(), &base)?;
        let mut expected = recording.first();
        for info in recording.chapters() {
            let epoch = info.epoch;
            expected = expected.next();
            let different = |what| Err(Mistake::Different(format!("{what} of {epoch}")));
            let Some((chapter, changes, saved_at)) = self.chapters.get(&epoch) else {
                return different("the existence");
            };
            let messages = chapter.workers.iter().flat_map(|log| &log.entered);
            let messages = messages.fold(0, |sum: u64, one| sum.saturating_add(one.count));
            let same =
                (info.saved_at, info.crew, info.messages) == (*saved_at, chapter.crew, messages);
            if epoch != expected || !same {
                return different("the row");
            }
            if recording.chapter(epoch).map_err(Mistake::Error)? != *chapter {
                return different("the logs");
            }
            if recording.changes(epoch).map_err(Mistake::Error)? != sorted(changes) {
                return different("the changes");
            }
            self.base(epoch, &recording.base_at(epoch).map_err(Mistake::Error)?)?;
        }
        if expected == recording.last() {
            Ok(())
        } else {
            Err(Mistake::Different("the number of chapters".to_owned()))
        }
    }

    fn base(&self, epoch: Epoch, found: &Base) -> Result<(), Mistake> {
        let expected = self.states.get(&epoch).map(sorted);
        if found.epoch == epoch && Some(&found.partitions) == expected.as_ref() {
            return Ok(());
        }
        Err(Mistake::Different(format!("the partitions at {epoch}")))
    }
}

/// What is wrong with a recording.
#[derive(Debug)]
pub(super) enum Mistake {
    /// It cannot be read, and says so.
    Error(ResilienceError),
    /// It holds something else than was written.
    Different(String),
}

/// The moment of the model as a time.
pub(super) fn time(milliseconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(milliseconds)
}
