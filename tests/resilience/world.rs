//! A run as the resilience directory sees it, made of random numbers, and what must come back of it.
//!
//! What it models: the workers' files, the journal and the directory of one run, with real files, and beside
//! them in memory what has been written ([`World`]). The engine above is left out: partitions change at
//! random, and journaled frames are taken in the order of their slots.
//!
//! Invariant: at any moment a copy of the directory gives back one whole checkpoint, which is the newest
//! that all workers have written: its partitions, its positions, and for replay every frame of the journal
//! that had not been taken at its positions, in order, and no other.
//!
//! Pass 1 writes: [`World::journal_some`] appends frames, [`World::checkpoint`] takes some of them, changes
//! partitions, writes an epoch and trims the journal; [`World::exchange`] goes on with other workers. Each
//! whole epoch is remembered in `kept`. [`World::begin_checkpoint`] is killed halfway.
//!
//! Pass 2 reads: [`recover`](super::recovered::recover) opens the directory, or a copy of it, as the next run
//! does, and a test compares the result with [`World::expected`] of the epoch that must count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use wallaroo::Key;
use wallaroo::core::frames::Frames;
use wallaroo::core::frames::pieces::Pieces;
use wallaroo::core::numbers::{Epoch, SequenceNumber, Timestamp};
use wallaroo::core::partitions::saved::{SavedPartition, encode};
use wallaroo::resilience::{
    Checkpoint, Directory, Entry, Journal, JournalPosition, Position, ResilienceError, SavedState,
    Slot, WorkerFile, journal_positions, open_journal,
};

use super::recovered::{Recovered, copy, take};

/// The partitions by worker, state and place. Places are of one worker.
pub type Partitions = BTreeMap<(usize, Arc<str>, u32), SavedPartition>;

/// A whole checkpoint, as it was written.
#[derive(Debug, Clone)]
struct Kept {
    partitions: Partitions,
    positions: Vec<Position>,
}

/// A run on a directory.
pub struct World {
    random: StdRng,
    pub directory: Directory,
    files: Vec<WorkerFile>,
    pub journal: Journal,
    pub epoch: Epoch,
    partitions: Partitions,
    /// The journal's newest row.
    pub last_row: u64,
    /// Every frame that was journaled and may be replayed: its row, its slot and its bytes.
    journaled: Vec<(u64, Slot, Vec<u8>)>,
    /// How far the frames of each slot have been taken.
    taken: BTreeMap<Slot, JournalPosition>,
    kept: BTreeMap<Epoch, Kept>,
    /// How many partitions a state has on a worker at most.
    places: u32,
    /// How many keys have been drawn.
    keys: u64,
    /// How many of the last checkpoints are remembered.
    remembered: u64,
}

const STATES: [&str; 2] = ["letter state", "wörter"];

pub fn pipeline() -> Arc<str> {
    "votes".into()
}

/// Frames of these payloads.
pub fn frames(payloads: &[Vec<u8>]) -> Frames {
    let mut ends = Vec::new();
    let mut bytes = Vec::new();
    for payload in payloads {
        bytes.extend(super::support::frames::frame(payload));
        ends.push(u32::try_from(bytes.len()).unwrap());
    }
    let (first, moment) = (SequenceNumber(1), Timestamp(0));
    Frames::new("client".into(), first, moment, 4, Pieces::new(Bytes::from(bytes), ends, 0))
}

impl World {
    /// A first run on a directory, with one or more partitions of each worker.
    pub fn new(path: &Path, seed: u64, workers: usize) -> Self {
        let mut directory = take(path).unwrap();
        let checkpoint = Checkpoint::find(&directory).unwrap();
        let journal = open_journal(&directory, &checkpoint).unwrap();
        let new = directory.begin_generation(workers as u64).unwrap();
        let mut world = Self {
            random: StdRng::seed_from_u64(seed),
            directory,
            files: new.files,
            journal,
            epoch: Epoch(0),
            partitions: BTreeMap::new(),
            last_row: 0,
            journaled: Vec::new(),
            taken: BTreeMap::new(),
            kept: BTreeMap::new(),
            places: 12,
            keys: 0,
            remembered: u64::MAX,
        };
        world.write(Vec::new(), usize::MAX).unwrap();
        world.directory.count(new.generation).unwrap();
        world
    }

    /// For a long run: max `places` partitions per state and worker, and only the last checkpoints are
    /// remembered.
    pub fn long(mut self, places: u32) -> Self {
        (self.places, self.remembered) = (places, 3);
        self
    }

    /// The same directory with other workers: everything is written anew.
    pub fn exchange(&mut self, workers: usize) {
        let all = std::mem::take(&mut self.partitions);
        let new = self.directory.begin_generation(workers as u64).unwrap();
        self.files = new.files;
        let mut changed = Vec::new();
        for (at, ((_, state, _), mut partition)) in all.into_iter().enumerate() {
            let (worker, place) = (at % workers, (at / workers) as u32);
            partition.place = place;
            changed.push((worker, Arc::clone(&state), place));
            self.partitions.insert((worker, state, place), partition);
        }
        self.places = self.places.max(changed.len() as u32 + 2);
        self.write(changed, usize::MAX).unwrap();
        self.directory.count(new.generation).unwrap();
    }

    /// Journals some frames.
    pub fn journal_some(&mut self) {
        let name = pipeline();
        let batches: Vec<(Slot, Vec<Vec<u8>>)> = (0..self.random.random_range(1..4))
            .map(|_| {
                let slot = Slot(self.random.random_range(0..4));
                let count = self.random.random_range(1..5);
                let payload = |random: &mut StdRng| {
                    let length = if random.random_bool(0.02) { 40_000 } else { 20 };
                    let mut payload = vec![0; random.random_range(0..length)];
                    random.fill_bytes(&mut payload);
                    payload
                };
                (slot, (0..count).map(|_| payload(&mut self.random)).collect())
            })
            .collect();
        let framed: Vec<_> = batches.iter().map(|(_, payloads)| frames(payloads)).collect();
        let entry =
            |(frames, (slot, _)): (_, &(Slot, _))| Entry { pipeline: &name, slot: *slot, frames };
        let entries: Vec<_> = framed.iter().zip(&batches).map(entry).collect();
        let first = self.journal.append(&entries).unwrap();
        assert_eq!(first, self.last_row + 1, "no row is given twice or left out");
        self.last_row += framed.len() as u64;
        for (row, (frames, (slot, _))) in (first..).zip(framed.iter().zip(&batches)) {
            let each = (0..frames.len() as u32).map(|at| frames.frame(at).to_vec());
            self.journaled.extend(each.map(|bytes| (row, *slot, bytes)));
        }
    }

    /// Takes some of the journaled frames, and changes some partitions.
    pub fn change(&mut self) -> Vec<(usize, Arc<str>, u32)> {
        for slot in (0..4).map(Slot) {
            for _ in 0..self.random.random_range(0..8) {
                self.take_one(slot);
            }
        }
        let mut changed = BTreeSet::new();
        for _ in 0..self.random.random_range(0..12) {
            let worker = self.random.random_range(0..self.files.len());
            let state: Arc<str> = STATES[self.random.random_range(0..STATES.len())].into();
            let place = self.random.random_range(0..self.places);
            changed.insert((worker, state, place));
        }
        let changed: Vec<_> = changed.into_iter().collect();
        for at in &changed {
            let length = if self.random.random_bool(0.01) { 50_000 } else { 30 };
            let mut value = vec![0_u8; self.random.random_range(0..length)];
            self.random.fill_bytes(&mut value);
            self.keys += 1;
            let key = Key::from(format!("key {}", self.keys));
            let new = SavedPartition {
                place: at.2,
                key,
                dynamic: self.random.random_bool(0.5),
                messages: self.random.random(),
                poisoned: self.random.random_bool(0.1),
                value: encode(&value).unwrap(),
            };
            let key = self.partitions.get(at).map_or(new.key.clone(), |old| old.key.clone());
            self.partitions.insert(at.clone(), SavedPartition { key, ..new });
        }
        changed
    }

    fn take_one(&mut self, slot: Slot) {
        let at = self.taken.get(&slot).copied().unwrap_or_default();
        let mut of_slot = self.journaled.iter().filter(|(_, of, _)| *of == slot);
        let in_row = of_slot.clone().filter(|(row, ..)| *row == at.row).count() as u64;
        let next = if at.frames < in_row {
            JournalPosition { row: at.row, frames: at.frames + 1 }
        } else {
            match of_slot.find(|(row, ..)| *row > at.row) {
                Some((row, ..)) => JournalPosition { row: *row, frames: 1 },
                None => return,
            }
        };
        self.taken.insert(slot, next);
    }

    fn positions(&mut self) -> Vec<Position> {
        let pipeline = pipeline();
        let endpoint = "file:in".to_owned();
        let offset = self.random.random();
        let source = Position::Source { pipeline: Arc::clone(&pipeline), endpoint, offset };
        let endpoint = "file:out".to_owned();
        let sink = Position::Sink { pipeline: pipeline.clone(), sink: 1, endpoint, offset };
        let journal = self.taken.iter().map(|(slot, at)| Position::Journal {
            pipeline: Arc::clone(&pipeline),
            slot: *slot,
            at: *at,
        });
        [source, sink].into_iter().chain(journal).collect()
    }

    /// Writes an epoch of these partitions to the files of the first workers.
    pub fn write(
        &mut self,
        changed: Vec<(usize, Arc<str>, u32)>,
        workers: usize,
    ) -> Result<(), ResilienceError> {
        let positions = self.positions();
        let epoch = self.epoch;
        let mut saved: Vec<Vec<SavedState>> = vec![Vec::new(); self.files.len()];
        for at in changed {
            let of_worker = &mut saved[at.0];
            let partition = self.partitions[&at].clone();
            match of_worker.iter_mut().find(|(state, _)| *state == at.1) {
                Some((_, partitions)) => partitions.push(partition),
                None => of_worker.push((at.1, vec![partition])),
            }
        }
        for (worker, (file, saved)) in self.files.iter_mut().zip(&saved).enumerate() {
            if worker < workers {
                file.write(epoch, saved, if worker == 0 { &positions } else { &[] })?;
            }
        }
        if workers >= self.files.len() {
            let partitions = self.partitions.clone();
            self.kept.insert(epoch, Kept { partitions, positions });
        }
        Ok(())
    }

    /// Makes a whole checkpoint, and trims the journal.
    pub fn checkpoint(&mut self) {
        self.epoch = self.epoch.next();
        let changed = self.change();
        self.write(changed, usize::MAX).unwrap();
        let positions = journal_positions(&self.kept[&self.epoch].positions);
        self.journal.trim(&positions).unwrap();
        let before = self.epoch.0.saturating_sub(self.remembered);
        self.kept.retain(|epoch, _| epoch.0 >= before);
        if let Some(oldest) = self.kept.values().next() {
            let taken = journal_positions(&oldest.positions);
            let needed = |row: u64, slot: Slot| {
                taken.get(&(pipeline(), slot)).is_none_or(|at| row >= at.row)
            };
            self.journaled.retain(|(row, slot, _)| needed(*row, *slot));
        }
    }

    /// A checkpoint that only the first worker has written when the run ends.
    pub fn begin_checkpoint(&mut self) {
        let before = self.partitions.clone();
        self.epoch = self.epoch.next();
        let changed = self.change();
        self.write(changed, 1).unwrap();
        self.partitions = before;
    }

    /// What must come back with this epoch; `None` if no whole checkpoint of it was remembered.
    pub fn expected(&self, epoch: Epoch) -> Option<Recovered> {
        let Kept { partitions, positions } = self.kept.get(&epoch)?.clone();
        let partitions = partitions.into_iter();
        let partitions = partitions
            .map(|((_, state, _), saved)| ((state.to_string(), saved.key.clone()), saved));
        let taken = journal_positions(&positions);
        let mut in_row = BTreeMap::new();
        let open = |(row, slot, _): &&(u64, Slot, Vec<u8>)| {
            let number = in_row.entry(*row).or_insert(0_u64);
            *number += 1;
            let at = taken.get(&(pipeline(), *slot)).copied().unwrap_or_default();
            *row > at.row || *row == at.row && *number > at.frames
        };
        let replayed = self.journaled.iter().filter(open);
        Some(Recovered {
            epoch,
            partitions: partitions.collect(),
            positions,
            replayed: replayed.map(|(_, slot, bytes)| (*slot, bytes.clone())).collect(),
        })
    }

    /// The directory as it is now, as if the process had died at this moment.
    pub fn copy_to(&self, to: &Path) {
        copy(self.directory.path(), to);
    }
}
