//! Partitioned, stateful streaming applications, and a terminal workbench that shows them think.
//!
//! An application is a name and one or more pipelines: source, steps, sink. Bytes arrive as frames. A
//! *decoder* turns them into messages, a *partition function* gives each message its key, a *state
//! computation* changes the state of that key, and an *encoder* writes the bytes that leave. This is a
//! whole application: votes for letters, with one running total per letter.
//!
//! ```rust
//! use serde::{Deserialize, Serialize};
//! use wallaroo::{Application, Key, Out, Reason, Sink, Source, TestDriver};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Vote(u8, u32); // a letter and its votes
//!
//! #[derive(Clone, Serialize, Deserialize)]
//! struct Total {
//!     letter: Key,
//!     votes: u64,
//! }
//!
//! fn decode(payload: &[u8]) -> Result<Option<Vote>, Reason> {
//!     let (letter, votes) = payload.split_first().ok_or("there is no letter")?;
//!     Ok(Some(Vote(*letter, u32::from_be_bytes(votes.try_into()?))))
//! }
//!
//! fn add_votes(Vote(_, votes): Vote, total: &mut Total) -> Result<(Option<Total>, bool), Reason> {
//!     total.votes = total.votes.checked_add(votes.into()).ok_or("the total is full")?;
//!     Ok((Some(total.clone()), true)) // send the new total on, and save it
//! }
//!
//! fn encode(total: &Total, output: &mut Out<'_>) {
//!     output.bytes(total.letter.as_bytes());
//!     output.text(" => ");
//!     output.decimal(total.votes);
//!     output.byte(b'\n');
//! }
//!
//! let new_total = |letter: &Key| Total { letter: letter.clone(), votes: 0 };
//! let alphabet = Application::new("alphabet")
//!     .pipeline("votes", Source::new(decode))
//!     .to_state_partition(add_votes, new_total, "letter state", |vote: &Vote| vote.0)
//!     .to_sink(Sink::new(encode))
//!     .build()?;
//!
//! let mut driver = TestDriver::new(&alphabet);
//! driver.push("votes", b"\0\0\0\x05a\0\0\0\x0a")?; // a frame: 5 bytes, letter a, 10 votes
//! driver.run();
//! assert_eq!(driver.outputs("votes")?, [b"a => 10\n"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`main`] turns it into a program with the whole command line and the workbench:
//!
#![cfg_attr(feature = "workbench", doc = "```no_run")]
#![cfg_attr(not(feature = "workbench"), doc = "```ignore")]
//! # use wallaroo::{App, Application};
//! fn main() -> std::process::ExitCode {
//!     wallaroo::main([App::new("alphabet", "counts the votes for every letter", |_| {
//!         Application::new("alphabet")
//!             // .pipeline(..) as above
//!             .build()
//!     })])
//! }
//! ```
//!
//! # Where to start
//!
//! | you want to | look at |
//! |---|---|
//! | write an application | [`Application`], and the traits [`Decoder`], [`Computation`], [`StateComputation`], [`PartitionFunction`], [`Encoder`] with its [`Out`] |
//! | let several sources meet, or several pipelines write to one place | [`Pipeline::merge`], [`Sink::named`] |
//! | have the source make its messages itself | [`Source::generator`] |
//! | read and write lines of JSON | [`Json`], [`Source::json_lines`], [`Sink::json_lines`] |
//! | test it | [`TestDriver`] |
//! | make a program of it | [`main`] and [`App`] |
//! | write to the log | `tracing::warn!(target: "wallaroo", ..)`, and [`Log`] |
//! | run it inside a program of your own | [`Session`] with [`Settings`]; or the bare [`Engine`], and an [`Observer`] of your own |
//!
//! The command line and the terminal UI are the feature `workbench`, which is on by default. Without it,
//! this is the engine and the application API, and no terminal library is built.
//!
//! # Guarantees
//!
//! * Messages of one key are processed in the order in which their source delivered them, with any number of
//!   workers. Across keys there is no order.
//! * A message that cannot be processed becomes a dead letter with its bytes, its step and the reason; the
//!   rest goes on. A panic in an author's code is such a reason. It also poisons the partition whose state
//!   it may have left half changed, until a person revives it.
//! * What is in flight is bounded: a sink that stalls stops the sources.

// Hidden, because only the tests of this package look inside. Exported below is what the author of an
// application or a program that embeds the engine has to name.
#[doc(hidden)]
pub mod application;
#[doc(hidden)]
pub mod cluster;
#[doc(hidden)]
pub mod core;
#[doc(hidden)]
pub mod endpoints;
#[cfg(feature = "workbench")]
#[doc(hidden)]
pub mod expression;
#[doc(hidden)]
pub mod resilience;
#[doc(hidden)]
pub mod runtime;
#[doc(hidden)]
pub mod session;
#[doc(hidden)]
pub mod telemetry;
#[doc(hidden)]
pub mod wire;
#[cfg(feature = "workbench")]
#[doc(hidden)]
pub mod workbench;

#[cfg(feature = "workbench")]
mod cli;

pub use application::*;
#[cfg(feature = "workbench")]
pub use cli::{App, AppOptions, main};
pub use core::event::EngineEvent;
pub use core::frames::dead_letter::{Cause, DeadLetter};
pub use core::numbers::PipelineIndex;
pub use core::observer::{Observer, Unwatched};
pub use core::partitions::query::{PartitionRow, Revival};
pub use core::test_driver::{GenerateError, NoSuchPipeline, PushError, RestoreError, TestDriver};
pub use core::topology::{Application, BuildError, Pipeline, Topology};
pub use endpoints::{Endpoint, EndpointError};
pub use resilience::{Durability, ResilienceSettings};
pub use runtime::{Engine, EngineError, RunState, Settings};
pub use session::Session;
pub use telemetry::{DeadLetterFile, Log, LogFile, LogLevel, LogLine, LogTaken};
pub use telemetry::{PartitionView, Snapshot, Summary};
