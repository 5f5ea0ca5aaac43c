//! What can be wrong with an application that compiles.

use thiserror::Error;

/// What is wrong with an application, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The application has no pipeline.
    #[error("application `{0}` has no pipeline: add one with `.pipeline(name, source)`")]
    NoPipelines(String),
    /// Two pipelines have one name.
    #[error("two pipelines are named `{0}`: give each its own name")]
    DuplicatePipeline(String),
    /// A name is empty.
    #[error("{0} has an empty name: give it one")]
    EmptyName(String),
    /// A decoder's header cannot be read.
    #[error(
        "pipeline `{pipeline}`: the decoder's header_length is {length}, and it must be 1 to 8 bytes"
    )]
    HeaderLength {
        /// The pipeline's name.
        pipeline: String,
        /// The header's length in bytes.
        length: usize,
    },
    /// A key is declared twice.
    #[error("pipeline `{pipeline}`, step `{step}`: key `{key}` is declared twice")]
    DuplicateKey {
        /// The pipeline's name.
        pipeline: String,
        /// The step's name.
        step: String,
        /// The key as text.
        key: String,
    },
    /// A pipeline of another application was merged.
    #[error(
        "pipeline `{pipeline}` is of application `{other}` and was merged into one of `{into}`: begin it with `Pipeline::new`"
    )]
    OtherApplication {
        /// The pipeline's name.
        pipeline: String,
        /// The name of its application.
        other: String,
        /// The name of the application into which it was merged.
        into: String,
    },
    /// A pipeline has two sinks of one name.
    #[error(
        "pipeline `{pipeline}`, step `{step}`: another sink of the pipeline is named `{sink}`, too: pipelines share a named sink, and each has it once"
    )]
    DuplicateSink {
        /// The pipeline's name.
        pipeline: String,
        /// The step's name.
        step: String,
        /// The sink's name.
        sink: String,
    },
    /// Two steps name one state and mean different things.
    #[error(
        "pipeline `{pipeline}`, step `{step}`: state `{state}` was declared before with {before}, and here with {here}: a state's name must always mean the same"
    )]
    StateMismatch {
        /// The pipeline's name.
        pipeline: String,
        /// The step's name.
        step: String,
        /// The state's name.
        state: String,
        /// What it was declared with before.
        before: String,
        /// What it is declared with here.
        here: String,
    },
}
