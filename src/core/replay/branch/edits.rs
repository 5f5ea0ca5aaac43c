//! What is done differently in a branch, and where in a chapter.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::application::Key;
use crate::core::frames::pieces::Pieces;
use crate::core::numbers::PipelineIndex;
use crate::core::replay::error::ReplayError;
use crate::core::replay::script::{Entering, Script};
use crate::core::topology::Topology;

/// Something that is done differently in a branch. Messages are numbered from 1, as moments are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BranchEdit {
    /// This message does not enter.
    LeaveOut {
        /// The message.
        message: u64,
    },
    /// Other frames enter in place of this message.
    Replace {
        /// The message.
        message: u64,
        /// The frames, with what is around their payloads.
        frames: Vec<Bytes>,
    },
    /// Frames enter that did not.
    PutIn {
        /// Before this message; at the end if it is the number behind the last one.
        before: u64,
        /// Their pipeline.
        pipeline: PipelineIndex,
        /// The frames, with what is around their payloads.
        frames: Vec<Bytes>,
    },
    /// A partition has another state from a moment on. If it does not exist, it is created.
    SetState {
        /// The moment: after this message; 0 is the beginning.
        after: u64,
        /// The name of the state.
        state: Arc<str>,
        /// The partition's key.
        key: Key,
        /// The state as JSON.
        json: String,
    },
}

impl BranchEdit {
    /// The message that it names.
    pub(super) fn message(&self) -> u64 {
        match self {
            Self::LeaveOut { message } | Self::Replace { message, .. } => *message,
            Self::PutIn { before, .. } => *before,
            Self::SetState { after, .. } => *after,
        }
    }

    /// The message in whose chapter it is, of so many messages. `None` if it is behind all that was recorded.
    pub(super) fn at(&self, messages: u64) -> Option<u64> {
        let is_end = match self {
            Self::LeaveOut { .. } | Self::Replace { .. } => false,
            Self::PutIn { before, .. } => *before > messages,
            Self::SetState { after, .. } => *after >= messages,
        };
        (!is_end).then(|| self.message())
    }
}

/// What becomes of a message: what enters before it, in its place, and after it. `None` is itself.
#[derive(Debug, Default)]
struct Around<'a> {
    before: Vec<&'a Bytes>,
    instead: Option<&'a [Bytes]>,
    after: Vec<&'a Bytes>,
}

/// What is done between two messages, while nothing is in flight.
#[derive(Debug, Clone, Copy)]
pub(super) enum Between<'a> {
    /// These frames enter.
    Frames(PipelineIndex, &'a [Bytes]),
    /// A partition gets this state.
    State { state: &'a Arc<str>, key: &'a Key, json: &'a str },
}

/// The edits of a chapter. Its messages are numbered from 0.
#[derive(Debug, Default)]
pub(super) struct ChapterEdits<'a> {
    messages: BTreeMap<u64, Around<'a>>,
    /// By how many messages have entered before; `u64::MAX` is the end of all.
    pub between: BTreeMap<u64, Vec<Between<'a>>>,
}

impl<'a> ChapterEdits<'a> {
    /// The edits of a chapter, given how many messages entered before it. `all` is how many the recording has: what comes
    /// behind them comes after all that people did in the chapter, too.
    ///
    /// # Errors
    ///
    /// There is no such message, or its source makes its messages itself.
    pub fn new(
        edits: impl Iterator<Item = &'a BranchEdit> + Clone,
        (before_all, all): (u64, u64),
        script: &Script,
        topology: &Topology,
    ) -> Result<Self, ReplayError> {
        let mut chapter = Self::default();
        for edit in edits.clone() {
            if let BranchEdit::SetState { after, state, key, json } = edit {
                let place = after.saturating_sub(before_all);
                let at = edit.at(all).map_or(u64::MAX, |_| place);
                chapter.between.entry(at).or_default().push(Between::State { state, key, json });
            }
        }
        let pipeline_of = |number| script.find(number).map(|(entering, _)| entering.pipeline);
        for edit in edits {
            match edit {
                BranchEdit::LeaveOut { message } => {
                    chapter.instead(*message, before_all, script)?.instead = Some(&[]);
                }
                BranchEdit::Replace { message, frames } => {
                    let around = chapter.instead(*message, before_all, script)?;
                    around.instead = Some(frames);
                    let number = *message - before_all - 1;
                    takes_frames(pipeline_of(number).unwrap_or(PipelineIndex(0)), topology)?;
                }
                BranchEdit::PutIn { before, pipeline, frames } => {
                    takes_frames(*pipeline, topology)?;
                    if edit.at(all).is_none() {
                        let between = Between::Frames(*pipeline, frames);
                        chapter.between.entry(u64::MAX).or_default().push(between);
                        continue;
                    }
                    let at = before.saturating_sub(before_all + 1);
                    let is_same = |number| pipeline_of(number) == Some(*pipeline);
                    let behind = at.checked_sub(1).filter(|number| is_same(*number));
                    let stops = chapter.between.contains_key(&at);
                    match (stops, is_same(at), behind) {
                        (false, true, _) => {
                            chapter.messages.entry(at).or_default().before.extend(frames);
                        }
                        (false, false, Some(behind)) => {
                            chapter.messages.entry(behind).or_default().after.extend(frames);
                        }
                        (true, ..) | (false, false, None) => {
                            let between = Between::Frames(*pipeline, frames);
                            chapter.between.entry(at).or_default().push(between);
                        }
                    }
                }
                BranchEdit::SetState { .. } => {}
            }
        }
        Ok(chapter)
    }

    fn instead(
        &mut self,
        message: u64,
        before_all: u64,
        script: &Script,
    ) -> Result<&mut Around<'a>, ReplayError> {
        let number = message.checked_sub(before_all + 1);
        let number = number.filter(|number| script.find(*number).is_some());
        let number = number.ok_or(ReplayError::NoMessage { message })?;
        Ok(self.messages.entry(number).or_default())
    }

    /// A part of the chapter with the edits of its messages.
    pub fn edited(&self, mut part: Script) -> Script {
        for entering in part.workers.iter_mut().flat_map(|part| &mut part.entering) {
            let end = entering.number + entering.frames.len() as u64;
            if self.messages.range(entering.number..end).next().is_some() {
                entering.frames.replace(self.pieces(entering));
            }
        }
        part
    }

    fn pieces(&self, entering: &Entering) -> Pieces {
        let (mut bytes, mut ends) = (BytesMut::new(), Vec::new());
        let mut push = |frame: &[u8]| {
            bytes.extend_from_slice(frame);
            debug_assert!(u32::try_from(bytes.len()).is_ok(), "edits are far shorter than 4 GiB");
            ends.extend(u32::try_from(bytes.len()));
        };
        let frames = 0..u32::try_from(entering.frames.len()).unwrap_or(u32::MAX);
        for (number, frame) in (entering.number..).zip(frames) {
            let itself = entering.frames.frame(frame);
            let Some(around) = self.messages.get(&number) else {
                push(itself);
                continue;
            };
            around.before.iter().for_each(|frame| push(frame));
            match around.instead {
                None => push(itself),
                Some(others) => others.iter().for_each(|frame| push(frame)),
            }
            around.after.iter().for_each(|frame| push(frame));
        }
        Pieces::new(bytes.freeze(), ends, entering.frames.byte_offset())
    }
}

/// Whether frames can enter a pipeline.
fn takes_frames(pipeline: PipelineIndex, topology: &Topology) -> Result<(), ReplayError> {
    let plan = topology.pipelines().get(pipeline.0);
    let plan = plan.ok_or(ReplayError::NoPipeline { pipeline: pipeline.0 })?;
    if plan.source.makes_its_messages() {
        return Err(ReplayError::MakesItsMessages { pipeline: plan.name.to_string() });
    }
    Ok(())
}
