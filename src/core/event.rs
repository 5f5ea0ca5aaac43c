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
    /// A client's connection was closed between two frames because the run was stopped.
    LetGo(PipelineIndex, Arc<str>),
    /// A client could not be accepted, and why.
    NotAccepted(PipelineIndex, String),
    /// A source has more bytes, and none of them is read, and why.
    Abandoned(PipelineIndex, Arc<str>, String),
    /// A sink can be written, for the first time or again.
    SinkReady(PipelineIndex, String),
    /// A sink waits for a receiver that is not there, and why.
    SinkWaiting(PipelineIndex, String, String),
    /// A sink's receiver went away, and how.
    SinkLost(PipelineIndex, String, String),
    /// A sink has outputs to write, and has not been able to write any of them for a while.
    SinkStalled(PipelineIndex, String),
}

impl EngineEvent {
    /// The pipeline whose source or sink it is.
    #[must_use]
    pub fn pipeline(&self) -> PipelineIndex {
        match self {
            Self::Listening(pipeline, _)
            | Self::Connected(pipeline, _)
            | Self::Disconnected(pipeline, ..)
            | Self::LetGo(pipeline, _)
            | Self::NotAccepted(pipeline, _)
            | Self::Abandoned(pipeline, ..)
            | Self::SinkReady(pipeline, _)
            | Self::SinkWaiting(pipeline, ..)
            | Self::SinkLost(pipeline, ..)
            | Self::SinkStalled(pipeline, _) => *pipeline,
        }
    }

    /// How much it matters.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::Listening(..)
            | Self::Connected(..)
            | Self::Disconnected(_, _, None)
            | Self::LetGo(..)
            | Self::SinkReady(..) => Level::Information,
            Self::Disconnected(_, _, Some(_))
            | Self::NotAccepted(..)
            | Self::Abandoned(..)
            | Self::SinkWaiting(..)
            | Self::SinkLost(..)
            | Self::SinkStalled(..) => Level::Warning,
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
            Self::LetGo(_, client) => write!(formatter, "{client} let go: the run was stopped"),
            Self::NotAccepted(_, reason) => {
                write!(formatter, "a client was not accepted: {reason}")
            }
            Self::Abandoned(_, source, reason) => {
                write!(formatter, "the rest of {source} is not read: {reason}")
            }
            Self::SinkReady(_, sink) => write!(formatter, "writing to {sink}"),
            Self::SinkWaiting(_, sink, reason) => write!(formatter, "waiting for {sink}: {reason}"),
            Self::SinkLost(_, sink, reason) => write!(formatter, "{sink} went away: {reason}"),
            Self::SinkStalled(_, sink) => write!(formatter, "{sink} takes no outputs: they wait"),
        }
    }
}
