//! The few partitions that a front end shows, kept up to date without holding up the workers.
//!
//! One question at a time is asked. The wait for the next one is proportional to the time of the last
//! answer: with millions of partitions, workers spend only a small part of their time on answers.

pub(super) mod found;
pub(super) mod opened;
pub(super) mod question;
pub(super) mod rates;
pub(super) mod still;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::application::Key;
use crate::core::numbers::{Timestamp, WorkerIndex};
use crate::core::partitions::query::{RowQuery, RowWindow};
use crate::core::partitions::scan::merge;
use crate::core::partitions::sort_value::SortValue;
use crate::runtime::Engine;
use found::{FoundPartitions, FoundWatch};
use opened::{OpenedPartition, OpenedWatch, PartitionName};
use question::{LOOK, Question};
use rates::{HISTORY, MIN_WAIT, Seen, ShownRow, next_rate};

/// The longest time between two questions, also after an answer that took long because the workers had
/// other work.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// The wait for the next question, as a multiple of the time of the last answer.
const WAIT_FACTOR: u32 = 20;

/// How long rates are of use: nothing older would be shown.
const REMEMBERED_FOR: Duration = Duration::from_secs(HISTORY as u64);

/// How many partitions that are out of sight keep their rates, for when they are shown again.
const REMEMBERED: usize = 1000;

/// Which partitions a front end shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartitionView {
    /// The state's place in the topology.
    pub state: usize,
    /// Which of its rows.
    pub query: RowQuery,
    /// The partition that is looked at closely, whether its row is shown or not.
    pub opened: Option<PartitionName>,
    /// A text: partitions of all states whose keys contain it are looked for, beside the rows.
    pub wanted: Option<String>,
}

/// The rows that a front end shows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PartitionsShown {
    /// What was asked. The one that gets it from another process knows that itself.
    #[serde(skip)]
    pub view: PartitionView,
    /// When it was asked.
    pub asked: Timestamp,
    /// The rows, from the query's offset on.
    pub rows: Vec<ShownRow>,
    /// How many partitions the filter lets through.
    pub matching: usize,
    /// How many partitions the state has.
    pub total: usize,
    /// How many of them were created by a message.
    pub dynamic: usize,
    /// How many each worker owns.
    pub by_worker: BTreeMap<WorkerIndex, usize>,
    /// Whether no partition has changed since these rows were asked for.
    pub up_to_date: bool,
    /// The partition that is looked at closely.
    pub opened: Option<OpenedPartition>,
    /// The partitions that were looked for.
    pub found: Option<Arc<FoundPartitions>>,
}

/// What the workers are asked for, and how.
struct Asked {
    view: PartitionView,
    query: RowQuery,
    question: Question<RowWindow>,
}

/// The owner of a partition when it was shown last, and its former owner.
type Owner = (WorkerIndex, Option<(WorkerIndex, Timestamp)>);

/// Keeps the rows of one view up to date.
#[derive(Default)]
pub(crate) struct PartitionWatch {
    asked: Option<Asked>,
    opened: OpenedWatch,
    found: FoundWatch,
    not_before: Timestamp,
    shown: Arc<PartitionsShown>,
    seen: HashMap<Key, Seen>,
    owners: HashMap<Key, Owner>,
    /// The count of work when the shown rows were asked for; `None` if the rows may not be the ones of the
    /// view.
    shown_work: Option<u64>,
}

impl PartitionWatch {
    /// The newest rows. `work` is as in [`poll`](Self::poll).
    pub fn shown(&self, work: u64) -> PartitionsShown {
        let others = self.opened.is_up_to_date(work) && self.found.is_up_to_date();
        let up_to_date = self.shown_work == Some(work) && others;
        let (opened, found) = (self.opened.shown(), self.found.shown());
        PartitionsShown { up_to_date, opened, found, ..PartitionsShown::clone(&self.shown) }
    }

    /// Takes answers, and asks again if the view or the partitions have changed. True if the rows are
    /// new. `work` is any count that grows when partitions change.
    pub fn poll(&mut self, engine: &Engine, view: &PartitionView, work: u64) -> bool {
        let now = engine.now();
        let answered = self.opened.poll(engine, view.opened.as_ref(), work);
        let answered = self.found.poll(engine, view.wanted.as_deref()) || answered;
        let answered = self.take_answers(engine, now) || answered;
        if self.shown.view.wanted != view.wanted {
            // The rows are the same: they need not be asked for again.
            Arc::make_mut(&mut self.shown).view.wanted.clone_from(&view.wanted);
        }
        let new_view = self.shown.view != *view;
        let outdated = new_view || self.shown_work != Some(work) || self.rates_fade(now);
        if outdated && self.asked.is_none() && (new_view || now >= self.not_before) {
            let Some(state) = engine.topology().states().get(view.state) else {
                // Without states there is nothing to look at, ever.
                self.shown_work = Some(work);
                return answered;
            };
            let query = from_the_nearer_end(view, &self.shown);
            let question = Question::new(now, work, engine.rows(&state.name, &query));
            self.asked = Some(Asked { view: view.clone(), query, question });
        }
        answered
    }

    /// Asks again, because a partition has changed without a message. A pending question is dropped: it
    /// may have been answered before the change.
    pub fn ask_anew(&mut self) {
        self.asked = None;
        self.shown_work = None;
        self.opened.ask_anew();
    }

    /// When [`poll`](Self::poll) should be called again, if nothing else happens.
    pub fn next_poll(&self, now: Timestamp, work: u64) -> Option<Duration> {
        let opened = self.opened.next_poll(now, work);
        let rows = self.next_poll_of_rows(now, work);
        [rows, opened, self.found.next_poll()].into_iter().flatten().min()
    }

    fn next_poll_of_rows(&self, now: Timestamp, work: u64) -> Option<Duration> {
        if self.asked.is_some() {
            Some(LOOK)
        } else if self.shown_work != Some(work) || self.rates_are_moving() {
            Some(self.not_before.since(now).max(MIN_WAIT))
        } else {
            None
        }
    }

    fn rates_are_moving(&self) -> bool {
        let moves = |row: &ShownRow| {
            row.rate.is_none_or(|rate| rate > 0.0) || row.history.iter().any(|rate| *rate > 0)
        };
        self.shown.rows.iter().any(moves)
    }

    /// Whether rows show a rate that is out of date.
    fn rates_fade(&self, now: Timestamp) -> bool {
        let is_old =
            |row: &ShownRow| self.seen.get(&row.row.key).is_some_and(|seen| seen.is_old(now));
        self.rates_are_moving() && self.shown.rows.iter().any(is_old)
    }

    fn take_answers(&mut self, engine: &Engine, now: Timestamp) -> bool {
        let answered = |asked: &mut Asked| asked.question.is_answered(engine.workers());
        let Some(asked) = self.asked.take_if(answered) else { return false };
        let wait = now.since(asked.question.asked).saturating_mul(WAIT_FACTOR);
        self.not_before = now.after(wait.clamp(MIN_WAIT, MAX_WAIT));
        let matching = self.shown.matching;
        let (by_the_end, work) = (asked.query.from_end, asked.question.work);
        self.show(asked, now);
        // Rows that are counted from the end are those of the view only if the end did not move.
        let in_place = !by_the_end || self.shown.matching == matching;
        self.shown_work = in_place.then_some(work);
        true
    }

    fn show(&mut self, Asked { view, query, question }: Asked, now: Timestamp) {
        let window = merge(&query, question.answers);
        let mut seen = HashMap::with_capacity(window.rows.len());
        let mut owners = HashMap::with_capacity(window.rows.len());
        let rows = window.rows.into_iter().map(|sorted| {
            let row = sorted.row;
            let entry = next_rate(self.seen.remove(&row.key), row.messages, now);
            let history = entry.history.iter().copied().collect();
            // Where rows are sorted by their rate, it is the rate of the worker that sorted them.
            let rate = match sorted.value {
                SortValue::Rate(rate, _) => rate,
                _ => entry.rate,
            };
            seen.insert(row.key.clone(), entry);
            let moved = match self.owners.get(&row.key).copied() {
                Some((before, _)) if before != row.worker => Some((before, now)),
                known => known.and_then(|(_, moved)| moved),
            };
            owners.insert(row.key.clone(), (row.worker, moved));
            ShownRow { row, rate, history, moved }
        });
        let rows = rows.collect();
        // Those that have just gone out of sight may come back.
        let others = self.seen.drain().filter(|(_, seen)| now.since(seen.at) < REMEMBERED_FOR);
        seen.extend(others.take(REMEMBERED));
        self.seen = seen;
        self.owners = owners;
        self.shown = Arc::new(PartitionsShown {
            view,
            asked: question.asked,
            rows,
            matching: window.matching,
            total: window.total,
            dynamic: window.dynamic,
            by_worker: window.by_worker,
            up_to_date: true,
            opened: None,
            found: None,
        });
    }
}

/// The query for a view's rows that is answered fastest. How many rows there are is known from the
/// answer before.
fn from_the_nearer_end(view: &PartitionView, shown: &PartitionsShown) -> RowQuery {
    let query = view.query.clone();
    let before = &shown.view;
    let comparable = before.state == view.state && before.query.filter == query.filter;
    let after = shown.matching.saturating_sub(query.offset.saturating_add(query.limit));
    if !comparable || after >= query.offset {
        return query;
    }
    let limit = query.limit.min(shown.matching.saturating_sub(query.offset));
    RowQuery { offset: after, limit, from_end: true, ..query }
}
