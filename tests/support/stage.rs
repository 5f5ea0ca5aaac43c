//! The real workbench on a real engine, with votes from a seed, for pictures and screens that must be
//! the same on every run.
//!
//! All that is shown comes from the engine, but for what differs from run to run because it is a time:
//! throughput, latency, rates, and the hops' and partitions' moments are set to fixed figures.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tracing_subscriber::prelude::*;
use wallaroo::core::frames::dead_letter::DeadLetter;
use wallaroo::core::frames::framing::frame;
use wallaroo::core::frames::trace::{Hop, Trace};
use wallaroo::core::numbers::{PipelineIndex, Timestamp};
use wallaroo::core::partitions::query::RowWindow;
use wallaroo::core::partitions::scan::merge;
use wallaroo::runtime::Settings;
use wallaroo::session::Session;
use wallaroo::telemetry::{
    Bar, LatencyShown, LatencySummary, Log, LogLevel, LogLine, Snapshot, Throughput,
};
use wallaroo::workbench::{Effect, Theme, Workbench};
use wallaroo::{Generator, Topology};

/// The workbench and its engine.
pub struct Stage {
    pub session: Session,
    pub workbench: Workbench,
    area: Rect,
    sent: u64,
    /// The dead letters of the engine, each with what is shown of it: the same one every time, because
    /// a selection is of the letter itself.
    letters: Vec<[Arc<DeadLetter>; 2]>,
}

impl Stage {
    /// A workbench of this size on an engine with two workers.
    pub fn open(topology: Topology, theme: Theme, width: u16, height: u16) -> Self {
        let topology = Arc::new(topology);
        let workers = 2.try_into().unwrap();
        let settings = Settings { workers, injectable: true, ..Settings::new(&topology) };
        // The log of this stage alone: tests run side by side.
        let log_alone = tracing_subscriber::registry().with(Log::new(LogLevel::Info).layer());
        let session = tracing::subscriber::with_default(log_alone, || {
            Session::start(Arc::clone(&topology), &settings, None).unwrap()
        });
        let mut workbench = Workbench::new(topology, theme, steady(session.snapshot()));
        let area = Rect::new(0, 0, width, height);
        workbench.resize(area);
        Self { session, workbench, area, sent: 0, letters: Vec::new() }
    }

    /// Sends random messages, and waits until they have been processed.
    pub fn generate(&mut self, messages: u64, seed: u64, skew: f64) {
        let topology = Arc::clone(self.session.engine().topology());
        let source = &topology.pipelines()[0].source;
        let make = source.generate.as_ref().unwrap();
        let mut generator = Generator::new(seed, skew);
        let frames =
            (0..messages).flat_map(|_| frame(&*source.framing, &make(&mut generator)).unwrap());
        self.session.engine().inject(PipelineIndex(0), frames.collect::<Bytes>()).unwrap();
        self.sent += messages;
        self.settle();
    }

    /// Types a line and presses Enter, and waits until the message has been processed.
    pub fn vote(&mut self, line: &str) {
        self.text(line);
        self.key(KeyCode::Enter, KeyModifiers::NONE);
    }

    /// Types text.
    pub fn text(&mut self, text: &str) {
        text.chars().for_each(|character| self.key(KeyCode::Char(character), KeyModifiers::NONE));
    }

    /// Presses a key, does what comes of it, and waits until it is done.
    pub fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        let event = Event::Key(KeyEvent::new(code, modifiers));
        match self.workbench.handle(&event) {
            Some(Effect::Inject(pipeline, bytes)) => {
                self.session.engine().inject(pipeline, bytes).unwrap();
                self.sent += 1;
            }
            Some(Effect::Revive { state, key }) => {
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
            self.session.refresh(&view);
            let snapshot = self.session.snapshot();
            let ended = snapshot.totals.messages_out + snapshot.totals.dead_letters;
            let shown = snapshot.partitions.up_to_date && snapshot.partitions.view == view;
            // A letter is counted a moment before it is kept.
            let kept = snapshot.dead_letters.len() as u64 == snapshot.totals.dead_letters;
            // An output may be written a moment before its worker has told of it.
            let told = snapshot.pipelines.iter().all(|pipeline| {
                let last = pipeline.steps.last().map_or(0, |step| step.given);
                !pipeline.has_sink || last >= pipeline.messages_out
            });
            let was_done = std::mem::replace(&mut all_done, ended == self.sent && kept && told);
            if was_done && all_done && (shown || view.query.limit == 0) {
                let dead_letters = self.steady_letters(&snapshot.dead_letters);
                self.workbench.show(steady(Snapshot { dead_letters, ..snapshot }));
                return;
            }
            assert!(Instant::now() < patience, "{ended} of {} ended", self.sent);
            std::thread::yield_now();
        }
    }

    /// Shows what there is, changed by hand: for what would take a stage of its own to happen.
    pub fn show_changed(&mut self, change: impl FnOnce(&mut Snapshot)) {
        let mut snapshot = steady(self.session.snapshot());
        change(&mut snapshot);
        self.workbench.show(snapshot);
    }

    /// The letters at fixed moments.
    fn steady_letters(&mut self, letters: &[Arc<DeadLetter>]) -> Vec<Arc<DeadLetter>> {
        let of_letter = |letter: &Arc<DeadLetter>| {
            let known = self.letters.iter().find(|[known, _]| Arc::ptr_eq(known, letter));
            if let Some([_, steady]) = known {
                return Arc::clone(steady);
            }
            let at = Timestamp(1_234_000_000 * letter.sequence.0);
            let steady = Arc::new(DeadLetter { at, ..DeadLetter::clone(letter) });
            self.letters.push([Arc::clone(letter), Arc::clone(&steady)]);
            steady
        };
        letters.iter().map(of_letter).collect()
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

/// The snapshot with fixed figures wherever it shows a time.
fn steady(snapshot: Snapshot) -> Snapshot {
    let traces = snapshot.traces.iter().map(|trace| Arc::new(steady_trace(trace))).collect();
    let mut snapshot = Snapshot { uptime: Duration::from_secs(183), traces, ..snapshot };
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
        *line = Arc::new(LogLine { since_start, ..LogLine::clone(line) });
    }
    for (at, row) in snapshot.partitions.rows.iter_mut().enumerate() {
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
    let steady = Trace::new(
        Arc::clone(&trace.pipeline),
        Arc::clone(&trace.source),
        trace.sequence,
        &trace.frame,
        Timestamp(0),
    );
    for (at, hop) in (1_u64..).zip(trace.hops()) {
        steady.push(Hop { at: Timestamp(at * 3_400), ..hop });
    }
    steady
}
