//! What other programs are told of a run: numbers, without anything that grows with its length.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::clients::ClientsShown;
use super::measures::latency::LatencyMeasured;
use super::pressure::SinkShown;
use super::snapshot::Totals;
use crate::application::Key;
use crate::core::frames::dead_letter::Cause;

/// Whether messages are taken in, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// They are.
    Ready,
    /// The engine is being started.
    Starting,
    /// What an earlier run has saved is being read.
    Recovering,
    /// The engine is paused.
    Paused,
    /// All inputs have ended.
    InputsEnded,
    /// The run is ending.
    Stopping,
}

impl fmt::Display for Readiness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ready => "ready",
            Self::Starting => "not ready: the engine is being started",
            Self::Recovering => "not ready: what an earlier run has saved is being read",
            Self::Paused => "not ready: the engine is paused",
            Self::InputsEnded => "not ready: all inputs have ended",
            Self::Stopping => "not ready: the run is ending",
        })
    }
}

/// The figures of one moment.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The application's name.
    pub application: Arc<str>,
    /// Whether messages are taken in.
    pub readiness: Readiness,
    /// The time since the start.
    pub uptime: Duration,
    /// The pipelines, in the order of their declaration.
    pub pipelines: Vec<PipelineMeasured>,
    /// How many messages the partitions of each worker have processed.
    pub workers: Vec<u64>,
    /// How many dead letters are not in their file and never will be.
    pub dead_letters_lost: u64,
    /// What is saved; `None` if nothing is.
    pub saved: Option<SavedMeasured>,
}

/// A pipeline and its counts.
#[derive(Debug, Clone)]
pub struct PipelineMeasured {
    /// The pipeline's name.
    pub name: Arc<str>,
    /// Its counts.
    pub totals: Totals,
    /// Its steps.
    pub steps: Vec<StepMeasured>,
    /// Its dead letters.
    pub refused: Vec<Refused>,
    /// From a frame's reading to its output's writing.
    pub latency: LatencyMeasured,
    /// How many bytes are charged to its budget.
    pub budget_used: usize,
    /// The limit of its budget.
    pub budget_limit: usize,
    /// Whether its source has waited for the budget for a while.
    pub held: bool,
    /// Where its source listens, process by process, and for how many clients.
    pub clients: Vec<ClientsShown>,
    /// What its sinks are doing; without those that drop their bytes.
    pub sinks: Vec<SinkShown>,
}

/// A step and its count.
#[derive(Debug, Clone)]
pub struct StepMeasured {
    /// Its name.
    pub name: Arc<str>,
    /// Messages that it gave.
    pub given: u64,
}

/// How many messages became dead letters at a step for one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The step's place in its pipeline; `None` if it is not one of the author's.
    pub place: Option<usize>,
    /// The step's name.
    pub step: Arc<str>,
    /// The cause.
    pub cause: Cause,
    /// How many.
    pub count: u64,
}

/// What is saved, and what was recovered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedMeasured {
    /// The number of the newest whole checkpoint.
    pub epoch: u64,
    /// The time since the last one of this process was whole, or since the start.
    pub age: Duration,
    /// How long nothing could enter because of the last one.
    pub held: Duration,
    /// How long the last one took in all.
    pub took: Duration,
    /// Messages processed since then.
    pub unsaved: u64,
    /// The bytes of all frames in the journal.
    pub journal: u64,
    /// How many crashes of the engine this process has survived.
    pub crashes: u64,
    /// How often an engine of this process began with what an earlier one had saved.
    pub recoveries: u64,
}

/// A partition and its count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyMeasured {
    /// The state's name.
    pub state: Arc<str>,
    /// The key.
    pub key: Key,
    /// How many messages it has processed.
    pub messages: u64,
}
