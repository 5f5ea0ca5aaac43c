//! Where one that looks from another process wants to go, until it is gone there.
//!
//! Invariant: what waits is bounded, however much is wanted and however long that takes.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::expression::{Fields, StepCondition, When};
use crate::session::Session;
use crate::session::past::{Travel, Wanted};
use crate::session::rewind::Rewind;

/// How many may wait. Of more, only the newest counts.
const WAITING: usize = 64;

/// The max bytes of one.
const LONGEST: usize = 64 * 1024;

/// Why one is not gone to.
const TOO_LONG: &str = "what is looked for in the past is too long";

/// Where is wanted to go, the oldest first.
#[derive(Default)]
pub(super) struct Travels(VecDeque<Travel<Arc<str>>>);

impl Travels {
    /// One more is wanted.
    ///
    /// # Errors
    ///
    /// It is too long. The error is a sentence for a person.
    pub fn push(&mut self, travel: Travel<Arc<str>>) -> Result<(), &'static str> {
        if length(&travel) > LONGEST {
            return Err(TOO_LONG);
        }
        if self.0.len() >= WAITING {
            self.0.clear();
        }
        self.0.push_back(travel);
        Ok(())
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Goes where is wanted, as far as there is room for it.
    pub fn go(&mut self, rewind: &mut Rewind, session: &Session) {
        while rewind.takes_more()
            && let Some(travel) = self.0.pop_front()
        {
            match travel.with_wanted(understood) {
                Ok(travel) => rewind.travel(session, travel),
                Err(why) => rewind.tell(&why, true),
            }
        }
    }
}

/// Makes the condition that a person wrote.
fn understood(text: Arc<str>) -> Result<Wanted, String> {
    // Which fields there are is known where it was typed.
    let condition = StepCondition::compile(&text, When::Replayed, &Fields::default());
    let sought = condition.map_err(|error| error.to_string())?;
    Ok(Wanted { text, sought: Arc::new(sought) })
}

/// How many bytes of it another process has chosen.
fn length(travel: &Travel<Arc<str>>) -> usize {
    match travel {
        Travel::Find(_, text) => text.len(),
        Travel::Fault((_, key), field) => {
            let names = field.iter().map(|name| size_of::<String>() + name.len());
            key.as_bytes().len() + names.sum::<usize>()
        }
        Travel::Change(_, Some((_, key))) | Travel::Changes((_, key)) => key.as_bytes().len(),
        Travel::Message(_)
        | Travel::Change(_, None)
        | Travel::To(_)
        | Travel::Stay
        | Travel::ToMessageOf(..)
        | Travel::Live => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::replay::Direction;

    #[test]
    fn of_more_than_may_wait_only_the_newest_counts_and_none_is_long() {
        let mut travels = Travels::default();
        for number in 0..10_000 {
            travels.push(Travel::To(number)).unwrap();
            assert!(travels.0.len() <= WAITING);
            assert_eq!(travels.0.back(), Some(&Travel::To(number)));
        }
        let long: Arc<str> = "x".repeat(LONGEST + 1).into();
        let before = travels.0.clone();
        assert!(travels.push(Travel::Find(Direction::Back, long)).is_err());
        let field = vec![String::new(); LONGEST];
        assert!(travels.push(Travel::Fault((0, "a".into()), field)).is_err());
        assert_eq!(travels.0, before);
    }
}
