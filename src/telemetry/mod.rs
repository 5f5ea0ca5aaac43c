//! Everything that a front end may see of a running application: counters, rates, histograms,
//! traces, and the few partitions that it shows.
//!
//! A [`Session`](crate::session::Session) collects it; a [`Snapshot`] is what all front ends (the
//! workbench, the progress line, `--json`) draw. Workers pay once per batch; what grows with the
//! run's length is only numbers.

pub(crate) mod ahead;
pub(crate) mod collector;
pub(crate) mod counters;
pub(crate) mod dead_letter_file;
pub(crate) mod histories;
pub(crate) mod latency;
pub(crate) mod log;
pub(crate) mod opened;
pub(crate) mod partitions;
pub(crate) mod pressure;
mod rates;
pub(crate) mod ring;
pub(crate) mod safety;
pub(crate) mod snapshot;
pub(crate) mod throughput;
pub(crate) mod traced;
pub(crate) mod window;
mod writers;

pub use ahead::{Draft, Foreseen};
pub use dead_letter_file::{DEFAULT_DEAD_LETTERS_LIMIT, DeadLetterFile, DeadLettersLost};
pub use latency::{Bar, LatencyShown, LatencySummary};
#[cfg(feature = "workbench")]
pub(crate) use log::utc;
pub use log::{Log, LogFile, LogLevel, LogLine, LogLost, LogShown, LogTaken, log_failure};
pub use opened::{OpenedPartition, PartitionName};
pub use partitions::{PartitionView, PartitionsShown};
pub use pressure::{SinkShown, SinkState};
pub use rates::ShownRow;
pub use safety::{Crash, SafetyShown};
pub use snapshot::{
    LoadShown, OutputShown, PipelineShown, Snapshot, StepShown, Summary, Totals, WorkerShown,
};
pub use throughput::{Rates, Throughput};
pub use traced::{TracedShare, TracedShown};
pub use window::TimeWindow;
#[cfg(feature = "workbench")]
pub(crate) use writers::{Inbox, Outbox};
