//! The first message of a recording to which it happens.

use std::sync::Arc;

use thiserror::Error;

use super::base::BasePartition;
use super::sought::{FoundAt, Sought, Watching, first_step};
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::core::replay::error::ReplayError;
use crate::core::replay::judged::{Judge, Judged};
use crate::core::replay::lasting::{ChapterAt, left_of};
use crate::core::replay::machine::{Ended, Follow, Machine};
use crate::core::replay::recording::Base;
use crate::core::replay::script::{Entering, Script};
use crate::core::replay::shrink::Message;
use crate::core::replay::source::Recording;
use crate::core::replay::touched::Touched;
use crate::core::seen::seen_in;
use crate::core::topology::Topology;

/// The first message of a recording to which it happens, and all until then.
#[derive(Debug)]
pub struct FirstFound {
    /// How many messages the recording has.
    pub recorded: u64,
    /// All messages until then that were not taken back: the last one is the one to which it happens.
    pub messages: Vec<Message>,
    /// Their numbers in the recording, from 1.
    pub(super) numbers: Vec<u64>,
    /// The partitions before the first message.
    pub base: Vec<BasePartition>,
    /// Which of the messages have been at which keys.
    pub(super) touched: Touched,
    /// Where it happens.
    pub(super) found: FoundAt,
}

impl FirstFound {
    /// The number of the message to which it happens, from 1.
    pub fn number(&self) -> u64 {
        self.numbers.last().copied().unwrap_or(0)
    }
}

/// There is no such message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FindError {
    /// It happens to no message.
    #[error("it holds at no step of the {messages} messages of the recording{}", reason_of(.unsaid.as_ref()))]
    Nowhere {
        /// How many messages there are.
        messages: u64,
        /// Of one of them it cannot be said, for this reason.
        unsaid: Option<String>,
    },
    /// Messages that a source makes itself cannot be left out.
    #[error(
        "pipeline `{0}` makes its messages itself, each of its number: there is no input to make smaller"
    )]
    MadeItself(String),
    /// The search was stopped before.
    #[error("stopped before it was found: let it run longer")]
    Stopped,
    /// The recording cannot be replayed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
}

fn reason_of(unsaid: Option<&String>) -> String {
    unsaid.map_or_else(String::new, |reason| format!(" ({reason})"))
}

/// Replays a recording, without the messages that were taken back, to the first message to which it happens.
///
/// # Errors
///
/// There is none, the recording cannot be replayed, or the search was stopped.
pub fn find_first(
    topology: &Arc<Topology>,
    recording: &impl Recording,
    sought: &dyn Sought,
    watching: &dyn Watching,
) -> Result<FirstFound, FindError> {
    let begin = recording.base()?;
    let base = flat(&begin);
    let recorded = recording.chapters().iter().map(|info| info.messages).sum();
    let mut looking = Looking::new(topology, sought, watching);
    let mut machine: Option<Machine> = None;
    let (mut messages, mut numbers) = (Vec::new(), Vec::new());
    let chapters = recording.chapters();
    let mut start = 0;
    for (chapter, info) in chapters.iter().enumerate() {
        let at = ChapterAt { chapter, start };
        let script = left_of(recording, topology, at, chapters.len())?.script;
        looking.start = messages.len();
        add_messages(&mut messages, &script, topology)?;
        // Those of a chapter that are left are its first ones.
        numbers.extend(start + 1..=start + script.messages());
        start += info.messages;
        let machine = match &mut machine {
            Some(machine) => machine,
            none => none.insert(Machine::new(Arc::clone(topology), script.crew, &begin)?),
        };
        let mut judged = Judged::new(topology, 0..u64::MAX, &mut looking);
        let ended = machine.run(&script, Follow::AsFarAsPossible, &mut judged)?;
        judged.finish();
        if let Some((message, found)) = looking.found {
            messages.truncate(message + 1);
            numbers.truncate(message + 1);
            let touched = looking.touched;
            return Ok(FirstFound { recorded, messages, numbers, base, touched, found });
        }
        if ended == Ended::Stopped {
            return Err(FindError::Stopped);
        }
    }
    Err(FindError::Nowhere { messages: recorded, unsaid: looking.unsaid })
}

pub(super) fn flat(base: &Base) -> Vec<BasePartition> {
    let states = base.partitions.iter();
    let named = states.flat_map(|(state, partitions)| {
        partitions.iter().map(move |partition| (Arc::clone(state), partition.clone()))
    });
    named.collect()
}

/// Appends the messages of a chapter, in their order.
pub(super) fn add_messages(
    messages: &mut Vec<Message>,
    script: &Script,
    topology: &Topology,
) -> Result<(), FindError> {
    let mut all: Vec<&Entering> = script.entering().collect();
    all.sort_by_key(|entering| entering.number);
    for Entering { pipeline, frames, .. } in all.into_iter().filter(|it| !it.frames.is_empty()) {
        let plan = topology.pipelines().get(pipeline.0);
        if let Some(plan) = plan.filter(|plan| plan.source.has.is_some()) {
            return Err(FindError::MadeItself(plan.name.to_string()));
        }
        let frame_count = u32::try_from(frames.len()).unwrap_or(u32::MAX);
        let payloads = (0..frame_count).map(|frame| frames.shared_payload(frame));
        messages.extend(payloads.map(|payload| Message { pipeline: *pipeline, payload }));
    }
    Ok(())
}

/// Looks for the first message to which it happens, and notes which keys the messages have been at.
struct Looking<'a> {
    topology: &'a Topology,
    sought: &'a dyn Sought,
    watching: &'a dyn Watching,
    /// The index of the first message of the chapter.
    start: usize,
    touched: Touched,
    found: Option<(usize, FoundAt)>,
    unsaid: Option<String>,
}

impl<'a> Looking<'a> {
    fn new(topology: &'a Topology, sought: &'a dyn Sought, watching: &'a dyn Watching) -> Self {
        Self {
            topology,
            sought,
            watching,
            start: 0,
            touched: Touched::default(),
            found: None,
            unsaid: None,
        }
    }
}

impl Judge for Looking<'_> {
    fn message(&mut self, number: u64, trace: &Trace, letters: &[DeadLetter]) {
        let message = self.start + usize::try_from(number).unwrap_or(usize::MAX);
        self.touched.add(message, trace);
        // Workers take turns: a later message may come to its end first.
        if self.found.as_ref().is_some_and(|(found, _)| *found < message) {
            return;
        }
        match first_step(self.sought, &seen_in(trace, self.topology, letters)) {
            Ok(Some(step)) => self.found = Some((message, FoundAt::of(step))),
            Ok(None) => {}
            Err(reason) => {
                self.unsaid.get_or_insert(reason);
            }
        }
    }

    fn has_found(&self) -> bool {
        self.found.is_some()
    }

    fn goes_on(&mut self, given: u64) -> bool {
        self.watching.looks(self.start as u64 + given);
        self.watching.goes_on()
    }
}
