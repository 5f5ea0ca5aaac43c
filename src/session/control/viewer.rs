//! One that looks at a run from another process: what it looks at, and what it has been sent.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::mpsc;

use super::connection::WAITING;
use super::sent::Sent;
use super::then::ThenSent;
use super::travels::Travels;
use crate::core::partitions::sent::Compile;
use crate::session::Session;
use crate::session::look::Look;
use crate::session::orders::{BreakpointOrder, Order};
use crate::session::past::Travel;
use crate::session::rewind::Rewind;
use crate::session::wire::messages::{Looked, ToViewer, Update, ViewSent};
use crate::telemetry::PartitionView;
use crate::wire::frame::{WireError, encode};

/// The shortest time between two updates.
const EVERY: Duration = Duration::from_millis(50);

/// The max number of rows: more than any screen has.
const MAX_ROWS: usize = 1000;

/// How many views are remembered: rows of an earlier one may be on their way.
const VIEWS: usize = 8;

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
    /// The past as it looks at it, where it wants to go there, and what it was sent of it.
    rewind: Rewind,
    travels: Travels,
    then: ThenSent,
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
            rewind: Rewind::default(),
            travels: Travels::default(),
            then: ThenSent::default(),
            next: Instant::now(),
        }
    }

    /// Looks at this from now on.
    pub fn look_at(&mut self, looked: Looked, compile: &Compile) {
        let Looked { revision, view, draft } = looked;
        self.look.look_ahead(draft);
        let ViewSent { state, query, opened, wanted } = view;
        // The same condition as before, or its rows would be asked for anew.
        let mut query = query.received(&self.view.query.filter, compile);
        query.limit = query.limit.min(MAX_ROWS);
        query.from_end = false;
        self.view = PartitionView { state, query, opened, wanted };
        self.views.push_back((revision, self.view.clone()));
        if self.views.len() > VIEWS {
            self.views.pop_front();
        }
        self.dirty = true;
    }

    /// Goes there when it is shown what is new. Back to now, and nowhere, it goes at once: not behind what it wanted before.
    pub fn travel(&mut self, travel: Travel<Arc<str>>, session: &Session) {
        let at_once = match travel {
            Travel::Live => Some(Travel::Live),
            Travel::Stay => Some(Travel::Stay),
            _ => None,
        };
        if let Some(travel) = at_once {
            self.travels.clear();
            self.rewind.travel(session, travel);
        } else if let Err(why) = self.travels.push(travel) {
            self.rewind.tell(why, true);
        }
        self.dirty = true;
    }

    /// It gives this order, which may end its look at the past.
    pub fn prepare_for(&mut self, order: &Order) {
        if order.is_seen_now() {
            self.travels.clear();
        }
        self.rewind.leave_for(order);
        // It waits for the message at which the engine stops.
        let sets = matches!(
            order,
            Order::Breakpoint(BreakpointOrder::Set(_) | BreakpointOrder::SetHold(_))
        );
        self.rewind.goes_to_stops |= sets;
    }

    /// Whether it goes to every stop.
    pub fn goes_to_stops(&self) -> bool {
        self.rewind.goes_to_stops
    }

    /// When [`show`](Self::show) should be called again, if nothing else happens.
    pub fn next(&self, session: &Session) -> Option<Duration> {
        let wait = self.next.saturating_duration_since(Instant::now());
        if self.is_behind() {
            return Some(wait);
        }
        let update = self.dirty.then_some(wait);
        [update, session.next_poll(&self.look)].into_iter().flatten().min()
    }

    /// Sends what is new, if it is time and the last update is on its way. False if the connection is gone.
    pub fn show(&mut self, session: &Session) -> bool {
        if self.sent.is_of_another_life(session) {
            (self.look, self.sent) = (session.new_look(), Sent::nothing(session));
            (self.rewind, self.travels) = (self.rewind.anew(), Travels::default());
            self.dirty = true;
        }
        if self.is_behind() {
            // No worker is asked for what it does not read. It gets the next news when it has these.
            self.next = Instant::now() + EVERY;
            return true;
        }
        self.dirty |= session.poll(&mut self.look, &self.view);
        self.travels.go(&mut self.rewind, session);
        self.dirty |= self.rewind.look(session, &self.view);
        if !self.say_told() {
            return false;
        }
        if !self.dirty || Instant::now() < self.next {
            return true;
        }
        self.next = Instant::now() + EVERY;
        let (before, update, more) = self.update(session);
        self.dirty = more;
        // A message that cannot be written is left out: the next one may be shorter.
        let before = before.iter().filter_map(|message| encode(message).ok());
        before.chain(written(update).ok()).all(|frame| self.tell(frame))
    }

    /// Whether something that it was told is not on its way yet: it reads more slowly than there are news.
    fn is_behind(&self) -> bool {
        self.tell.capacity() < WAITING
    }

    /// Tells it what it has to be told of the past. False if the connection is gone.
    fn say_told(&mut self) -> bool {
        let frames = self.rewind.told().filter_map(|answer| encode(&ToViewer::Answer(answer)).ok());
        frames.collect::<Vec<_>>().into_iter().all(|frame| self.tell(frame))
    }

    /// What is new, and what is to be said before it; and whether there is more than one update has room for.
    fn update(&mut self, session: &Session) -> (Vec<ToViewer>, Update, bool) {
        // Counts first: those that they count are found then.
        let figures = session.figures(&self.look);
        let past = self.rewind.past.as_ref();
        let (figures, before, later) = self.then.figures(session, past, figures);
        let mut views = self.views.iter().rev();
        let rows_of = views.find(|(_, view)| *view == figures.partitions.view);
        let rows_of = rows_of.map(|(revision, _)| *revision);
        let (update, more) = self.sent.update(session, figures, rows_of);
        (before, Update { orders_heard: self.orders_heard, ..update }, more || later)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;
    use crate::application::{Key, Out, Reason, Sink, Source};
    use crate::core::partitions::query::{Condition, Partitions, RowQuery};
    use crate::core::partitions::sent::FilterSent;
    use crate::core::topology::Application;
    use crate::runtime::Settings;

    /// Counts how often workers ask it.
    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Counted {
        fn count(&self) -> usize {
            self.0.load(Ordering::Acquire)
        }
    }

    impl Condition for Counted {
        fn holds(&self, _: &dyn Partitions, _: usize, _: Option<f64>) -> bool {
            self.0.fetch_add(1, Ordering::AcqRel);
            true
        }

        fn asks_for_rate(&self) -> bool {
            false
        }

        fn text(&self) -> &'static str {
            "true"
        }

        fn all_messages(&self) -> u64 {
            0
        }

        fn set_all_messages(&self, _: u64) {}
    }

    /// An engine that has one partition.
    fn session() -> Session {
        let count = |_: u8, count: &mut u64| {
            *count += 1;
            (Some(*count), true)
        };
        let topology = Application::new("x")
            .pipeline("p", Source::new(|bytes: &[u8]| Ok::<_, Reason>(bytes.first().copied())))
            .to_state_partition_with_keys(
                count,
                |_: &Key| 0_u64,
                "counts",
                |byte: &u8| Key::from(&[*byte][..]),
                vec![Key::from("a")],
            )
            .to_sink(Sink::new(|_: &u64, _: &mut Out<'_>| {}))
            .build();
        let topology = Arc::new(topology.unwrap());
        let settings = Settings { precreate: true, injectable: true, ..Settings::new(&topology) };
        Session::start(topology, &settings, None).unwrap()
    }

    /// One that looks at the partitions of which a condition holds.
    fn viewer(session: &Session) -> (Viewer, mpsc::Receiver<Vec<u8>>, Arc<Counted>) {
        let (tell, told) = mpsc::channel(WAITING);
        let counted = Arc::new(Counted::default());
        let condition = Arc::clone(&counted) as Arc<dyn Condition>;
        let compile: Compile = Arc::new(move |_| Some(Arc::clone(&condition)));
        let filter = FilterSent::Condition { text: "true".to_owned(), all_messages: 0 };
        let query = RowQuery { filter, limit: 10, ..RowQuery::default() };
        let view = ViewSent { state: 0, query, opened: None, wanted: None };
        let mut viewer = Viewer::new(false, tell, session);
        viewer.look_at(Looked { revision: 1, view, draft: None }, &compile);
        (viewer, told, counted)
    }

    #[test]
    fn back_to_now_it_goes_at_once_and_not_behind_what_it_wanted_before() {
        let session = session();
        let (mut viewer, _told, _) = viewer(&session);
        for at_once in [Travel::Live, Travel::Stay] {
            viewer.travel(Travel::To(1), &session);
            assert!(!viewer.travels.is_empty());
            viewer.travel(at_once, &session);
            assert!(viewer.travels.is_empty());
        }
    }

    #[test]
    fn workers_are_asked_nothing_for_one_that_does_not_read() {
        let session = session();
        let (mut stuck, _never_read, of_stuck) = viewer(&session);
        let (mut reads, mut told, of_reads) = viewer(&session);
        assert!(stuck.tell(Vec::new()));
        let start = Instant::now();
        while of_reads.count() == 0 {
            assert!(start.elapsed() < Duration::from_mins(1), "no worker has answered");
            assert!(stuck.show(&session) && reads.show(&session));
            while told.try_recv().is_ok() {}
            thread::yield_now();
        }
        // The workers have answered what they were asked before.
        let _ = session.partition_counts();
        assert_eq!(of_stuck.count(), 0);
    }
}
