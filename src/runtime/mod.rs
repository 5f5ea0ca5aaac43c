//! Runs a topology on Timely Dataflow, with any number of worker threads.
//!
//! [`Engine`] is the whole of it for those outside: it starts, takes requests, and ends. Inside, these parts
//! run beside each other. Arrows are frames and what becomes of them; each part says below what it sends.
//!
//! ```text
//!               frames            frames               outputs
//!   sources ------------> queues --------> workers ---------------> sinks
//!   (tasks)                 ^     (gate)  (threads)     Write      (tasks)
//!      |                    |               ^    |                  ^   |
//!      | Write              | frames   Save |    | changed   Report |   | offsets
//!      v                    |               |    v                  |   v
//!   journal writer ---------+           checkpointer ---------------+---+
//!   (thread)  <---------- Trim ---------- (task)
//!
//!   all of them ---- News: Drained, Replaced, Failed ----> supervisor ---- outcome ----> Engine
//! ```
//!
//! * A source gives frames to the queues. If the run saves and the source cannot be read again, they go to the
//!   journal writer first (`JournalOrder::Write`), and enter when they are written.
//! * A queue wakes a worker. The worker asks the gate whether it may take frames, and runs the dataflow of the
//!   pipeline. Batches cross from worker to worker inside Timely, and are processed in the order in which the queue has
//!   numbered them. Outputs go to the sinks (`ToSink::write`):
//!   the worker itself writes a regular file, and a task what may make it wait.
//! * The checkpointer closes the gate, asks the workers for what has changed (`Request::Save`) and the sinks how
//!   far they have written (`ToSink::report`), opens the gate, and writes. Then the journal writer drops what
//!   the checkpoint has (`JournalOrder::Trim`).
//! * The engine asks the workers about partitions (`Request::Query`), and the checkpointer for another number of
//!   workers (`CheckpointOrder::SetWorkers`).
//! * The supervisor hears how each part fares (`News`). It ends the parts in order: sources, journal writer
//!   (`JournalOrder::Done`), queues and workers, checkpointer (`CheckpointOrder::Finish`), sinks.
//!
//! `startup` is the list of what starts in which order, `shutdown` its mirror. `shared` is what all parts have,
//! and `durable` what a run that saves has besides. Only this folder names timely.

mod clock;
mod durable;
mod earlier;
mod engine;
mod error;
mod ingress;
#[cfg(all(test, feature = "interleavings"))]
mod interleavings;
mod panics;
mod parts;
mod recovery;
mod settings;
mod shared;
mod shutdown;
mod startup;
mod workers;

pub use earlier::Earlier;
pub use engine::Engine;
pub use error::EngineError;
pub use ingress::gate::RunState;
pub use ingress::queue::Waits;
pub(crate) use panics::AHEAD_THREAD_NAME;
pub use panics::silence_caught_panics;
pub use settings::{MAX_WORKERS, Settings};
