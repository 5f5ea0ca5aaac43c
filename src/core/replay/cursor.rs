//! How far a worker has come in what it did.

use std::ops::Range;

use super::error::ReplayError;
use super::schedule::{Begun, Entries, Entry};
use super::script::{Entering, Part};

/// Which worker goes on, and whether its next entry is left out.
pub(super) struct Next {
    pub worker: usize,
    pub skip: bool,
}

/// How far a worker has come in its part of a script.
pub(super) struct Cursor<'a> {
    entries: Entries<'a>,
    /// Where the next entry begins.
    at: usize,
    next: Option<Entry>,
    /// The frames that it has not taken.
    entering: &'a [Entering],
    /// How many of people's revivals it has passed.
    passed: usize,
    /// Which of them are done.
    revivals: Range<usize>,
}

impl<'a> Cursor<'a> {
    pub fn new(part: &'a Part) -> Self {
        let entries = Entries::new(&part.schedule);
        let revivals = part.revivals.clone();
        Self { entries, at: 0, next: None, entering: &part.entering, passed: 0, revivals }
    }

    /// Reads the next entry, if the last one was taken.
    pub fn look(&mut self) -> Result<(), ReplayError> {
        if self.next.is_none() {
            self.at = self.entries.position();
            self.next = self.entries.next().transpose()?;
        }
        Ok(())
    }

    /// The next entry; `None` at the end.
    pub fn entry(&self) -> Option<&Entry> {
        self.next.as_ref()
    }

    /// Whether it takes frames next.
    pub fn takes_frames(&self) -> bool {
        matches!(self.next, Some(Entry::Run { begun: Begun::Frames { .. }, .. }))
    }

    pub fn take(&mut self) -> Option<Entry> {
        self.next.take()
    }

    /// Where the next entry begins in the schedule.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The frames that it takes next.
    pub fn frames(&self) -> Option<&Entering> {
        self.entering.first()
    }

    pub fn take_frames(&mut self) -> Option<Entering> {
        let (first, rest) = self.entering.split_first()?;
        self.entering = rest;
        Some(first.clone())
    }

    /// Passes a revival. Returns whether it is done in this part of the chapter.
    pub fn pass_revival(&mut self) -> bool {
        let is_done = self.revivals.contains(&self.passed);
        self.passed += 1;
        is_done
    }
}
