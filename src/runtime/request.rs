//! What a worker can be asked for between two batches.
//!
//! Looking at many partitions takes long, so a worker does it a slice at a time.

use std::sync::Arc;
use std::sync::mpsc::{Sender, SyncSender};
use std::time::{Duration, Instant};

use crate::application::Key;
use crate::core::partition_query::{RowQuery, RowWindow, Scan};
use crate::core::partition_table::PartitionRow;
use crate::core::revival::Revival;
use crate::core::steps::SharedPartitions;

/// How long a worker looks at partitions between two batches.
const SLICE: Duration = Duration::from_micros(300);

/// How many partitions it looks at between two looks at the clock.
const STRIDE: usize = 256;

/// How many rows are sent together.
const EXPORTED: usize = 1024;

/// What a worker can be asked for.
pub(super) enum Request {
    /// Some rows of a state.
    Rows { state: Arc<str>, query: RowQuery, reply: Sender<RowWindow> },
    /// All rows of all states, sorted by state and key. The worker does nothing else until they are
    /// taken.
    Export { reply: SyncSender<Vec<PartitionRow>> },
    /// Give a poisoned partition back to its computations.
    Revive { state: Arc<str>, key: Key, reply: Sender<Revival> },
}

/// A scan that goes on between batches.
struct ActiveScan {
    table: SharedPartitions,
    scan: Scan,
    reply: Sender<RowWindow>,
}

/// The partition tables of a worker, and what it has been asked about them.
pub(super) struct Desk {
    tables: Vec<(Arc<str>, SharedPartitions)>,
    scans: Vec<ActiveScan>,
}

impl Desk {
    pub fn new(tables: Vec<(Arc<str>, SharedPartitions)>) -> Self {
        Self { tables, scans: Vec::new() }
    }

    /// Takes a request. Replies that nobody waits for any more are dropped.
    pub fn take(&mut self, request: Request) {
        match request {
            Request::Rows { state, query, reply } => {
                match self.tables.iter().find(|(name, _)| *name == state) {
                    Some((_, table)) => self.scans.push(ActiveScan {
                        table: SharedPartitions::clone(table),
                        scan: Scan::new(query),
                        reply,
                    }),
                    None => drop(reply.send(RowWindow::default())),
                }
            }
            Request::Export { reply } => self.export(&reply),
            Request::Revive { state, key, reply } => {
                let table = self.tables.iter().find(|(name, _)| *name == state);
                let revival =
                    table.map_or(Revival::NotFound, |(_, table)| table.borrow_mut().revive(&key));
                let _ = reply.send(revival);
            }
        }
    }

    fn export(&self, reply: &SyncSender<Vec<PartitionRow>>) {
        for (name, table) in &self.tables {
            let table = table.borrow();
            let named = |row: PartitionRow| PartitionRow { state: name.to_string(), ..row };
            for places in table.places_by_key().chunks(EXPORTED) {
                let rows = places.iter().filter_map(|at| table.row(*at).map(named)).collect();
                // Who waits no more wants no more.
                if reply.send(rows).is_err() {
                    return;
                }
            }
        }
    }

    /// Goes on with the scans for a while. True where some are not finished.
    pub fn work(&mut self) -> bool {
        if self.scans.is_empty() {
            return false;
        }
        let end = Instant::now() + SLICE;
        while let Some(active) = self.scans.last_mut() {
            let done = active.scan.look(&*active.table.borrow(), STRIDE);
            if let Some(ActiveScan { table, scan, reply }) = self.scans.pop_if(|_| done) {
                drop(reply.send(scan.finish(&*table.borrow())));
            }
            if Instant::now() >= end {
                break;
            }
        }
        !self.scans.is_empty()
    }
}
