//! What a test can ask of the driver in vain.

use thiserror::Error;

use crate::application::Key;
use crate::core::frames::framing::NoFrame;

/// A test asked the driver for something that the application does not have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the application has no pipeline `{0}`")]
pub struct NoSuchPipeline(pub String);

/// A message cannot be given to an application.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PushError {
    /// There is no such pipeline.
    #[error(transparent)]
    NoSuchPipeline(#[from] NoSuchPipeline),
    /// The payload cannot be framed.
    #[error(transparent)]
    NoFrame(#[from] NoFrame),
}

/// A partition cannot be as a test wants it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RestoreError {
    /// There is no such state.
    #[error("the application has no state `{state}`: its states are {known}")]
    NoSuchState {
        /// The state that was asked for.
        state: String,
        /// The names of those that there are.
        known: String,
    },
    /// The JSON is of another type than the state.
    #[error("`{json}` is not a state of `{state}`: {reason}")]
    OtherType {
        /// The name of the state.
        state: String,
        /// The JSON.
        json: String,
        /// What is wrong with it.
        reason: String,
    },
    /// What was saved of a partition is of another type than the state.
    #[error("partition `{key}` was saved of another type than state `{state}` has: {reason}")]
    OtherSaved {
        /// The name of the state.
        state: String,
        /// The key.
        key: Key,
        /// What is wrong with it.
        reason: String,
    },
    /// The state has no partition of this key.
    #[error("state `{state}` has no partition `{key}`: restore it first")]
    NoSuchPartition {
        /// The name of the state.
        state: String,
        /// The key.
        key: Key,
    },
    /// The state of the partition cannot be saved, so its partition is no longer what a checkpoint could hold.
    #[error("partition `{key}` of state `{state}` cannot be saved: {reason}")]
    Unsaved {
        /// The name of the state.
        state: String,
        /// The key.
        key: Key,
        /// Why.
        reason: String,
    },
}

/// A pipeline cannot be told to make messages.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GenerateError {
    /// There is no such pipeline.
    #[error(transparent)]
    NoSuchPipeline(#[from] NoSuchPipeline),
    /// Its source reads its messages.
    #[error("the source of pipeline `{0}` makes no messages: push them")]
    NoGenerator(String),
}
