//! What is between a source and a sink: one trait per kind of step, each with a closure form.

mod computation;
mod decimal;
mod decoder;
mod encoder;
mod out;
mod outputs;
mod partition;
mod state;

pub use computation::Computation;
pub use decoder::{DEFAULT_HEADER_LENGTH, Decoder};
pub use encoder::{EncodeOutcome, Encoder, WritesOut, WritesVec};
pub use out::Out;
pub use outputs::{OneByOne, Outputs, StateOutcome};
pub use partition::PartitionFunction;
pub use state::{State, StateBuilder, StateComputation};
