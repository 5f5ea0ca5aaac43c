//! What a worker can be asked for between two batches.
//!
//! Looking at many partitions takes long, so a worker does it a slice at a time.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use crate::core::partition_query::{RowQuery, RowWindow, Scan};
use crate::core::partition_table::PartitionRow;
use crate::core::steps::SharedPartitions;

/// How many partitions a worker looks at between two batches.
const SLICE: usize = 4096;

/// What a worker can be asked for.
pub(super) enum Request {
    /// Some rows of a state.
    Rows { state: Arc<str>, query: RowQuery, reply: Sender<RowWindow> },
    /// All rows of all states.
    Export { reply: Sender<Vec<PartitionRow>> },
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
            Request::Export { reply } => drop(reply.send(self.export())),
        }
    }

    fn export(&self) -> Vec<PartitionRow> {
        let of_table = |(name, table): &(Arc<str>, SharedPartitions)| {
            let table = table.borrow();
            let named = |row: PartitionRow| PartitionRow { state: name.to_string(), ..row };
            (0..table.len()).filter_map(|at| table.row(at).map(named)).collect::<Vec<_>>()
        };
        self.tables.iter().flat_map(of_table).collect()
    }

    /// Goes on with the scans for a while. True where some are not finished.
    pub fn work(&mut self) -> bool {
        let mut index = 0;
        while let Some(active) = self.scans.get_mut(index) {
            if active.scan.look(&*active.table.borrow(), SLICE) {
                let ActiveScan { table, scan, reply } = self.scans.swap_remove(index);
                drop(reply.send(scan.finish(&*table.borrow())));
            } else {
                index += 1;
            }
        }
        !self.scans.is_empty()
    }
}
