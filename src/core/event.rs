//! What happens to the engine's sources and sinks, as a line of its log.

use std::fmt;
use std::sync::Arc;

use super::numbers::PipelineIndex;

/// How much an event matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Good to know.
    Information,
    /// Something is wrong, and the engine goes on.
    Warning,
}

/// Something that happened to the engine beside its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineEvent {
    /// The source of this pipeline listens at this address.
    Listening(PipelineIndex, String),
    /// A client connected to the source of this pipeline.
    Connected(PipelineIndex, Arc<str>),
    /// A client's connection ended; the reason where it was not the client's own wish.
    Disconnected(PipelineIndex, Arc<str>, Option<String>),
    /// A client could not be accepted, and why.
    NotAccepted(PipelineIndex, String),
    /// A sink can be written.
    SinkReady(PipelineIndex, String),
}

impl EngineEvent {
    /// The pipeline whose source or sink it is.
    #[must_use]
    pub fn pipeline(&self) -> PipelineIndex {
        match self {
            Self::Listening(pipeline, _)
            | Self::Connected(pipeline, _)
            | Self::Disconnected(pipeline, ..)
            | Self::NotAccepted(pipeline, _)
            | Self::SinkReady(pipeline, _) => *pipeline,
        }
    }

    /// How much it matters.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::Listening(..)
            | Self::Connected(..)
            | Self::Disconnected(_, _, None)
            | Self::SinkReady(..) => Level::Information,
            Self::Disconnected(_, _, Some(_)) | Self::NotAccepted(..) => Level::Warning,
        }
    }
}

impl fmt::Display for EngineEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening(_, address) => write!(formatter, "listening at {address}"),
            Self::Connected(_, client) => write!(formatter, "{client} connected"),
            Self::Disconnected(_, client, None) => write!(formatter, "{client} left"),
            Self::Disconnected(_, client, Some(reason)) => {
                write!(formatter, "{client} disconnected: {reason}")
            }
            Self::NotAccepted(_, reason) => {
                write!(formatter, "a client was not accepted: {reason}")
            }
            Self::SinkReady(_, sink) => write!(formatter, "writing to {sink}"),
        }
    }
}
