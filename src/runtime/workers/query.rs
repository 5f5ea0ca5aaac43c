//! What a worker can be asked for between two batches.
//!
//! Looking at many partitions takes long, so a worker does it a slice at a time.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::{Duration, Instant};

use super::recorder::Recorder;
pub(crate) use super::reply::Reply;
use crate::application::Key;
use crate::core::foresight::{Copied, Copies, MAX_COPY, StateKey};
use crate::core::numbers::{Epoch, Timestamp};
use crate::core::partitions::query::{PartitionCount, PartitionRow, Revival, RowQuery, RowWindow};
use crate::core::partitions::rates::Rates;
use crate::core::partitions::saved::{Collected, Extent, SavedPartition, Unsaved};
use crate::core::partitions::scan::Scan;
use crate::core::replay::recording::WorkerLog;
use crate::core::steps::SharedPartitions;
use crate::resilience::{ResilienceError, SavedState};
use crate::runtime::parts::Restored;

/// How long a worker looks at partitions between two batches.
const SLICE: Duration = Duration::from_micros(300);

/// How long it collects changed partitions between two batches. That is longer: the checkpoint must come to its end.
const COLLECTING: Duration = Duration::from_millis(1);

/// How many partitions it looks at between two looks at the clock.
const STRIDE: usize = 256;

/// How many rows are sent together.
const EXPORTED: usize = 1024;

/// What a worker can be asked for.
pub(crate) enum Request {
    /// Something about its partitions.
    Query(Query),
    /// The partitions that have changed, once all that was admitted has been processed.
    Save(SaveRequest),
    /// End at once, whatever is in memory.
    Leave,
}

/// What a worker is asked about its partitions.
pub(crate) enum Query {
    /// Some rows of a state.
    Rows { state: Arc<str>, query: RowQuery, reply: Reply<RowWindow> },
    /// How many partitions it has, of each state.
    Counts { reply: Reply<Vec<PartitionCount>> },
    /// The row of one partition, or none if another worker owns it.
    Row { state: Arc<str>, key: Key, reply: Reply<Option<PartitionRow>> },
    /// All rows of all states, sorted by state and key. The worker does nothing else until they are
    /// taken.
    Export { reply: SyncSender<Vec<PartitionRow>> },
    /// Copies of those of these partitions that it has.
    Copies { wanted: Arc<[StateKey]>, reply: Reply<Copies> },
    /// Give a poisoned partition back to its computations.
    Revive { state: Arc<str>, key: Key, reply: Reply<Revival> },
}

/// What a worker has to save.
#[derive(Default)]
pub(crate) struct Changed {
    pub saved: Vec<SavedState>,
    /// The partitions that cannot be saved, per state name.
    pub unsaved: Vec<(Arc<str>, Unsaved)>,
    /// What the worker has done until then. `None` if that is not recorded.
    pub log: Option<WorkerLog>,
}

/// The request of a checkpoint.
pub(crate) struct SaveRequest {
    pub epoch: Epoch,
    pub extent: Extent,
    /// Told when all that was admitted before has been processed: the gate may open.
    pub processed: Reply<()>,
    /// Told what has changed until then, when it is collected.
    pub changed: Reply<Changed>,
}

/// A scan that goes on between batches.
struct ActiveScan {
    /// The place of its state among the worker's.
    state: usize,
    table: SharedPartitions,
    scan: Scan,
    reply: Reply<RowWindow>,
}

/// The partition tables of a worker, and what it has been asked about them.
pub(crate) struct Tables {
    /// By the name of the state.
    named: Vec<(Arc<str>, SharedPartitions)>,
    /// How fast the partitions of each state are.
    rates: Vec<Rates>,
    started: Instant,
    scans: Vec<ActiveScan>,
    /// Waits for the changes that are being collected.
    collecting: Option<Reply<Changed>>,
    /// What it has done before the checkpoint that is being collected.
    log: Option<WorkerLog>,
    recorder: Option<Rc<Recorder>>,
}

impl Tables {
    pub fn new(tables: Vec<(Arc<str>, SharedPartitions)>, recorder: Option<Rc<Recorder>>) -> Self {
        let rates = tables.iter().map(|_| Rates::default()).collect();
        let started = Instant::now();
        let (scans, collecting, log) = (Vec::new(), None, None);
        Self { named: tables, rates, started, scans, collecting, log, recorder }
    }

    /// Takes a query. A reply whose receiver is gone is dropped.
    pub fn take(&mut self, query: Query) {
        match query {
            Query::Rows { state, query, reply } => {
                let table = self.named.iter().enumerate().find(|(_, (name, _))| *name == state);
                match table {
                    Some((state, (_, table))) => self.scans.push(ActiveScan {
                        state,
                        table: SharedPartitions::clone(table),
                        scan: Scan::new(query),
                        reply,
                    }),
                    None => reply.send(RowWindow::default()),
                }
            }
            Query::Counts { reply } => reply.send(self.counts()),
            Query::Row { state, key, reply } => {
                let table = self.named.iter().find(|(name, _)| *name == state);
                let row = table.and_then(|(_, table)| {
                    let table = table.borrow();
                    table.place_of(&key).and_then(|place| table.row(place))
                });
                reply.send(row);
            }
            Query::Export { reply } => self.export(&reply),
            Query::Copies { wanted, reply } => reply.send(self.copies(&wanted)),
            Query::Revive { state, key, reply } => {
                reply.send(self.revive(&state, &key));
            }
        }
    }

    fn revive(&self, state: &Arc<str>, key: &Key) -> Revival {
        let table = self.named.iter().enumerate().find(|(_, (name, _))| name == state);
        let Some((at, (_, table))) = table else { return Revival::NotFound };
        let revival = table.borrow_mut().revive(key);
        if let (Revival::Revived, Some(recorder)) = (revival, &self.recorder) {
            recorder.revived(at, key);
        }
        revival
    }

    /// Brings back partitions until there are no more, and returns them as they are placed now.
    pub fn restore(
        &mut self,
        restored: &Receiver<Vec<Restored>>,
    ) -> Result<Vec<SavedState>, ResilienceError> {
        let mut base: Vec<SavedState> =
            self.named.iter().map(|(name, _)| (Arc::clone(name), Vec::new())).collect();
        for Restored { state, partition, path } in restored.iter().flatten() {
            let known = self.named.iter().zip(&mut base).find(|((name, _), _)| **name == *state);
            let refused = |key, reason| {
                let (path, state) = (path.to_path_buf(), state.to_string());
                ResilienceError::OtherState { path, state, key, reason }
            };
            let Some(((_, table), (_, base))) = known else {
                return Err(refused(partition.key, "it has no state of this name".to_owned()));
            };
            match table.borrow_mut().restore(&partition) {
                Ok(place) => base.push(SavedPartition { place, ..partition }),
                Err(reason) => return Err(refused(partition.key, reason)),
            }
        }
        Ok(base)
    }

    /// Remembers from now on which partitions have changes to save.
    pub fn remember_changes(&mut self) {
        self.named.iter().for_each(|(_, table)| table.borrow_mut().remember_changes());
    }

    /// Begins to collect the partitions with changes to save. From now on they may change.
    pub fn begin_collecting(
        &mut self,
        SaveRequest { extent, processed, changed, .. }: SaveRequest,
    ) {
        self.named.iter().for_each(|(_, table)| table.borrow_mut().begin_collecting(extent));
        self.log = self.recorder.as_ref().and_then(|recorder| recorder.take());
        self.collecting = Some(changed);
        processed.send(());
    }

    /// Collects until `end`, and hands over what was collected if that is all.
    fn collect(&mut self, end: Instant) {
        let Some(changed) = self.collecting.take_if(|_| {
            self.named.iter().all(|(_, table)| {
                let mut table = table.borrow_mut();
                while table.collect(STRIDE) {
                    if Instant::now() >= end {
                        return false;
                    }
                }
                true
            })
        }) else {
            return;
        };
        changed.send(self.take_collected());
    }

    fn take_collected(&mut self) -> Changed {
        let mut changed = Changed { log: self.log.take(), ..Changed::default() };
        for (name, table) in &self.named {
            let Collected { saved, unsaved } = table.borrow_mut().take_collected();
            if !saved.is_empty() {
                changed.saved.push((Arc::clone(name), saved));
            }
            let unsaved = unsaved.into_iter().map(|unsaved| (Arc::clone(name), unsaved));
            changed.unsaved.extend(unsaved);
        }
        changed
    }

    fn copies(&self, wanted: &[StateKey]) -> Copies {
        let copied = wanted.iter().filter_map(|(state, key)| {
            let (_, table) = self.named.iter().find(|(name, _)| name == state)?;
            let copy = match table.borrow().copy(key, MAX_COPY)? {
                Ok(saved) => Copied::Saved(saved),
                Err(reason) => Copied::Failed(reason),
            };
            Some(((Arc::clone(state), key.clone()), copy))
        });
        copied.collect()
    }

    fn counts(&self) -> Vec<PartitionCount> {
        let counts = self.named.iter().map(|(state, table)| {
            let table = table.borrow();
            PartitionCount {
                state: Arc::clone(state),
                worker: table.worker(),
                partitions: table.len(),
                dynamic: table.dynamic(),
            }
        });
        counts.collect()
    }

    fn export(&self, reply: &SyncSender<Vec<PartitionRow>>) {
        for (name, table) in &self.named {
            let table = table.borrow();
            let named = |row: PartitionRow| PartitionRow { state: name.to_string(), ..row };
            for places in table.places_by_key().chunks(EXPORTED) {
                let rows = places.iter().filter_map(|at| table.row(*at).map(named)).collect();
                // The receiver is gone.
                if reply.send(rows).is_err() {
                    return;
                }
            }
        }
    }

    /// Continues to collect and to scan for a while. Returns true if that is not finished.
    pub fn work(&mut self) -> bool {
        if self.scans.is_empty() && self.collecting.is_none() {
            return false;
        }
        let start = Instant::now();
        self.collect(start + COLLECTING);
        let end = Instant::now() + SLICE;
        while let Some(active) = self.scans.last_mut() {
            let Some(rates) = self.rates.get_mut(active.state) else {
                unreachable!("each state has rates");
            };
            let now = Timestamp::default().after(self.started.elapsed());
            let done = active.scan.look(&*active.table.borrow(), rates, now, STRIDE);
            if let Some(ActiveScan { table, scan, reply, .. }) = self.scans.pop_if(|_| done) {
                reply.send(scan.finish(&*table.borrow()));
            }
            if Instant::now() >= end {
                break;
            }
        }
        !self.scans.is_empty() || self.collecting.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use tokio::sync::oneshot;

    use super::*;
    use crate::core::numbers::WorkerIndex;
    use crate::core::partitions::saved::decode;
    use crate::core::partitions::table::PartitionTable;

    #[test]
    fn the_gate_may_open_before_changes_are_collected_and_the_checkpoint_has_the_states_of_before()
    {
        let table = Rc::new(RefCell::new(PartitionTable::new(WorkerIndex(0))));
        let mut tables = Tables::new(
            vec![("states".into(), SharedPartitions::clone(&(table.clone() as _)))],
            None,
        );
        tables.remember_changes();
        let places: Vec<_> = (0..10_u64)
            .map(|number| {
                let key = Key::from(number.to_string());
                let place = table.borrow_mut().create(key, number, Timestamp(0), true);
                table.borrow_mut().save(place);
                place
            })
            .collect();
        let (processed, mut may_open) = oneshot::channel();
        let (changed, mut collected) = oneshot::channel();
        let (epoch, extent) = (Epoch(1), Extent::Asked);
        let (processed, changed) = (processed.into(), changed.into());
        tables.begin_collecting(SaveRequest { epoch, extent, processed, changed });
        assert!(may_open.try_recv().is_ok() && collected.try_recv().is_err());
        for place in &places {
            let mut table = table.borrow_mut();
            assert!(!table.is_ready(*place) && table.prepare(*place));
            *table.at(*place).map(|partition| &mut partition.state).unwrap() += 100;
            table.save(*place);
        }
        while tables.work() {}
        let mut states: Vec<u64> = collected.try_recv().unwrap().saved[0]
            .1
            .iter()
            .map(|saved| decode(&saved.value).unwrap())
            .collect();
        states.sort_unstable();
        assert_eq!(states, (0..10).collect::<Vec<_>>());
    }
}
