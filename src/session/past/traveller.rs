//! Goes from moment to moment of a recording.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::moment::Moment;
use super::shared::{Ask, Shared, Told};
use super::travel::Travel;
use crate::core::numbers::SequenceNumber;
use crate::core::replay::from_memory::MemoryRecording;
use crate::core::replay::memory::Recorded;
use crate::core::replay::source::Recording;
use crate::core::replay::timeline::{Past, Timeline};
use crate::core::replay::{Direction, ReplayError};
use crate::core::topology::Topology;
use crate::telemetry::{PartitionName, PartitionView, PartitionsShown, Still};

/// By pipeline, the greatest number of the messages that had entered.
type LastNumbers = Vec<Option<SequenceNumber>>;

/// At each end of a chapter, by pipeline, the greatest number of the messages that had entered; first of all at the
/// beginning.
pub(super) fn entered(recorded: &Recorded, topology: &Topology) -> Vec<LastNumbers> {
    let mut last = vec![None; topology.pipelines().len()];
    let mut all = vec![last.clone()];
    for recorded in recorded.chapters() {
        for entered in recorded.chapter.workers.iter().flat_map(|log| &log.entered) {
            if let (Some(last), Some(behind)) =
                (last.get_mut(entered.pipeline.0), entered.count.checked_sub(1))
            {
                *last = (*last).max(Some(entered.first.plus(behind)));
            }
        }
        all.push(last.clone());
    }
    all
}

/// Goes from moment to moment.
pub(super) struct Traveller {
    pub timeline: Timeline<MemoryRecording>,
    /// How many messages are not in the recording any more.
    pub first: u64,
    /// The message of the moment, counted from there. The number behind the last one is now.
    pub at: u64,
    pub entered: Vec<LastNumbers>,
    /// `None` until somewhere else than the end is gone to.
    pub past: Option<Past>,
    pub view: Option<PartitionView>,
    pub told: Vec<Told>,
    pub shared: Arc<Shared>,
}

impl Traveller {
    /// Goes where is wanted. Returns the moment if it is another one.
    pub fn answer(&mut self, asks: Vec<Ask>) -> Result<Option<Arc<Moment>>, ReplayError> {
        let mut moved = false;
        for ask in asks {
            match ask {
                Ask::Look(view) => self.view = Some(view),
                Ask::Go(travel, ends) => moved |= self.go_until(travel, ends)?,
            }
        }
        if !moved {
            return Ok(None);
        }
        let past = self.timeline.at(self.at)?;
        let moment = self.moment(&past);
        self.past = Some(past);
        Ok(Some(Arc::new(moment)))
    }

    /// Goes somewhere, unless that is a search that nobody waits for any more.
    fn go_until(&mut self, travel: Travel, ends: Arc<AtomicBool>) -> Result<bool, ReplayError> {
        if !travel.is_search() {
            return self.go(travel);
        }
        if ends.load(Ordering::Relaxed) {
            return Ok(false);
        }
        self.timeline.end_with(ends);
        self.shared.put(|found| found.search = travel.as_search());
        let gone = self.go(travel);
        self.shared.put(|found| found.search = None);
        self.timeline.end_with(Arc::clone(&self.shared.end));
        match gone {
            Err(ReplayError::Ended) if !self.shared.end.load(Ordering::Relaxed) => Ok(false),
            other => other,
        }
    }

    /// Goes somewhere. False if there is nothing, which is told.
    fn go(&mut self, travel: Travel) -> Result<bool, ReplayError> {
        let last = self.timeline.messages();
        if travel.is_search() && last == 0 && self.first == 0 {
            self.tell(self.why_not(&travel, last));
            return Ok(false);
        }
        let to = match travel {
            Travel::Live | Travel::Stay => return Ok(false),
            Travel::Message(Direction::Back) => self.at.checked_sub(1),
            Travel::Message(Direction::Forth) => Some(self.at + 1).filter(|to| *to <= last),
            Travel::Change(direction, ref of) => self.change(direction, of.as_ref())?,
            Travel::Find(direction, ref wanted) => match self.find(direction, wanted)? {
                Some(found) => Some(found),
                None => return Ok(false),
            },
            Travel::Fault(ref of, ref field) => match self.fault(of, field)? {
                Some(found) => Some(found),
                None => return Ok(false),
            },
            Travel::Changes(ref of) => {
                self.list_changes(of)?;
                Some(self.at.min(last))
            }
            Travel::To(number) => number.checked_sub(self.first).filter(|to| *to <= last),
            Travel::ToMessageOf(pipeline, sequence) => {
                self.timeline.recording().number_of(pipeline, sequence)
            }
        };
        let to = to.filter(|_| last > 0 || self.first > 0);
        match to {
            Some(to) => self.at = to,
            None => self.tell(self.why_not(&travel, last)),
        }
        Ok(to.is_some())
    }

    /// The nearest change. Before the first one is the beginning.
    fn change(
        &mut self,
        direction: Direction,
        of: Option<&PartitionName>,
    ) -> Result<Option<u64>, ReplayError> {
        let states = self.timeline.topology().states();
        let named =
            of.and_then(|(state, key)| Some((Arc::clone(&states.get(*state)?.name), key.clone())));
        let found = self.timeline.change(self.at, direction, named.as_ref())?;
        let beginning = (direction == Direction::Back && self.at > 0).then_some(0);
        Ok(found.or(beginning))
    }

    /// Compares what the chapter of the moment becomes with what was saved. Returns what to say if that differs.
    pub fn check(&mut self) -> Result<Option<String>, ReplayError> {
        match self.timeline.check(self.at) {
            Ok(()) => Ok(None),
            Err(ReplayError::Differs { state, key, .. }) => Ok(Some(format!(
                "what is shown of the past is not what was: partition `{key}` of {state} becomes another one when its \
                 messages are processed again. The application's code reads a clock, uses randomness, or goes through a \
                 HashMap in its order"
            ))),
            Err(error) => Err(error),
        }
    }

    fn why_not(&self, travel: &Travel, last: u64) -> String {
        match travel {
            _ if last == 0 && self.first == 0 => "no message is recorded yet".to_owned(),
            Travel::To(number) if *number > self.first => {
                format!("the recording ends with message {}", self.first + last)
            }
            Travel::ToMessageOf(_, sequence) => {
                format!("message {} of its pipeline is not in the recording", sequence.0)
            }
            Travel::Change(Direction::Forth, Some((_, key))) => {
                format!("nothing changes `{key}` after this moment")
            }
            Travel::Change(Direction::Forth, None) => {
                "nothing changes after this moment".to_owned()
            }
            Travel::Message(Direction::Forth) => "this is the last message".to_owned(),
            _ if self.first == 0 => "this is the beginning".to_owned(),
            _ => format!("the recording begins after message {}", self.first),
        }
    }

    pub(super) fn tell(&mut self, text: String) {
        self.told.push(Told { text, bad: false });
    }

    fn moment(&self, past: &Past) -> Moment {
        let chapters = self.timeline.recording().chapters();
        let mut before = 0;
        // The chapter that the moment is in: those before it have ended.
        let ended = chapters.iter().take_while(|chapter| {
            before += chapter.messages;
            before < past.message
        });
        let mut entered = self.entered.get(ended.count()).cloned().unwrap_or_default();
        for (all, of_chapter) in entered.iter_mut().zip(&past.entered) {
            *all = (*all).max(*of_chapter);
        }
        let letters = past.dead_letters.iter().cloned();
        Moment {
            message: self.first + past.message,
            first: self.first,
            last: self.first + self.timeline.messages(),
            trace: past.trace.clone(),
            dead_letters: letters.map(|letter| Arc::new(letter.detached())).collect(),
            entered,
            stateful: self.still(past).messages(),
        }
    }

    fn still<'a>(&'a self, past: &'a Past) -> Still<'a> {
        Still { topology: self.timeline.topology(), tables: past.machine.tables().collect() }
    }

    /// The partitions that are looked at.
    pub fn partitions(&self) -> Option<PartitionsShown> {
        let (past, view) = self.past.as_ref().zip(self.view.as_ref())?;
        Some(self.still(past).shown(view))
    }
}
