//! What an author writes against: the parts of an application.
//!
//! One trait a part, and each trait has a closure form. Nothing here knows how or where the parts
//! run; [`crate::core`] puts them together and [`crate::runtime`] runs them.

mod computation;
mod decoder;
mod encoder;
mod generator;
mod header;
mod key;
mod message;
mod name;
mod outputs;
mod partition;
mod printable;
mod reason;
mod sink;
mod source;
mod state;

pub use computation::Computation;
pub use decoder::{DEFAULT_HEADER_LENGTH, Decoder};
pub use encoder::{EncodeOutcome, Encoder};
pub use generator::Generator;
pub use header::{WithHeader, big_endian, little_endian};
pub(crate) use key::push_text_of_bytes;
pub use key::{Key, parse_key_text, text_of_bytes};
pub use message::Message;
pub use outputs::{OneByOne, Outputs, StateOutcome};
pub use partition::PartitionFunction;
pub use reason::Reason;
pub use sink::{BoxedEncoder, Sink};
pub use source::{Generate, Source, TypedForm};
pub use state::{State, StateBuilder, StateComputation};

pub(crate) use name::short_type_name;
pub(crate) use printable::is_printable;
