//! The two ends of a pipeline: its source, with the form of its frames, and its sinks.

mod cutting;
mod generator;
mod header;
mod sink;
mod source;

pub(crate) use cutting::Cutting;
pub use generator::{Generator, Skew};
pub use header::{big_endian, little_endian};
pub use sink::{BoxedEncoder, Sink};
pub use source::{Generate, Source, TypedForm, WithHeader};
