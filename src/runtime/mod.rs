//! Runs a topology on Timely Dataflow, with any number of worker threads.
//!
//! [`Engine`] is its face: it starts, takes requests, and ends. Inside, these parts run at the same time. Arrows are
//! frames and what is made of them; below is what each part sends.
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
//!   pipeline. Batches cross from worker to worker inside Timely, and are processed in the order of the queue's
//!   numbers. Outputs go to the sinks (`ToSink::write`): the worker itself writes regular files, and a task writes
//!   what may make it wait.
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
pub mod examiner;
mod ingress;
#[cfg(all(test, feature = "interleavings"))]
mod interleavings;
pub mod mesh;
mod panics;
mod parts;
pub mod passes;
pub mod processes;
mod recovery;
mod settings;
mod shared;
mod shutdown;
mod startup;
mod taken_back;
mod taking_back;
mod workers;

pub use earlier::Earlier;
pub use engine::{AtEntrance, Engine, Entrance};
pub use error::EngineError;
#[cfg(feature = "workbench")]
pub(crate) use error::hint;
pub use ingress::gate::RunState;
pub use ingress::waits::Waits;
pub(crate) use panics::AHEAD_THREAD_NAME;
pub(crate) use panics::REPLAY_THREAD_NAME;
pub use panics::silence_caught_panics;
pub use settings::Settings;
pub use taken_back::{Claim, TakenBackAnswer};
pub use taking_back::TakesBack;
