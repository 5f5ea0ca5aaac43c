//! What a front end shows of one moment.

use std::iter::Sum;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ahead::Foreseen;
use super::branch::BranchShown;
use super::breakpoints::BreakpointsShown;
use super::clients::ClientsShown;
use super::log::LogShown;
use super::measures::latency::{LatencyShown, LatencySummary};
use super::measures::throughput::Throughput;
use super::measures::traced::TracedShown;
use super::measures::window::TimeWindow;
use super::partitions::PartitionsShown;
use super::past::{ChangesShown, PastShown, SearchShown};
use super::pressure::SinkShown;
use super::processes::ProcessesShown;
use super::safety::SafetyShown;
use super::shrinking::ShrinkShown;
use super::undo::UndoShown;
use crate::core::event::EngineEvent;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::pins::Pin;
use crate::core::frames::trace::Trace;
use crate::core::load::search::Finding;
use crate::core::load::settings::LoadSettings;
use crate::core::numbers::{PipelineIndex, SequenceNumber, SinkIndex, Timestamp, WorkerIndex};
use crate::core::topology::{MergedInto, StepPlan};
use crate::runtime::{RunState, Waits};

/// What a front end shows of one moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Snapshot {
    /// The application's name.
    pub application: Arc<str>,
    /// What the engine is doing.
    pub run_state: RunState,
    /// Whether it has not begun: what is saved is not read yet, or other processes are waited for.
    pub starting: bool,
    /// What waits, while the engine is not running.
    pub waits: Option<Waits>,
    /// How many workers there will be, while their number is being changed.
    pub changing_to: Option<usize>,
    /// The time since the start.
    pub uptime: Duration,
    /// Counts over all pipelines.
    pub totals: Totals,
    /// Messages in each second of the last minutes.
    pub throughput: Throughput,
    /// Latency in each time of [`TimeWindow::ALL`].
    pub latencies: [LatencyShown; TimeWindow::ALL.len()],
    /// The pipelines, in the order of their declaration.
    pub pipelines: Vec<PipelineShown>,
    /// The workers.
    pub workers: Vec<WorkerShown>,
    /// The processes that have them; `None` if there is one.
    pub processes: Option<ProcessesShown>,
    /// The rows of the state that the front end looks at.
    pub partitions: PartitionsShown,
    /// The pinned keys, of which every message is traced.
    pub pinned: Arc<[Pin]>,
    /// Traces, newest first.
    pub traces: Vec<Arc<Trace>>,
    /// How many of the messages are traced.
    pub traced: TracedShown,
    /// Outputs, newest first.
    pub outputs: Vec<Arc<OutputShown>>,
    /// Dead letters, newest first.
    pub dead_letters: Vec<Arc<DeadLetter>>,
    /// How many dead letters are not in their file and never will be; 0 without a file.
    pub dead_letters_lost: u64,
    /// What is saved, and what was lost and recovered; `None` if nothing is saved.
    pub safety: Option<SafetyShown>,
    /// The load; `None` if there is none.
    pub load: Option<LoadShown>,
    /// What happened to sources and sinks, newest first.
    pub events: Vec<Arc<EngineEvent>>,
    /// The log; empty if the session was started without one.
    pub log: LogShown,
    /// What the typed message would do; `None` while it is not known, or nothing is typed.
    pub ahead: Option<Arc<Foreseen>>,
    /// The breakpoints, and where the engine has stopped at one.
    pub breakpoints: Arc<BreakpointsShown>,
    /// The moment of the past of which partitions, messages, outputs and dead letters are. `None` if that is now. What the
    /// engine does is always of now.
    pub past: Option<PastShown>,
    /// Whether another moment of the past is wanted, and is being found.
    pub replaying: bool,
    /// The search through the recording that is under way.
    pub search: Option<SearchShown>,
    /// The changes of a partition, if they were asked for and a moment of the past is shown.
    #[serde(skip)]
    pub changes: Option<Arc<ChangesShown>>,
    /// The messages that were taken back, and what came of the last wish to.
    pub undo: UndoShown,
    /// The branch of the recording that is looked at, or is being done.
    #[serde(skip)]
    pub branch: Option<BranchShown>,
    /// The search for a smallest input, or what it has found; `None` if there was none.
    #[serde(skip)]
    pub shrinking: Option<ShrinkShown>,
    /// Why nothing is known of later moments: the engine is in another process, which does not answer. `None` while it does.
    pub away: Option<Arc<str>>,
}

/// The load of this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadShown {
    /// What it is.
    pub settings: LoadSettings,
    /// How many messages have been sent since it began.
    pub sent: u64,
    /// How many of them were spoiled.
    pub malformed: u64,
    /// How late the messages are that are due; zero while the engine is paused.
    pub behind: Duration,
    /// What the last search for the greatest good rate has found.
    pub finding: Option<Finding>,
}

impl Snapshot {
    /// The latency of a time.
    pub fn latency(&self, window: TimeWindow) -> &LatencyShown {
        let [ten_seconds, minute, five_minutes, all] = &self.latencies;
        match window {
            TimeWindow::TenSeconds => ten_seconds,
            TimeWindow::Minute => minute,
            TimeWindow::FiveMinutes => five_minutes,
            TimeWindow::All => all,
        }
    }
}

/// Counts over all pipelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Messages read, those that could not be processed included.
    pub messages_in: u64,
    /// Outputs written to sinks.
    pub messages_out: u64,
    /// Messages that a decoder dropped on purpose.
    pub filtered: u64,
    /// Messages that could not be processed.
    pub dead_letters: u64,
    /// Bytes read, headers included.
    pub bytes_in: u64,
    /// Bytes written to sinks.
    pub bytes_out: u64,
    /// State changes that a computation asked to save.
    pub saved: u64,
    /// Messages that the partitions have processed, also in the life that was recovered.
    pub stateful: u64,
}

impl Sum for Totals {
    fn sum<I: Iterator<Item = Self>>(totals: I) -> Self {
        totals.fold(Self::default(), |sum, one| Self {
            messages_in: sum.messages_in + one.messages_in,
            messages_out: sum.messages_out + one.messages_out,
            filtered: sum.filtered + one.filtered,
            dead_letters: sum.dead_letters + one.dead_letters,
            bytes_in: sum.bytes_in + one.bytes_in,
            bytes_out: sum.bytes_out + one.bytes_out,
            saved: sum.saved + one.saved,
            stateful: sum.stateful + one.stateful,
        })
    }
}

/// A pipeline and its counts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is true or not, whatever the others are")]
pub struct PipelineShown {
    /// The pipeline's name.
    pub name: Arc<str>,
    /// Its steps, and how many messages each took, refused and gave.
    pub steps: Vec<StepShown>,
    /// Where it is merged into another pipeline, if it is.
    pub merged: Option<MergedInto>,
    /// What its source could not read as frames.
    pub broken: u64,
    /// Messages read, those that could not be processed included.
    pub messages_in: u64,
    /// Outputs written to its sinks.
    pub messages_out: u64,
    /// Whether it has a sink.
    pub has_sink: bool,
    /// The names of its sinks that have one: pipelines share those.
    pub sink_names: Vec<Arc<str>>,
    /// The address that its source listens at; `None` if it does not listen.
    pub listening: Option<Arc<str>>,
    /// Where it listens at each process that does, and for how many clients.
    pub clients: Vec<ClientsShown>,
    /// Whether its source makes its messages itself.
    pub generates: bool,
    /// Whether all of its source is read: a file, a pipe or the standard input; or made.
    pub ended: bool,
    /// Whether its source has waited for the byte budget for a while: the steps or the sinks are slower
    /// than the source.
    pub held: bool,
    /// What its sinks are doing; without those that drop their bytes. A sink that pipelines share is there in each of
    /// them.
    pub sinks: Vec<SinkShown>,
}

/// A step and its counts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepShown {
    /// The step.
    pub plan: StepPlan,
    /// Messages that reached it.
    pub entered: u64,
    /// Messages that it could not process.
    pub refused: u64,
    /// Messages that it gave.
    pub given: u64,
}

/// A worker and what it has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerShown {
    /// Which worker.
    pub worker: WorkerIndex,
    /// Messages that its partitions have processed.
    pub messages: u64,
    /// How many of them in a second, lately.
    pub rate: u64,
    /// How many partitions it owns, of the state that the front end looks at.
    pub partitions: usize,
}

/// An output as a sink wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputShown {
    /// The pipeline.
    pub pipeline: PipelineIndex,
    /// Which of its sinks.
    pub sink: SinkIndex,
    /// The sink's endpoint.
    pub endpoint: Arc<str>,
    /// The output, or its beginning.
    pub bytes: Vec<u8>,
    /// The output's length in bytes.
    pub length: usize,
    /// The name of the source or connection of its frame.
    pub source: Arc<str>,
    /// The number of its frame; of the first frame of those that were read together if that is all that is known.
    pub first: SequenceNumber,
    /// The number of its frame, or of the last one of them.
    pub last: SequenceNumber,
    /// When its frame was read.
    pub read_at: Timestamp,
    /// When it was written.
    pub at: Timestamp,
}

/// The figures of a run, as `--json` prints them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The application's name.
    pub app: String,
    /// How many processes ran it; `None` if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<usize>,
    /// How many workers ran it, in all processes.
    pub workers: usize,
    /// Messages read, those that could not be processed included.
    pub messages_in: u64,
    /// Outputs written to sinks.
    pub messages_out: u64,
    /// Messages that a decoder dropped on purpose.
    pub filtered: u64,
    /// Messages that could not be processed.
    pub dead_letters: u64,
    /// How many of them are not in their file; 0 without a file.
    pub dead_letters_lost: u64,
    /// Partitions of all states.
    pub partitions: usize,
    /// How many of them were created by a message.
    pub partitions_dynamic: usize,
    /// Bytes read, headers included.
    pub bytes_in: u64,
    /// Bytes written to sinks.
    pub bytes_out: u64,
    /// How long the run took, from the first reading to the last writing.
    pub seconds: f64,
    /// `messages_in` divided by `seconds`.
    pub messages_per_second: f64,
    /// From a frame's reading to its output's writing, in microseconds.
    pub latency_us: LatencySummary,
}
