//! Which partitions have processed the most messages: a question to the workers, of which each answers when it has
//! finished its batch.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use super::counting::gathered;
use crate::core::partitions::query::{RowQuery, RowWindow, SortBy};
use crate::core::partitions::scan::merge;
use crate::runtime::Engine;
use crate::telemetry::KeyMeasured;

/// A question which partitions of the first state have processed the most messages, to all workers.
pub struct TopKeys {
    state: Arc<str>,
    query: RowQuery,
    answers: Receiver<RowWindow>,
    workers: usize,
}

impl TopKeys {
    /// Asks the workers of an engine for so many partitions. If none are wanted or there is no state, nobody is asked.
    pub(super) fn of(engine: &Engine, limit: usize) -> Option<Self> {
        let state = engine.topology().states().first().filter(|_| limit > 0)?;
        let (sort, descending) = (SortBy::Messages, true);
        let query = RowQuery { sort, descending, limit, ..RowQuery::default() };
        let answers = engine.rows(&state.name, &query);
        Some(Self { state: Arc::clone(&state.name), query, answers, workers: engine.workers() })
    }

    /// Waits so long for the answers. Those partitions come first that have processed the most.
    #[must_use]
    pub fn wait(self, patience: Duration) -> Vec<KeyMeasured> {
        let answers = gathered(&self.answers, self.workers, patience);
        let rows = merge(&self.query, answers).rows.into_iter().map(|sorted| KeyMeasured {
            state: Arc::clone(&self.state),
            key: sorted.row.key,
            messages: sorted.row.messages,
        });
        rows.collect()
    }
}
