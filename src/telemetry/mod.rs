//! Everything that a front end may see of a running application: counters, rates, histograms,
//! traces, and the few partitions that it shows.
//!
//! A [`Session`] is an engine with somebody watching; its [`Snapshot`] is what all front ends (the
//! workbench, the progress line, `--json`) are made of. Workers pay once a batch; what grows with the
//! run's length is only numbers.

mod collector;
mod counters;
mod dead_letter_file;
mod latency;
mod log;
mod partitions;
mod pressure;
mod ring;
mod safety;
mod session;
mod snapshot;
mod summary;
mod throughput;
mod writers;

pub use dead_letter_file::{DEFAULT_DEAD_LETTERS_LIMIT, DeadLetterFile, DeadLettersLost};
pub use latency::{Bar, LatencySummary};
pub use log::{Log, LogFile, LogLevel, LogLine, LogLost, LogShown, LogTaken, log_failure};
pub use partitions::{PartitionView, PartitionsShown, ShownRow};
pub use pressure::{SinkShown, SinkState};
pub use safety::{Crash, SafetyShown};
pub use session::Session;
pub use snapshot::{OutputShown, PipelineShown, Snapshot, Totals, WorkerShown};
pub use summary::Summary;
pub use throughput::{Throughput, bars as throughput_bars};
pub(crate) use writers::{Inbox, Outbox};
