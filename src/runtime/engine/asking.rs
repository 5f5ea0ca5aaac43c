//! What an engine is asked about its partitions: each worker answers for those that it owns.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};

use super::Engine;
use crate::application::Key;
use crate::core::foresight::{Copies, StateKey};
use crate::core::partitions::query::{PartitionCount, PartitionRow, Revival, RowQuery, RowWindow};
use crate::runtime::workers::query::{Query, Reply, Request};

impl Engine {
    fn ask<T: Send + 'static>(&self, query: impl Fn(Reply<T>) -> Query) -> Receiver<T> {
        let (reply, replies) = mpsc::channel();
        self.0.workers().ask(|| Request::Query(query(reply.clone().into())));
        replies
    }

    /// Asks every worker how many partitions it has, of each state. Each answers once, unless it has ended.
    #[must_use]
    pub fn partition_counts(&self) -> Receiver<Vec<PartitionCount>> {
        self.ask(|reply| Query::Counts { reply })
    }

    /// Asks every worker for rows of a state. Each sends one window, or none if it has ended.
    /// [`merge`](crate::core::partitions::scan::merge) puts them together.
    #[must_use]
    pub fn rows(&self, state: &Arc<str>, query: &RowQuery) -> Receiver<RowWindow> {
        self.ask(|reply| Query::Rows { state: Arc::clone(state), query: query.clone(), reply })
    }

    /// Asks every worker for one partition. Each answers, unless it has ended; those that do not own it have no
    /// row.
    #[must_use]
    pub fn row(&self, state: &Arc<str>, key: &Key) -> Receiver<Option<PartitionRow>> {
        self.ask(|reply| Query::Row { state: Arc::clone(state), key: key.clone(), reply })
    }

    /// Revives a poisoned partition, with its state as it is. Each worker answers, unless it has ended; those
    /// that do not own the partition answer that they have not found it.
    #[must_use]
    pub fn revive(&self, state: &Arc<str>, key: &Key) -> Receiver<Revival> {
        let replies =
            self.ask(|reply| Query::Revive { state: Arc::clone(state), key: key.clone(), reply });
        // The revival has to be part of the next checkpoint.
        self.shared().gate.change();
        replies
    }

    /// Copies of these partitions. Each worker answers with those that it owns, unless it has ended.
    #[must_use]
    pub fn copies(&self, wanted: &Arc<[StateKey]>) -> Receiver<Copies> {
        self.ask(|reply| Query::Copies { wanted: Arc::clone(wanted), reply })
    }

    /// All partitions of all states, sorted by state and key. It waits for the workers, and they wait until the
    /// rows are taken: few are in memory at a time.
    pub fn export(&self) -> impl Iterator<Item = PartitionRow> {
        let replies = self.0.workers().ask_each(|| {
            let (reply, rows) = mpsc::sync_channel(1);
            (Request::Query(Query::Export { reply }), rows)
        });
        // A worker that has ended gives no rows.
        let rows = replies.into_iter().map(|rows| rows.into_iter().flatten().peekable());
        let mut sorted: Vec<_> = rows.collect();
        std::iter::from_fn(move || {
            let heads = sorted.iter_mut().enumerate();
            let heads = heads.filter_map(|(at, rows)| rows.peek().map(|row| (at, row)));
            let (first, _) = heads.min_by_key(|(_, row)| (&row.state, &row.key))?;
            sorted.get_mut(first)?.next()
        })
    }
}
