//! The partitions whose keys contain a text, for a front end that lets its user choose one: a few of each state, as
//! they were when the text was typed.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::question::{LOOK, Question};
use crate::core::numbers::Timestamp;
use crate::core::partitions::query::{PartitionRow, RowFilter, RowQuery, RowWindow, SortBy};
use crate::core::partitions::row;
use crate::core::partitions::scan::merge;
use crate::runtime::Engine;

/// How many partitions of a state are found.
const FOUND: usize = 20;

/// The partitions whose keys contain a text.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FoundPartitions {
    /// The text, in both cases unless it has capitals.
    pub text: String,
    /// Of each state, those with the most messages first.
    pub rows: Vec<FoundPartition>,
}

/// A partition that was found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FoundPartition {
    /// Its state's place in the topology.
    pub state: usize,
    /// The partition.
    #[serde(with = "row::whole")]
    pub row: PartitionRow,
}

/// Looks for the partitions whose keys contain a text.
#[derive(Default)]
pub(super) struct FoundWatch {
    wanted: Option<String>,
    /// What the workers are asked, for each state.
    asked: Option<(String, Vec<Question<RowWindow>>)>,
    found: Option<Arc<FoundPartitions>>,
}

impl FoundWatch {
    /// The partitions that were found for the newest text that has been answered.
    pub fn shown(&self) -> Option<Arc<FoundPartitions>> {
        self.found.clone()
    }

    /// Whether they are those of the text that is wanted.
    pub fn is_up_to_date(&self) -> bool {
        self.wanted.as_ref() == self.found.as_ref().map(|found| &found.text)
    }

    /// Takes answers, and asks for another text. True if something has been found, or is not wanted any more. One
    /// text at a time is asked for: workers are not kept busy by somebody who types fast.
    pub fn poll(&mut self, engine: &Engine, wanted: Option<&str>) -> bool {
        if self.wanted.as_deref() != wanted {
            self.wanted = wanted.map(str::to_owned);
        }
        let answered = self.take_answers(engine);
        let Some(text) = &self.wanted else {
            self.asked = None;
            return self.found.take().is_some();
        };
        if self.asked.is_none() && !self.is_up_to_date() {
            let query = query(text);
            let ask = |name| Question::new(Timestamp(0), 0, engine.rows(name, &query));
            let states = engine.topology().states().iter();
            self.asked = Some((text.clone(), states.map(|state| ask(&state.name)).collect()));
        }
        answered
    }

    /// When [`poll`](Self::poll) should be called again, if nothing else happens.
    pub fn next_poll(&self) -> Option<Duration> {
        (self.asked.is_some() || !self.is_up_to_date()).then_some(LOOK)
    }

    fn take_answers(&mut self, engine: &Engine) -> bool {
        let workers = engine.workers();
        let all = |(_, questions): &mut (String, Vec<Question<RowWindow>>)| {
            // Each of them takes what has come.
            let answered = questions.iter_mut().map(|question| question.is_answered(workers));
            answered.filter(|answered| !answered).count() == 0
        };
        let Some((text, questions)) = self.asked.take_if(all) else { return false };
        let query = query(&text);
        let of_state = |(state, question): (usize, Question<RowWindow>)| {
            let rows = merge(&query, question.answers).rows;
            rows.into_iter().map(move |sorted| FoundPartition { state, row: sorted.row })
        };
        let rows = questions.into_iter().enumerate().flat_map(of_state).collect();
        self.found = Some(Arc::new(FoundPartitions { text, rows }));
        true
    }
}

pub(super) fn query(text: &str) -> RowQuery {
    RowQuery {
        sort: SortBy::Messages,
        descending: true,
        filter: RowFilter::Text(text.to_owned()),
        limit: FOUND,
        ..RowQuery::default()
    }
}
