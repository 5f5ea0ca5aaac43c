//! The figures of a run that goes on, for one that asks once.

use serde::{Deserialize, Serialize};

use super::Session;
use crate::runtime::RunState;
use crate::telemetry::{
    ClientsShown, LatencySummary, ProcessesShown, SinkState, Snapshot, TimeWindow,
};

/// The state of a run that has not begun.
pub const STARTING: &str = "starting";

/// The figures of a run that goes on, as `status --json` prints them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The application's name.
    pub app: String,
    /// What the engine does: `starting`, `running`, `holding` if it runs and a breakpoint holds a message, `pausing`,
    /// `paused`, `stepping` or `recovering`.
    pub state: String,
    /// The processes that are waited for, each with where it is reached; nothing goes on without them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting_for: Vec<String>,
    /// How many processes run it; `None` if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<usize>,
    /// How many workers run it, in all processes.
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
    /// Partitions of all states; `None` if a worker did not answer in time.
    pub partitions: Option<usize>,
    /// How many of them were created by a message.
    pub partitions_dynamic: Option<usize>,
    /// Bytes read, headers included.
    pub bytes_in: u64,
    /// Bytes written to sinks.
    pub bytes_out: u64,
    /// How long the run has gone on.
    pub seconds: f64,
    /// Messages in the last second.
    pub messages_per_second: u64,
    /// From a frame's reading to its output's writing, in microseconds, since the start.
    pub latency_us: LatencySummary,
    /// The newest whole checkpoint; `None` if nothing is saved.
    pub checkpoint: Option<u64>,
    /// Messages processed since then.
    pub unsaved: Option<u64>,
    /// Where sources listen, process by process, and for how many clients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ClientsShown>,
    /// The endpoints of sinks that take no outputs now.
    pub stalled_sinks: Vec<String>,
    /// How many breakpoints are on. They stay when nobody looks any more.
    #[serde(default)]
    pub breakpoints: usize,
    /// The condition of the breakpoint at which the engine has stopped; `None` if it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<String>,
    /// The condition of the breakpoint that holds a message before it enters: nothing enters until somebody says what
    /// becomes of it. `None` if none is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_at: Option<String>,
    /// How many look at the run.
    pub viewers: usize,
}

impl Session {
    /// The figures of this moment, without the partitions: the workers count them.
    pub(super) fn status(&self, viewers: usize) -> Status {
        let figures = self.figures(&self.look);
        let state = match figures.run_state {
            _ if self.engine.is_recovering() => "recovering",
            RunState::Running if figures.breakpoints.held.is_some() => "holding",
            RunState::Running => "running",
            RunState::Pausing => "pausing",
            RunState::Paused => "paused",
            RunState::Stepping(_) => "stepping",
        };
        Status::of(&figures, state, viewers)
    }
}

impl Status {
    /// What a snapshot tells, without the partitions.
    pub(super) fn of(figures: &Snapshot, state: &str, viewers: usize) -> Self {
        let sinks = figures.pipelines.iter().flat_map(|pipeline| &pipeline.sinks);
        let clients = figures.pipelines.iter().flat_map(|pipeline| &pipeline.clients);
        let stalled = sinks.filter(|sink| sink.state != SinkState::Writing);
        let awaited = figures.processes.iter().flat_map(|processes| &processes.awaited);
        let breakpoints = &figures.breakpoints;
        // It is not read before.
        let safety = figures.safety.as_ref().filter(|_| !figures.starting);
        Self {
            app: figures.application.to_string(),
            state: state.to_owned(),
            waiting_for: awaited.map(ToString::to_string).collect(),
            processes: figures.processes.as_ref().map(ProcessesShown::count),
            workers: figures.workers.len(),
            messages_in: figures.totals.messages_in,
            messages_out: figures.totals.messages_out,
            filtered: figures.totals.filtered,
            dead_letters: figures.totals.dead_letters,
            dead_letters_lost: figures.dead_letters_lost,
            partitions: None,
            partitions_dynamic: None,
            bytes_in: figures.totals.bytes_in,
            bytes_out: figures.totals.bytes_out,
            seconds: figures.uptime.as_secs_f64(),
            messages_per_second: figures.throughput.last(),
            latency_us: figures.latency(TimeWindow::All).summary,
            checkpoint: safety.map(|safety| safety.epoch.0),
            unsaved: safety.map(|safety| safety.unsaved),
            clients: clients.cloned().collect(),
            stalled_sinks: stalled.map(|sink| sink.endpoint.to_string()).collect(),
            breakpoints: breakpoints.all.iter().filter(|one| one.on).count(),
            stopped_at: breakpoints.hit.as_ref().map(|hit| hit.text.to_string()),
            held_at: breakpoints.held.as_ref().map(|held| held.text.to_string()),
            viewers,
        }
    }
}
