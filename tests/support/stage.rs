//! The real workbench on a real engine, with votes from a seed, for pictures and screens that must be
//! the same on every run.
//!
//! All that is shown comes from the engine, but for what differs from run to run because it is a time:
//! throughput, latency, rates, and the hops' and partitions' moments are set to fixed figures.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tempfile::TempDir;
use tracing_subscriber::prelude::*;
use wallaroo::core::frames::dead_letter::DeadLetter;
use wallaroo::core::frames::trace::{Hop, Trace};
use wallaroo::core::numbers::{PipelineIndex, Timestamp};
use wallaroo::core::partitions::query::{RowWindow, SortBy};
use wallaroo::core::partitions::scan::merge;
use wallaroo::core::replay::memory::RecordedInMemory;
use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::Settings;
use wallaroo::session::Session;
use wallaroo::session::orders::{Answer, Order};
use wallaroo::session::past::RECORDED;
use wallaroo::telemetry::{
    Bar, LatencyShown, LatencySummary, Log, LogLevel, LogLine, OutputShown, PartitionView,
    ShrinkShown, Snapshot, Throughput, TracedShare,
};
use wallaroo::workbench::{Effect, Theme, Workbench};
use wallaroo::{Generator, Topology};

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
            Some(Effect::Order(order @ Order::Breakpoint(_))) => {
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
                None => ended == self.sent && kept && told && looked,
                // What came of what was sent is not known of then.
                Some(_) => looked,
            };
            let branched = snapshot.branch.as_ref().is_none_or(|branch| branch.outcome.is_some());
            let is_searching = snapshot.shrinking.as_ref().is_some_and(ShrinkShown::is_searching);
            let is_judging = snapshot.breakpoints.is_judging;
            let done = done && !snapshot.replaying && !is_judging && branched && !is_searching;
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

    /// The snapshot with fixed figures wherever it shows a time.
    fn steady(&mut self, mut snapshot: Snapshot) -> Snapshot {
        for letter in &mut snapshot.dead_letters {
            let at = Timestamp(1_234_000_000 * letter.sequence.0);
            *letter =
                known(&mut self.letters, letter, |letter| DeadLetter { at, ..letter.clone() });
        }
        let traces = &mut self.traces;
        // One that was on its way is shown anew.
        traces.retain(|[trace, steady]| trace.hops().len() == steady.hops().len());
        snapshot.traces.iter_mut().for_each(|trace| *trace = known(traces, trace, steady_trace));
        if let Some(opened) = &mut snapshot.partitions.opened {
            let of_partition = opened.first.iter_mut().chain(&mut opened.traces);
            of_partition.for_each(|trace| *trace = known(traces, trace, steady_trace));
            opened.values = (60_u64..)
                .zip(&opened.values)
                .map(|(at, (_, value))| (Timestamp(2 * at * 1_000_000_000), *value))
                .collect();
            if let Some(row) = &mut opened.row {
                row.rate = snapshot.past.is_none().then_some(60.0);
                row.row.created = Some(Timestamp(61_000_000_000));
            }
        }
        if let Some(past) = &mut snapshot.past {
            past.trace = past.trace.take().map(|trace| known(traces, &trace, steady_trace));
        }
        if self.saved.is_some() {
            // How many checkpoints there were depends on how fast it went.
            (snapshot.safety, snapshot.events) = (None, Vec::new());
        }
        if let Some(shrinking) = &mut snapshot.shrinking {
            shrinking.took = Duration::from_millis(300);
        }
        for output in &mut snapshot.outputs {
            *output = known(&mut self.outputs, output, |output| OutputShown {
                read_at: Timestamp(61_000_000_000),
                at: Timestamp(61_000_018_000),
                ..output.clone()
            });
        }
        steady(snapshot)
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

/// What is shown of a thing of the engine.
fn known<T>(all: &mut Vec<[Arc<T>; 2]>, thing: &Arc<T>, steady: impl Fn(&T) -> T) -> Arc<T> {
    if let Some([_, steady]) = all.iter().find(|[known, _]| Arc::ptr_eq(known, thing)) {
        return Arc::clone(steady);
    }
    let steady = Arc::new(steady(thing));
    all.push([Arc::clone(thing), Arc::clone(&steady)]);
    steady
}

/// The figures of a snapshot that are fixed.
fn steady(snapshot: Snapshot) -> Snapshot {
    let mut snapshot = Snapshot { uptime: Duration::from_secs(183), ..snapshot };
    if snapshot.totals.messages_in > 0 {
        snapshot.throughput = Throughput::of_seconds((0..75).map(wave));
        let latency = LatencySummary {
            p50: 18.0,
            p90: 31.0,
            p99: 74.0,
            p999: 210.0,
            max: 940.0,
            count: snapshot.totals.messages_out,
        };
        let counts = [0, 2, 190, 640, 85, 21, 0, 0, 0, 0, 0, 0];
        for shown in &mut snapshot.latencies {
            let bars = shown.bars.iter().zip(counts);
            let bars = bars.map(|(bar, count)| Bar { count, ..*bar }).collect();
            *shown = LatencyShown { summary: latency, bars };
        }
        let rates = [1_800, 1_200];
        for (worker, rate) in snapshot.workers.iter_mut().zip(rates) {
            worker.rate = rate;
        }
    }
    // Whether a second has passed since the messages entered is chance.
    snapshot.traced.last_second = TracedShare::default();
    // How many dead letters are lines of the log depends on how fast they came: the first is one.
    let is_dead_letter = |line: &LogLine| line.text.contains("dead letter");
    let first = snapshot.log.lines.iter().rposition(|line| is_dead_letter(line));
    let mut place = 0..;
    snapshot.log.lines.retain(|line| place.next() == first || !is_dead_letter(line));
    let warnings = snapshot.log.lines.iter().filter(|line| line.level >= LogLevel::Warn);
    snapshot.log.warnings = u64::try_from(warnings.count()).unwrap();
    let oldest = snapshot.log.lines.len().saturating_sub(1);
    for (at, line) in snapshot.log.lines.iter_mut().enumerate() {
        let since_start = Duration::from_secs(u64::try_from(oldest - at).unwrap() * 61);
        let at = SystemTime::UNIX_EPOCH + since_start;
        *line = Arc::new(LogLine { at, since_start, ..LogLine::clone(line) });
    }
    // Of the past, they are not known.
    let rows = snapshot.partitions.rows.iter_mut().filter(|_| snapshot.past.is_none());
    for (at, row) in rows.enumerate() {
        row.rate = Some(60.0 / f64::from(u32::try_from(at + 1).unwrap()));
        let slower = u64::try_from(at + 1).unwrap();
        row.history = (0..30).map(|second| (40 + second % 7 * 4) / slower).collect();
        // One of them is new.
        let new = row.row.messages == 1;
        row.row.created = new.then_some(Timestamp(182_500_000_000));
    }
    snapshot
}

/// Messages in a second: a valley with a rough edge.
fn wave(second: u64) -> u64 {
    let from_middle = second.abs_diff(48);
    2_000 + from_middle * from_middle * 6 + second * 7_919 % 1_100
}

/// The trace with every hop a few microseconds after the one before.
fn steady_trace(trace: &Trace) -> Trace {
    let mut steady = Trace::new(
        Arc::clone(&trace.pipeline),
        Arc::clone(&trace.source),
        trace.sequence,
        &trace.frame,
        Timestamp(0),
    );
    steady.frame_length = trace.frame_length;
    for (at, hop) in (1_u64..).zip(trace.hops()) {
        steady.push(Hop { at: Timestamp(at * 3_400), ..hop });
    }
    steady
}
