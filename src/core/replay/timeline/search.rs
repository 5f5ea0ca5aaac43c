//! The nearest message of a recording at one of whose steps something happens.

use std::ops::Range;
use std::sync::Arc;

use super::Timeline;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::core::replay::error::ReplayError;
use crate::core::replay::judged::{Judge, Judged};
use crate::core::replay::parts::parts_of;
use crate::core::replay::smallest::{Sought, Watching, first_step};
use crate::core::replay::source::Recording;
use crate::core::replay::traced::Direction;
use crate::core::seen::seen_in;
use crate::core::topology::Topology;

/// What a search has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched {
    /// The nearest message at one of whose steps it happens; `None` if there is none.
    pub found: Option<u64>,
    /// Of how many messages that are nearer it cannot be said whether it happens.
    pub unsaid: u64,
    /// The nearest one of them, and why it cannot be said.
    pub why: Option<(u64, String)>,
}

impl<R: Recording> Timeline<R> {
    /// The nearest message before or after this one at one of whose steps it happens. `watching` is told how many messages
    /// have been looked at.
    ///
    /// # Errors
    ///
    /// The recording cannot be read, or is of another application. Or `watching` has ended the search.
    pub fn search(
        &mut self,
        from: u64,
        direction: Direction,
        sought: &dyn Sought,
        watching: &dyn Watching,
    ) -> Result<Searched, ReplayError> {
        let topology = Arc::clone(&self.topology);
        let mut looking = Looking {
            topology: &topology,
            sought,
            watching,
            direction,
            start: 0,
            looked: 0,
            found: None,
            unsaid: Vec::new(),
            why: None,
        };
        for chapter in self.chapters_from(from, direction) {
            looking.start = self.start(chapter);
            for part in parts_of(self.wanted_in(chapter, from, direction), direction) {
                self.judge_in(chapter, part, direction, &mut looking)?;
                if !watching.goes_on() {
                    return Err(ReplayError::Ended);
                }
                if looking.found.is_some() {
                    return Ok(looking.searched());
                }
            }
        }
        Ok(looking.searched())
    }

    /// The chapters with messages before or after this one, the nearest first.
    pub(super) fn chapters_from(&self, from: u64, direction: Direction) -> Vec<usize> {
        let chapters = self.recording.chapters().len();
        match direction {
            Direction::Back => {
                (0..chapters).filter(|at| self.start(*at) + 1 < from).rev().collect()
            }
            Direction::Forth => (0..chapters).filter(|at| self.start(at + 1) > from).collect(),
        }
    }

    /// Those of a chapter's messages that are before or after this one.
    pub(super) fn wanted_in(&self, chapter: usize, from: u64, direction: Direction) -> Range<u64> {
        let first = self.start(chapter);
        match direction {
            Direction::Back => {
                let end = from.saturating_sub(1).min(self.start(chapter + 1));
                0..end.saturating_sub(first)
            }
            Direction::Forth => from.saturating_sub(first)..u64::MAX,
        }
    }

    /// Gives some messages of a chapter to a judge.
    pub(super) fn judge_in(
        &mut self,
        chapter: usize,
        wanted: Range<u64>,
        direction: Direction,
        judge: &mut impl Judge,
    ) -> Result<(), ReplayError> {
        self.go_to(chapter)?;
        let script = self.script()?;
        let mut machine = self.machine(script.crew)?;
        let script = match direction {
            Direction::Back => Arc::new(script.until(wanted.end)),
            Direction::Forth => script,
        };
        let topology = Arc::clone(&self.topology);
        let mut judged = Judged::new(&topology, wanted, judge);
        self.run(&mut machine, &script, &mut judged)?;
        judged.finish();
        Ok(())
    }
}

/// Looks for the nearest message.
struct Looking<'a> {
    topology: &'a Topology,
    sought: &'a dyn Sought,
    watching: &'a dyn Watching,
    direction: Direction,
    /// How many messages entered before the chapter.
    start: u64,
    /// How many messages have been looked at.
    looked: u64,
    found: Option<u64>,
    /// Those of which it cannot be said.
    unsaid: Vec<u64>,
    /// The nearest one of them, and why.
    why: Option<(u64, String)>,
}

impl Looking<'_> {
    fn is_nearer(&self, number: u64, than: u64) -> bool {
        match self.direction {
            Direction::Back => number > than,
            Direction::Forth => number < than,
        }
    }

    fn searched(self) -> Searched {
        let is_nearer = |number: &u64| self.found.is_none_or(|than| self.is_nearer(*number, than));
        let unsaid = self.unsaid.iter().filter(|number| is_nearer(number)).count() as u64;
        let why = self.why.clone().filter(|(number, _)| is_nearer(number));
        Searched { found: self.found, unsaid, why }
    }
}

impl Judge for Looking<'_> {
    fn message(&mut self, number: u64, trace: &Trace, letters: &[DeadLetter]) {
        self.looked += 1;
        let number = self.start + number + 1;
        // Workers take turns: a later message may come to its end first.
        if self.found.is_some_and(|found| !self.is_nearer(number, found)) {
            return;
        }
        match first_step(self.sought, &seen_in(trace, self.topology, letters)) {
            Ok(Some(_)) => self.found = Some(number),
            Ok(None) => {}
            Err(why) => {
                self.unsaid.push(number);
                if self.why.as_ref().is_none_or(|(than, _)| self.is_nearer(number, *than)) {
                    self.why = Some((number, why));
                }
            }
        }
    }

    fn has_found(&self) -> bool {
        self.direction == Direction::Forth && self.found.is_some()
    }

    fn goes_on(&mut self, _: u64) -> bool {
        self.watching.looks(self.looked);
        self.watching.goes_on()
    }
}
