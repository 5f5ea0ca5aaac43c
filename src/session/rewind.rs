//! The past of a session as one front end looks at it: each goes there and back by itself, and none moves another one's
//! screen.

use super::past::{Past, Told};

/// How many sentences may wait for a front end that does not take them. Of more, the newest are kept.
const MAX_TOLD: usize = 16;

/// The past of a session as one front end looks at it.
#[derive(Default)]
pub(super) struct Rewind {
    /// The moment of the past that is looked at; `None` if it is now.
    pub past: Option<Past>,
    /// What the user has to be told of the past.
    told: Vec<Told>,
    /// The last stop at a breakpoint that was seen.
    pub stop: u64,
    /// The last stop for which there was no place to look at its past.
    pub refused: u64,
    /// Whether the past that is looked at was begun for it.
    pub is_of_stop: bool,
    /// Whether it goes to every stop: also from a moment that its user has chosen.
    pub goes_to_stops: bool,
}

impl Rewind {
    /// Now, as one looks at it who goes to every stop.
    pub fn to_stops() -> Self {
        Self { goes_to_stops: true, ..Self::default() }
    }

    /// Now, of another life of the session.
    #[cfg(feature = "workbench")]
    pub fn anew(&self) -> Self {
        Self { goes_to_stops: self.goes_to_stops, ..Self::default() }
    }

    /// Whether one more travel may wait for its turn.
    #[cfg(feature = "workbench")]
    pub fn takes_more(&self) -> bool {
        self.past.as_ref().is_none_or(Past::takes_more)
    }

    /// Puts down what the user has to be told.
    pub fn tell(&mut self, text: &str, bad: bool) {
        self.note([Told { text: text.to_owned(), bad }]);
    }

    /// The same of sentences that are made already.
    pub fn note(&mut self, told: impl IntoIterator<Item = Told>) {
        self.told.extend(told);
        self.told.drain(..self.told.len().saturating_sub(MAX_TOLD));
    }

    /// Whether there is something to be told.
    pub fn has_told(&self) -> bool {
        !self.told.is_empty()
    }

    /// Takes what there is.
    pub fn take_told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }
}
