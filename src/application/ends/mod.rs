//! The two ends of a pipeline: its source, with the form of its frames, and its sinks.

mod cutting;
mod generated;
mod generator;
mod header;
mod own_framing;
mod sink;
mod source;

pub(crate) use cutting::Cutting;
pub use generated::{Generated, SourceCode};
pub(crate) use generated::{HasMessage, HasMessageFn};
pub use generator::{Generator, Skew};
pub use header::{big_endian, little_endian};
pub(crate) use own_framing::{FirstFrame, OwnFunctions};
pub use own_framing::{FramePlace, OwnFraming};
pub use sink::{BoxedEncoder, Sink};
pub use source::{Generate, Source, TypedForm, WithHeader};
