//! The API for authors: the parts of an application.
//!
//! There is one trait per part, and each trait has a closure form. Nothing here knows how or where the
//! parts run: [`crate::core`] puts them together and [`crate::runtime`] runs them.

mod ends;
mod json;
mod key;
mod key_text;
mod message;
mod name;
mod printable;
mod reason;
mod steps;

pub use ends::{
    BoxedEncoder, FramePlace, Generate, Generated, Generator, OwnFraming, Sink, Skew, Source,
    SourceCode, TypedForm, WithHeader, big_endian, little_endian,
};
pub use json::Json;
pub use key::Key;
pub(crate) use key_text::push_text_of_bytes;
pub use key_text::{parse_key_text, text_of_bytes};
pub use message::Message;
pub use reason::Reason;
pub use steps::{
    Computation, DEFAULT_HEADER_LENGTH, Decoder, EncodeOutcome, Encoder, OneByOne, Out, Outputs,
    PartitionFunction, State, StateBuilder, StateComputation, StateOutcome, WritesOut, WritesVec,
};

pub(crate) use ends::{Cutting, FirstFrame, HasMessage, HasMessageFn, OwnFunctions};
pub(crate) use name::short_type_name;
pub(crate) use printable::is_printable;
