//! Why an engine cannot start or go on.

use std::io;
use std::sync::Arc;

use thiserror::Error;

use crate::cluster::meeting::MeetError;
use crate::cluster::side::How;
use crate::core::numbers::ProcessIndex;
use crate::endpoints::{Endpoint, SinkFailure};
use crate::resilience::ResilienceError;

/// Why an engine cannot start or go on, and what to do about it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A source cannot be opened.
    #[error("cannot read from {endpoint}: {error}{}", hint(endpoint, error))]
    OpenSource {
        /// Which source.
        endpoint: Endpoint,
        /// Why.
        error: io::Error,
    },
    /// A sink cannot be opened.
    #[error("cannot write to {endpoint}: {error}{}", hint(endpoint, error))]
    OpenSink {
        /// Which sink.
        endpoint: Endpoint,
        /// Why.
        error: io::Error,
    },
    /// A source cannot be read any further.
    #[error("cannot read any further: {0}")]
    Source(io::Error),
    /// A sink cannot be written any further.
    #[error(transparent)]
    Sink(#[from] SinkFailure),
    /// A worker ended before its work did.
    #[error(
        "worker {worker} {reason}; unless a state builder of the application did, please report this"
    )]
    Worker {
        /// Which worker.
        worker: usize,
        /// What its panic said.
        reason: String,
    },
    /// The processes of the cluster do not meet.
    #[error(transparent)]
    Meet(#[from] MeetError),
    /// Another process of the cluster is gone, with what was in progress there.
    #[error("process {process} is lost: {how}")]
    ProcessLost {
        /// Which process.
        process: ProcessIndex,
        /// How it was lost.
        how: How,
    },
    /// A connection between the workers of two processes has failed.
    #[error("a connection to another process has failed")]
    Disconnected,
    /// Process 0 cannot go on, and nothing is saved.
    #[error("process 0 cannot go on: it says why")]
    FirstFailed,
    /// Another process cannot go on.
    #[error("process {process} cannot go on: {reason}")]
    Process {
        /// Which process.
        process: ProcessIndex,
        /// What it says.
        reason: String,
    },
    /// Another process cannot be told something.
    #[error("process {process} cannot be told what it needs: {reason}")]
    Untold {
        /// Which process.
        process: ProcessIndex,
        /// Why.
        reason: String,
    },
    /// The resilience directory cannot be read or written.
    #[error(transparent)]
    Resilience(#[from] ResilienceError),
    /// The number of workers can be changed only if the run saves: a checkpoint carries the partitions over.
    #[error(
        "the number of workers cannot be changed while nothing is saved: set a resilience directory"
    )]
    NothingSaved,
    /// The settings are of another application.
    #[error(
        "the settings do not fit the application: make them of its topology, with one source per pipeline and one endpoint per sink"
    )]
    OtherTopology,
    /// A source that makes its messages itself is given an endpoint.
    #[error(
        "pipeline `{0}` makes its messages itself and reads no endpoint: leave its source without one"
    )]
    NothingToRead(Arc<str>),
    /// A sink that several pipelines share has another endpoint at one of them.
    #[error(
        "pipeline `{pipeline}` shares a sink with pipeline `{first}`: give it the same endpoint at both"
    )]
    TwoEndpoints {
        /// The pipeline's name.
        pipeline: Arc<str>,
        /// The name of the first pipeline that has the sink.
        first: Arc<str>,
    },
    /// An invariant of the engine is broken. It stops before it loses anything.
    #[error("{0}, which cannot be: please report this")]
    Contradiction(&'static str),
    /// Threads cannot be started.
    #[error("cannot start the engine's threads: {0}")]
    Threads(String),
    /// Too many injected bytes wait already.
    #[error("the input is full: wait until the engine has taken more of it, or resume it")]
    InputFull,
    /// Load is wanted for a pipeline that cannot make messages.
    #[error("there are no messages to generate: give the pipeline's source a generator")]
    NoGenerator,
    /// The engine has ended already.
    #[error("the engine has ended")]
    Ended,
}

impl EngineError {
    /// Whether another process is lost: then all go on from the last checkpoint, if there is one.
    pub fn is_loss(&self) -> bool {
        match self {
            Self::ProcessLost { .. } | Self::Disconnected => true,
            Self::Meet(error) => error.is_of_a_kill(),
            _ => false,
        }
    }
}

/// What to do about an endpoint that cannot be opened; empty if that is not known.
pub(crate) fn hint(endpoint: &Endpoint, error: &io::Error) -> &'static str {
    match (endpoint, error.kind()) {
        (Endpoint::Tcp(_), io::ErrorKind::AddrInUse) => {
            "; something else listens there: choose another port"
        }
        (Endpoint::Tcp(_), io::ErrorKind::AddrNotAvailable) => {
            "; this machine has no such address: 127.0.0.1 is for its own programs, 0.0.0.0 for all"
        }
        (Endpoint::File(path), io::ErrorKind::NotFound)
            if path.to_str().is_some_and(|path| path.parse::<u16>().is_ok()) =>
        {
            "; a port is written with a colon before it"
        }
        _ => "",
    }
}
