//! Everything that a front end may see of a running application: counters, rates, histograms,
//! traces, and the few partitions that it shows.
//!
//! A [`Session`](crate::session::Session) collects it; a [`Snapshot`] is what all front ends (the
//! workbench, the progress line, `--json`) draw. Workers pay once per batch; what grows with the
//! run's length is only numbers.

pub(crate) mod ahead;
mod branch;
mod breakpoints;
pub(crate) mod clients;
pub(crate) mod collector;
pub(crate) mod dead_letter_file;
mod held;
pub(crate) mod histories;
pub(crate) mod log;
pub(crate) mod measured;
mod measures;
pub(crate) mod partitions;
pub(crate) mod past;
pub(crate) mod pipeline_counters;
pub(crate) mod pressure;
pub(crate) mod processes;
pub(crate) mod ring;
pub(crate) mod safety;
pub(crate) mod shrinking;
pub(crate) mod snapshot;
mod undo;
mod writers;

pub use ahead::{Draft, Foreseen};
pub use branch::{
    BranchDiffers, BranchShown, CutBytes, LetterShown, PartitionDiffersShown, SinkDiffersShown,
    StateShown,
};
pub use breakpoints::{BreakpointShown, BreakpointsShown, HitShown};
pub use clients::ClientsShown;
pub use dead_letter_file::{DEFAULT_DEAD_LETTERS_LIMIT, DeadLetterFile, DeadLettersLost};
pub use held::{HeldDecision, HeldShown};
#[cfg(feature = "workbench")]
pub(crate) use log::utc;
pub use log::{Log, LogFile, LogLevel, LogLine, LogLost, LogShown, LogTaken, log_failure};
pub use measured::{
    KeyMeasured, Measured, PipelineMeasured, Readiness, Refused, SavedMeasured, StepMeasured,
};
pub use measures::latency::{Bar, LatencyMeasured, LatencyShown, LatencySummary};
pub use measures::throughput::{Rates, Throughput};
pub use measures::traced::{TracedShare, TracedShown};
pub use measures::window::TimeWindow;
pub(crate) use measures::{counters, latency, throughput, traced};
pub use partitions::found::{FoundPartition, FoundPartitions};
pub use partitions::opened::{OpenedPartition, PartitionName};
pub use partitions::rates::ShownRow;
pub(crate) use partitions::still::Still;
pub use partitions::{PartitionView, PartitionsShown};
pub use past::{ChangeShown, ChangesShown, PastShown, SearchShown};
pub use pressure::{SinkShown, SinkState};
pub use processes::ProcessesShown;
pub use safety::{Crash, SafetyShown};
pub use shrinking::{ShrinkShown, ShrinkStage};
pub use snapshot::{
    LoadShown, OutputShown, PipelineShown, Snapshot, StepShown, Summary, Totals, WorkerShown,
};
pub use undo::{TakenBackShown, UndoShown};
#[cfg(feature = "workbench")]
pub(crate) use writers::{Inbox, Outbox};
