//! What happens in the engine beside its messages, as lines of its log.

mod cluster_news;
mod level;
mod load_news;
mod recovered;
mod sink_news;
mod taken_back_news;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::figures::{counted, exact};
use super::numbers::{Epoch, PipelineIndex, ProcessIndex, SinkIndex};
use crate::application::Key;

pub use cluster_news::{ClusterNews, ProcessNamed, waiting_for};
pub use level::Level;
pub use load_news::LoadNews;
pub use recovered::Recovered;
pub use sink_news::SinkNews;
pub use taken_back_news::TakenBackNews;

/// Something that happened to the engine beside its messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EngineEvent {
    /// The source of this pipeline listens at this address.
    Listening(PipelineIndex, String),
    /// The file of a source or sink has not opened for a while: a pipe waits for its other end, which is to
    /// do this.
    Opening(PipelineIndex, String, Cow<'static, str>),
    /// A client connected to the source of this pipeline.
    Connected(PipelineIndex, Arc<str>),
    /// A client's connection ended; the reason if the client did not end it.
    Disconnected(PipelineIndex, Arc<str>, Option<String>),
    /// A client's connection was closed between two frames because the run was stopped.
    LetGo(PipelineIndex, Arc<str>),
    /// A client of this process could not be accepted, and why.
    NotAccepted(PipelineIndex, ProcessIndex, String),
    /// A source serves fewer connections at once than it was asked to, because the limit on open files
    /// leaves no more.
    FewerConnections {
        /// The source's pipeline.
        pipeline: PipelineIndex,
        /// The process at which it is.
        process: ProcessIndex,
        /// How many it serves.
        connections: usize,
        /// How many were asked for.
        asked: usize,
        /// The limit on open files.
        open_files: usize,
    },
    /// A worker waits for the disk from which it reads this file, or no longer does.
    Reading {
        /// The source's pipeline.
        pipeline: PipelineIndex,
        /// The file's name.
        file: Arc<str>,
        /// Whether it waits.
        stalled: bool,
    },
    /// Workers did not end in this time when the engine was ended: their threads are left.
    LeftBehind(Duration),
    /// All of a source is read: a file, a pipe or the standard input.
    SourceEnded(PipelineIndex, Arc<str>),
    /// A source that makes its messages itself has made the last one.
    GeneratorEnded(PipelineIndex),
    /// A source no longer reads, though it has more bytes, and why.
    Abandoned(PipelineIndex, Arc<str>, String),
    /// Something happened to a sink.
    Sink {
        /// The sink's pipeline.
        pipeline: PipelineIndex,
        /// Which of the pipeline's sinks: several may have one address.
        sink: SinkIndex,
        /// Its endpoint, as text.
        endpoint: Arc<str>,
        /// What happened.
        news: SinkNews,
    },
    /// Something happened to the load.
    Load(LoadNews),
    /// Something happened to the processes of a cluster.
    Cluster(ClusterNews),
    /// The engine begins with what an earlier run had saved.
    Recovered(Recovered),
    /// An earlier start ended while it replayed the journal, so this one replays it one row or frame at a
    /// time.
    ReplaysOneAtATime,
    /// This frame of the journal is no longer processed: it is a dead letter.
    SetAside {
        /// The pipeline.
        pipeline: PipelineIndex,
        /// The source's or connection's name.
        source: Arc<str>,
        /// How many bytes after the beginning of the source the frame starts.
        offset: u64,
        /// The frame's length in bytes, header included.
        length: usize,
        /// The row of the journal.
        row: u64,
        /// The frame's place in the row, from 0.
        frame: u64,
    },
    /// A partition's state cannot be saved: it is poisoned, and what was saved of it before stays.
    NotSaved {
        /// The state's name.
        state: Arc<str>,
        /// The partition's key.
        key: Key,
        /// Why.
        reason: String,
    },
    /// The recording of the run does not go on, and why. The run does.
    NotRecorded(String),
    /// A crash was asked for: nothing is in memory any more.
    Crashed {
        /// How many workers had partitions in memory.
        workers: usize,
        /// How many partitions.
        partitions: usize,
    },
    /// All that was taken before this checkpoint has been processed, and nothing else.
    CheckpointBegun(Epoch),
    /// Other workers have taken over.
    WorkersChanged {
        /// How many there were.
        from: usize,
        /// How many there are.
        to: usize,
        /// How many partitions there are.
        partitions: usize,
        /// How many of them have another owner.
        moved: usize,
        /// How long nothing could enter.
        held: Duration,
    },
    /// A message was taken back.
    TakenBack(TakenBackNews),
    /// A checkpoint is whole.
    Checkpointed {
        /// Its number.
        epoch: Epoch,
        /// How many partitions had changed.
        partitions: usize,
        /// How long nothing could enter.
        held: Duration,
        /// How long it took in all.
        took: Duration,
        /// Whose workers were the last for which nothing could enter; `None` if there is one process.
        last: Option<ProcessIndex>,
    },
}

impl EngineEvent {
    /// The pipeline whose source or sink it is; `None` if it is of the whole engine.
    pub fn pipeline(&self) -> Option<PipelineIndex> {
        match self {
            Self::Listening(pipeline, _)
            | Self::Opening(pipeline, ..)
            | Self::Connected(pipeline, _)
            | Self::Disconnected(pipeline, ..)
            | Self::LetGo(pipeline, _)
            | Self::NotAccepted(pipeline, ..)
            | Self::Abandoned(pipeline, ..)
            | Self::SourceEnded(pipeline, _)
            | Self::GeneratorEnded(pipeline)
            | Self::Sink { pipeline, .. }
            | Self::Reading { pipeline, .. }
            | Self::FewerConnections { pipeline, .. }
            | Self::SetAside { pipeline, .. } => Some(*pipeline),
            Self::Cluster(news) => news.pipeline(),
            Self::Load(_)
            | Self::Recovered(_)
            | Self::ReplaysOneAtATime
            | Self::NotSaved { .. }
            | Self::NotRecorded(_)
            | Self::LeftBehind(_)
            | Self::Crashed { .. }
            | Self::CheckpointBegun(_)
            | Self::WorkersChanged { .. }
            | Self::Checkpointed { .. } => None,
            Self::TakenBack(news) => Some(news.pipeline),
        }
    }

    /// How much it matters.
    pub fn level(&self) -> Level {
        match self {
            Self::Sink { news, .. } => news.level(),
            Self::Load(news) => news.level(),
            Self::Cluster(news) => news.level(),
            Self::Listening(..)
            | Self::Connected(..)
            | Self::Disconnected(_, _, None)
            | Self::LetGo(..)
            | Self::SourceEnded(..)
            | Self::GeneratorEnded(_)
            | Self::Reading { stalled: false, .. }
            | Self::WorkersChanged { .. }
            | Self::TakenBack(_)
            | Self::Recovered(_) => Level::Information,
            Self::CheckpointBegun(_) | Self::Checkpointed { .. } => Level::Detail,
            Self::Disconnected(_, _, Some(_))
            | Self::NotAccepted(..)
            | Self::Opening(..)
            | Self::Reading { stalled: true, .. }
            | Self::LeftBehind(_)
            | Self::Abandoned(..)
            | Self::FewerConnections { .. }
            | Self::ReplaysOneAtATime
            | Self::SetAside { .. }
            | Self::NotSaved { .. }
            | Self::NotRecorded(_)
            | Self::Crashed { .. } => Level::Warning,
        }
    }
}

impl fmt::Display for EngineEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening(_, address) => write!(formatter, "listening at {address}"),
            Self::Opening(_, file, other) => {
                write!(formatter, "waiting to open {file}: a pipe opens when somebody {other} it")
            }
            Self::Connected(_, client) => write!(formatter, "{client} connected"),
            Self::Disconnected(_, client, None) => write!(formatter, "{client} left"),
            Self::Disconnected(_, client, Some(reason)) => {
                write!(formatter, "{client} disconnected: {reason}")
            }
            Self::LetGo(_, client) => write!(formatter, "{client} let go: the run was stopped"),
            Self::NotAccepted(_, process, reason) => {
                write!(formatter, "a client was not accepted{}: {reason}", cluster_news::elsewhere(*process))
            }
            Self::FewerConnections { process, connections, asked, open_files, .. } => write!(
                formatter,
                "serving up to {connections} of {asked} connections at once{}: this process may \
                 have {open_files} files open, raise that with ulimit -n",
                cluster_news::elsewhere(*process)
            ),
            Self::Reading { file, stalled: true, .. } => write!(
                formatter,
                "a worker waits for the disk: it reads {file}; checkpoints wait for it"
            ),
            Self::Reading { file, stalled: false, .. } => {
                write!(formatter, "reading {file} again: the disk has answered")
            }
            Self::LeftBehind(waited) => write!(
                formatter,
                "a worker did not end within {waited:.0?}: a disk or a step does not return; its \
                 thread is left, and what it has open stays open until this process ends"
            ),
            Self::SourceEnded(_, source) => write!(formatter, "file ended: all of {source} is read"),
            Self::Abandoned(_, source, reason) => {
                write!(formatter, "the rest of {source} is not read: {reason}")
            }
            Self::GeneratorEnded(_) => {
                formatter.write_str("generator ended: it has made its last message")
            }
            Self::Sink { endpoint, news, .. } => news.write(endpoint, formatter),
            Self::Load(news) => news.fmt(formatter),
            Self::Cluster(news) => news.fmt(formatter),
            Self::Recovered(recovered) => recovered.fmt(formatter),
            Self::NotSaved { state, key, reason } => write!(
                formatter,
                "partition `{}` of state `{state}` cannot be saved and is poisoned: {reason}; what was \
                 saved of it before stays",
                key_beginning(key),
            ),
            Self::NotRecorded(reason) => {
                write!(formatter, "the recording of the run does not go on: {reason}")
            }
            Self::ReplaysOneAtATime => formatter.write_str(
                "the last start ended while it replayed the journal: this one replays a row at a time",
            ),
            Self::SetAside { source, offset, length, row, frame, .. } => write!(
                formatter,
                "a frame of {source} is set aside as a dead letter, because starts of the program ended \
                 while it was processed: {} at byte {offset}, frame {frame} of row {row} of the journal",
                counted(*length as u64, "byte"),
            ),
            // There were none, or nobody had counted them when a process was lost.
            Self::Crashed { workers, partitions: 0 } => {
                let workers = counted(*workers as u64, "worker");
                write!(formatter, "crash: all that {workers} had in memory is lost")
            }
            Self::Crashed { workers, partitions } => write!(
                formatter,
                "crash: {} of {} lost from memory",
                counted(*partitions as u64, "partition"),
                counted(*workers as u64, "worker"),
            ),
            Self::CheckpointBegun(epoch) => write!(formatter, "checkpoint {epoch} begins"),
            Self::WorkersChanged { from, to, partitions, moved, held } => write!(
                formatter,
                "workers: {to} instead of {from}; {} of {} moved, in {held:.1?}",
                exact(*moved as u64),
                counted(*partitions as u64, "partition"),
            ),
            Self::TakenBack(news) => news.fmt(formatter),
            Self::Checkpointed { epoch, partitions, held, took, last } => {
                let partitions = counted(*partitions as u64, "partition");
                write!(formatter, "checkpoint {epoch}: {partitions} saved in {took:.1?}, ")?;
                write!(formatter, "held for {held:.1?}")?;
                last.iter().try_for_each(|last| write!(formatter, ", last by process {last}"))
            }
        }
    }
}

/// A key's text, or its beginning: a key may be as long as a frame.
fn key_beginning(key: &Key) -> String {
    const SHOWN: usize = 64;
    match key.as_bytes().get(..SHOWN) {
        Some(beginning) if key.as_bytes().len() > SHOWN => format!("{}...", Key::from(beginning)),
        _ => key.to_string(),
    }
}
