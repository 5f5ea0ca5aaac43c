//! How far a worker has come in what it did.

use super::error::ReplayError;
use super::schedule::{Entries, Entry};
use super::script::{Entering, Part};

/// How far a worker has come in its part of a script.
pub(super) struct Cursor<'a> {
    entries: Entries<'a>,
    /// Where the next entry begins.
    at: usize,
    next: Option<Entry>,
    /// The frames that it has not taken.
    entering: &'a [Entering],
    /// Whether the script ends somewhere in the middle.
    is_cut: bool,
    /// Whether frames were left out before here.
    left_out: bool,
}

impl<'a> Cursor<'a> {
    pub fn new(part: &'a Part, is_cut: bool) -> Self {
        let entries = Entries::new(&part.schedule);
        let (at, next, left_out) = (0, None, false);
        Self { entries, at, next, entering: &part.entering, is_cut, left_out }
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
        self.left_out |= first.frames.is_empty();
        Some(first.clone())
    }

    /// Whether what comes was done after the end of a script that ends in the middle.
    pub fn is_behind_the_end(&self) -> bool {
        self.is_cut && self.left_out
    }
}
