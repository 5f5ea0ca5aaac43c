//! One that looks at a run from another process: what it looks at, and what it has been sent.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::mpsc;

use super::connection::WAITING;
use super::sent::Sent;
use crate::core::partitions::query::{Condition, RowFilter, RowQuery};
use crate::session::Session;
use crate::session::look::Look;
use crate::session::wire::frame::{WireError, encode};
use crate::session::wire::messages::{FilterSent, Looked, ToViewer, Update, ViewSent};
use crate::telemetry::PartitionView;

/// The shortest time between two updates.
const EVERY: Duration = Duration::from_millis(50);

/// The max number of rows: more than any screen has.
const MAX_ROWS: usize = 1000;

/// How many views are remembered: rows of an earlier one may be on their way.
const VIEWS: usize = 8;

/// Understands a condition about partitions as it was typed. `None` if it is none.
pub type Compile = Box<dyn Fn(&str) -> Option<Arc<dyn Condition>>>;

/// One that looks.
pub(super) struct Viewer {
    /// Whether it may only look.
    pub read_only: bool,
    /// Whether there may be something new.
    pub dirty: bool,
    /// How many of its orders were heard.
    pub orders_heard: u64,
    tell: mpsc::Sender<Vec<u8>>,
    view: PartitionView,
    /// The newest views, with their revisions.
    views: VecDeque<(u64, PartitionView)>,
    look: Look,
    sent: Sent,
    /// When the next update may be made.
    next: Instant,
}

impl Viewer {
    pub fn new(read_only: bool, tell: mpsc::Sender<Vec<u8>>, session: &Session) -> Self {
        Self {
            read_only,
            dirty: true,
            tell,
            orders_heard: 0,
            view: PartitionView::default(),
            views: VecDeque::new(),
            look: session.new_look(),
            sent: Sent::nothing(session),
            next: Instant::now(),
        }
    }

    /// Looks at this from now on.
    pub fn look_at(&mut self, looked: Looked, compile: &Compile) {
        let Looked { revision, view, draft } = looked;
        self.look.look_ahead(draft);
        let filter = self.filter(view.filter, compile);
        let ViewSent { state, sort, descending, offset, limit, pinned, opened, wanted, filter: _ } =
            view;
        let limit = limit.min(MAX_ROWS);
        let query = RowQuery { sort, descending, filter, offset, from_end: false, limit, pinned };
        self.view = PartitionView { state, query, opened, wanted };
        self.views.push_back((revision, self.view.clone()));
        if self.views.len() > VIEWS {
            self.views.pop_front();
        }
        self.dirty = true;
    }

    /// The same condition as before is not understood anew, or its rows would be asked for anew.
    fn filter(&self, filter: FilterSent, compile: &Compile) -> RowFilter {
        let (text, whole) = match filter {
            FilterSent::Text(text) => return RowFilter::Text(text),
            FilterSent::Condition { text, whole } => (text, whole),
        };
        let condition = match &self.view.query.filter {
            RowFilter::Condition(now) if now.text() == text => Some(Arc::clone(now)),
            _ => compile(&text),
        };
        match condition {
            Some(condition) => {
                condition.set_whole(whole);
                RowFilter::Condition(condition)
            }
            // Both ends are the same program, so it is one.
            None => RowFilter::Text(text),
        }
    }

    /// When [`show`](Self::show) should be called again, if nothing else happens.
    pub fn next(&self, session: &Session) -> Option<Duration> {
        let update = self.dirty.then(|| self.next.saturating_duration_since(Instant::now()));
        [update, session.next_poll(&self.look)].into_iter().flatten().min()
    }

    /// Sends what is new, if it is time and the last update is on its way. False if the connection is gone.
    pub fn show(&mut self, session: &Session) -> bool {
        if self.sent.is_of_another_life(session) {
            (self.look, self.sent) = (session.new_look(), Sent::nothing(session));
            self.dirty = true;
        }
        self.dirty |= session.poll(&mut self.look, &self.view);
        if !self.dirty || Instant::now() < self.next {
            return true;
        }
        self.next = Instant::now() + EVERY;
        if self.tell.capacity() < WAITING {
            // It reads more slowly than there are news: it gets the next ones when it has these.
            return true;
        }
        let (update, more) = self.update(session);
        self.dirty = more;
        // A message that cannot be written is left out: the next one may be shorter.
        written(update).map_or(true, |frame| self.tell(frame))
    }

    fn update(&mut self, session: &Session) -> (Update, bool) {
        // Counts first: those that they count are found then.
        let figures = session.figures(&self.look);
        let mut views = self.views.iter().rev();
        let rows_of = views.find(|(_, view)| *view == figures.partitions.view);
        let rows_of = rows_of.map(|(revision, _)| *revision);
        let (update, more) = self.sent.update(session, figures, rows_of);
        (Update { orders_heard: self.orders_heard, ..update }, more)
    }

    /// Tells it something. False if it is gone, or has not read what it was told before.
    pub fn tell(&self, frame: Vec<u8>) -> bool {
        self.tell.try_send(frame).is_ok()
    }
}

/// An update as a frame. If it is too long, the values of partitions are left out.
fn written(update: Update) -> Result<Vec<u8>, WireError> {
    let message = ToViewer::Update(Box::new(update));
    match encode(&message) {
        Err(WireError::TooLong(..)) => {}
        written => return written,
    }
    let ToViewer::Update(mut update) = message else { return Err(WireError::Nonsense) };
    let partitions = &mut update.figures.partitions;
    let too_long = || Value::from("too long to be shown from another process");
    partitions.rows.iter_mut().for_each(|shown| shown.row.value = too_long());
    if let Some(opened) = &mut partitions.opened {
        opened.row.iter_mut().for_each(|shown| shown.row.value = too_long());
        (opened.first, opened.traces) = (None, Vec::new());
    }
    encode(&ToViewer::Update(update))
}
