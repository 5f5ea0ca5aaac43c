//! What a test can ask of the driver in vain.

use thiserror::Error;

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
