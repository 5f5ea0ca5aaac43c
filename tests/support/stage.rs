//! The real workbench on a real engine, with votes from a seed, for pictures and screens that must be
//! the same on every run.
//!
//! All that is shown comes from the engine, but for what differs from run to run because it is a time:
//! throughput, latency, rates, and the hops' and partitions' moments are set to fixed figures.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tempfile::TempDir;
use tracing_subscriber::prelude::*;
use wallaroo::core::frames::dead_letter::DeadLetter;
use wallaroo::core::frames::trace::Trace;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::core::partitions::query::{RowWindow, SortBy};
use wallaroo::core::partitions::scan::merge;
use wallaroo::core::replay::memory::RecordedInMemory;
use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::Settings;
use wallaroo::session::Session;
use wallaroo::session::orders::{Answer, HeldOrder, Order};
use wallaroo::session::past::RECORDED;
use wallaroo::telemetry::{Log, LogLevel, OutputShown, PartitionView, ShrinkShown, Snapshot};
use wallaroo::workbench::{Effect, Theme, Workbench};
use wallaroo::{Generator, Topology};

#[path = "stage/steady.rs"]
mod steady;

/// The workbench and its engine.
pub struct Stage {
    pub session: Session,
    pub workbench: Workbench,
    area: Rect,
    sent: u64,
    /// The dead letters, messages and outputs of the engine, each with what is shown of it: the same one every
    /// time, because a selection is of the thing itself.
    letters: Vec<[Arc<DeadLetter>; 2]>,
    traces: Vec<[Arc<Trace>; 2]>,
    outputs: Vec<[Arc<OutputShown>; 2]>,
    /// Where it saves, if it is recorded.
    saved: Option<TempDir>,
}

impl Stage {
    /// A workbench whose engine is recorded, so that it has a past.
    pub fn recorded(topology: Topology, theme: Theme, width: u16, height: u16) -> Self {
        Self::open_with(topology, theme, width, height, Some(tempfile::tempdir().unwrap()))
    }

    /// A workbench of this size on an engine with two workers.
    pub fn open(topology: Topology, theme: Theme, width: u16, height: u16) -> Self {
        Self::open_with(topology, theme, width, height, None)
    }

    fn open_with(
        topology: Topology,
        theme: Theme,
        width: u16,
        height: u16,
        saved: Option<TempDir>,
    ) -> Self {
        let topology = Arc::new(topology);
        let workers = 2.try_into().unwrap();
        let resilience = saved.as_ref().map(|saved| ResilienceSettings::new(saved.path().into()));
        let recorded = saved.as_ref().map(|_| Arc::new(RecordedInMemory::new(RECORDED)));
        let injectable = true;
        let settings =
            Settings { workers, injectable, resilience, recorded, ..Settings::new(&topology) };
        // The log of this stage alone: tests run side by side.
        let log_alone = tracing_subscriber::registry().with(Log::new(LogLevel::Info).layer());
        let session = tracing::subscriber::with_default(log_alone, || {
            Session::start(Arc::clone(&topology), &settings, None).unwrap()
        });
        let workbench = Workbench::new(topology, theme, session.snapshot());
        let area = Rect::new(0, 0, width, height);
        let (letters, traces, outputs) = (Vec::new(), Vec::new(), Vec::new());
        let mut stage = Self { session, workbench, area, sent: 0, letters, traces, outputs, saved };
        stage.workbench.resize(area);
        stage.show_changed(|_| {});
        stage
    }

    /// Sends random messages, and waits until they have been processed.
    pub fn generate(&mut self, messages: u64, seed: u64, skew: f64) {
        let topology = Arc::clone(self.session.engine().topology());
        let source = &topology.pipelines()[0].source;
        let make = source.generate.as_ref().unwrap();
        let mut generator = Generator::new(seed, skew);
        let frames =
            (0..messages).flat_map(|_| source.framing.frame(&make(&mut generator)).unwrap());
        self.session.engine().inject(PipelineIndex(0), frames.collect::<Bytes>()).unwrap();
        self.sent += messages;
        self.settle();
    }

    /// Sends the frame of a message, and waits until it has been processed.
    pub fn send(&mut self, payload: &[u8]) {
        let topology = Arc::clone(self.session.engine().topology());
        let bytes = topology.pipelines()[0].source.framing.frame(payload).unwrap();
        self.session.engine().inject(PipelineIndex(0), bytes.into()).unwrap();
        self.sent += 1;
        self.settle();
    }

    /// Waits until so many messages that came by themselves have been processed.
    pub fn await_more(&mut self, messages: u64) {
        self.sent += messages;
        self.settle();
    }

    /// Types a line and presses Enter, and waits until the message has been processed.
    pub fn vote(&mut self, line: &str) {
        self.text(line);
        self.key(KeyCode::Enter, KeyModifiers::NONE);
    }

    /// The same for a message that becomes so many outputs.
    pub fn vote_of_many(&mut self, line: &str, outputs: u64) {
        self.text(line);
        self.sent += outputs - 1;
        self.key(KeyCode::Enter, KeyModifiers::NONE);
    }

    /// Types text.
    pub fn text(&mut self, text: &str) {
        text.chars().for_each(|character| self.key(KeyCode::Char(character), KeyModifiers::NONE));
    }

    /// Pastes a text.
    pub fn paste(&mut self, text: &str) {
        assert_eq!(self.workbench.handle(&Event::Paste(text.to_owned())), None);
        self.settle();
    }

    /// Clicks, does what comes of it, and waits until it is done.
    pub fn click(&mut self, column: u16, row: u16) {
        // Where things are is known when they have been drawn.
        self.draw();
        let kind = MouseEventKind::Down(MouseButton::Left);
        let event = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
        self.workbench.use_mouse(true);
        if let Some(Effect::Travel(travel)) = self.workbench.handle(&Event::Mouse(event)) {
            self.session.travel(travel);
        }
        self.settle();
    }

    /// Presses a key, does what comes of it, and waits until it is done.
    pub fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        let event = Event::Key(KeyEvent::new(code, modifiers));
        match self.workbench.handle(&event) {
            Some(Effect::Order(Order::Inject(pipeline, bytes))) => {
                self.session.obey(Order::Inject(pipeline, bytes)).unwrap();
                self.sent += 1;
            }
            Some(Effect::Travel(travel)) => self.session.travel(travel),
            Some(Effect::Order(order @ (Order::Breakpoint(_) | Order::Held(_)))) => {
                // What takes the place of a message is one more.
                self.sent += u64::from(matches!(order, Order::Held(HeldOrder::Edit(..))));
                assert_eq!(self.session.obey(order).unwrap(), None);
            }
            Some(Effect::Order(Order::PauseOrResume))
                if self.session.snapshot().breakpoints.hit.is_some() =>
            {
                self.session.obey(Order::PauseOrResume).unwrap();
            }
            Some(Effect::Order(
                order @ (Order::WhatIf(_)
                | Order::EndWhatIf
                | Order::Shrink(_)
                | Order::EndShrink
                | Order::Undo
                | Order::Test(_)),
            )) => {
                if let Some(Answer::Refused(why)) = self.session.obey(order).unwrap() {
                    self.workbench.notify(why, true);
                }
            }
            Some(Effect::Order(Order::Revive { state, key })) => {
                let revival = self.session.revive(&state, &key, Duration::from_mins(1));
                self.workbench.revived(&key, revival);
            }
            _ => {}
        }
        self.settle();
    }

    /// Waits until everything that was sent has been processed and is shown.
    fn settle(&mut self) {
        let patience = Instant::now() + Duration::from_mins(1);
        // Of the snapshot before: the parts of one are not of the same moment, so its rows may be older than
        // its totals.
        let mut all_done = false;
        loop {
            let view = self.workbench.view();
            self.session.look_ahead(self.workbench.draft());
            let asked = asked(&view);
            self.session.refresh(&asked);
            for answer in self.session.told() {
                match answer {
                    Answer::Refused(text) => self.workbench.notify(text, true),
                    Answer::Told(text) => self.workbench.notify(text, false),
                    other => panic!("{other:?}"),
                }
            }
            let looked = !self.session.is_looking_ahead();
            let mut snapshot = self.session.snapshot();
            let ended = snapshot.totals.messages_out + snapshot.totals.dead_letters;
            let shown = snapshot.partitions.up_to_date && snapshot.partitions.view == asked;
            snapshot.partitions.view = view;
            // A letter is counted a moment before it is kept.
            let kept = snapshot.dead_letters.len() as u64 == snapshot.totals.dead_letters;
            // An output may be written a moment before its worker has told of it.
            let told = snapshot.pipelines.iter().all(|pipeline| {
                let last = pipeline.steps.last().map_or(0, |step| step.given);
                !pipeline.has_sink || last >= pipeline.messages_out
            });
            let done = match &snapshot.past {
                // What waits behind a message that is held does not end.
                None => is_held(&snapshot).unwrap_or(ended == self.sent) && kept && told && looked,
                // What came of what was sent is not known of then.
                Some(_) => looked,
            };
            let branched = snapshot.branch.as_ref().is_none_or(|branch| branch.outcome.is_some());
            let is_searching = snapshot.shrinking.as_ref().is_some_and(ShrinkShown::is_searching);
            let is_judging = snapshot.breakpoints.is_judging;
            let is_undoing = snapshot.undo.is_busy();
            let done = done && !snapshot.replaying && !is_judging && branched && !is_searching;
            let done = done && !is_undoing;
            let was_done = std::mem::replace(&mut all_done, done);
            if was_done && all_done && (shown || asked.query.limit == 0) {
                let shown = self.steady(snapshot);
                self.workbench.show(shown);
                return;
            }
            assert!(Instant::now() < patience, "{ended} of {} ended", self.sent);
            std::thread::yield_now();
        }
    }

    /// Shows what there is, changed by hand: for what would take a stage of its own to happen.
    pub fn show_changed(&mut self, change: impl FnOnce(&mut Snapshot)) {
        let mut snapshot = self.steady(self.session.snapshot());
        // The engine was asked for another order: see `asked`.
        snapshot.partitions.view.query.sort = self.workbench.view().query.sort;
        change(&mut snapshot);
        self.workbench.show(snapshot);
    }

    /// Asks the workers for the rows that are shown, and waits for the answer: what a look costs.
    pub fn look(&mut self) -> RowWindow {
        let topology = self.session.engine().topology();
        let view = self.workbench.view();
        let query = &view.query;
        let windows = self.session.engine().rows(&topology.states()[view.state].name, query);
        merge(query, windows)
    }

    /// The screen, with the cursor as a reversed cell.
    pub fn draw(&self) -> Buffer {
        let mut buffer = Buffer::empty(self.area);
        if let Some(cursor) = self.workbench.draw(self.area, &mut buffer) {
            let cell = &mut buffer[cursor];
            cell.modifier.toggle(ratatui::style::Modifier::REVERSED);
        }
        buffer
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        text_of(&self.draw())
    }
}

/// Whether nobody has decided yet what becomes of the message that is held; `None` if none is.
fn is_held(snapshot: &Snapshot) -> Option<bool> {
    snapshot.breakpoints.held.as_ref().map(|held| held.decided.is_none())
}

/// A buffer's characters, a line a row.
pub fn text_of(buffer: &Buffer) -> String {
    let row = |y: u16| {
        let cells = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol());
        cells.collect::<String>().trim_end().to_owned()
    };
    (0..buffer.area.height).map(row).collect::<Vec<_>>().join("\n")
}

/// What the engine is asked for: rates are fixed figures here, so rows that are sorted by them are sorted by their
/// messages.
fn asked(view: &PartitionView) -> PartitionView {
    let mut asked = view.clone();
    if asked.query.sort == SortBy::Rate {
        asked.query.sort = SortBy::Messages;
    }
    asked
}
