//! What is looked for, and who watches the search.

use std::sync::Arc;

use crate::core::frames::dead_letter::Cause;
use crate::core::replay::shrink::Progress;
use crate::core::seen::{Seen, StepSeen};

/// What is looked for: something that happens to a message at a step.
pub trait Sought {
    /// Whether it happens at this step.
    ///
    /// # Errors
    ///
    /// It cannot be said, for this reason.
    fn holds(&self, seen: &StepSeen) -> Result<bool, String>;

    /// Whether it depends on what was encoded.
    fn is_about_outputs(&self) -> bool {
        false
    }

    /// Why it could be said of no step so far; `None` if it could of one.
    fn trouble(&self) -> Option<String> {
        None
    }
}

/// The first of a message's steps at which it happens; `None` if it happens at none. A step of which it cannot be said
/// does not hide a later one at which it happens.
///
/// # Errors
///
/// It happens at none of which it can be said, and there are others, for this reason.
pub fn first_step<'a>(sought: &dyn Sought, seen: &'a Seen) -> Result<Option<&'a StepSeen>, String> {
    let mut unsaid = None;
    for step in &seen.steps {
        match sought.holds(step) {
            Ok(true) => return Ok(Some(step)),
            Ok(false) => {}
            Err(reason) => unsaid = unsaid.or(Some(reason)),
        }
    }
    let cut = || format!("of a message with many steps, {} hops are not known", seen.left_out);
    match unsaid.or_else(|| (seen.left_out > 0).then(cut)) {
        None => Ok(None),
        Some(reason) => Err(reason),
    }
}

/// The same as what was found: at a step of that name and, if the message became a dead letter, for that cause. Or else a
/// message that is made simpler would soon be one that nobody can read, and that would be what is found.
pub(super) struct Same<'a> {
    pub sought: &'a dyn Sought,
    pub found: &'a FoundAt,
}

/// Where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundAt {
    step: Arc<str>,
    is_dead: bool,
    /// The cause of the dead letter, if that is known.
    cause: Option<Cause>,
}

impl FoundAt {
    pub fn of(seen: &StepSeen) -> Self {
        let cause = seen.dead.as_ref().and_then(|dead| dead.cause);
        Self { step: Arc::clone(&seen.step), is_dead: seen.dead.is_some(), cause }
    }
}

impl Sought for Same<'_> {
    fn holds(&self, seen: &StepSeen) -> Result<bool, String> {
        Ok(FoundAt::of(seen) == *self.found && self.sought.holds(seen)?)
    }

    fn is_about_outputs(&self) -> bool {
        self.sought.is_about_outputs()
    }
}

/// Is told how far the search is, and may stop it.
pub trait Watching {
    /// So many messages of the recording were looked at, and it has not happened yet.
    fn looks(&self, messages: u64) {
        let _ = messages;
    }

    /// The input is smaller.
    fn shrinks(&self, progress: &Progress) {
        let _ = progress;
    }

    /// Whether the search goes on. Asked often.
    fn goes_on(&self) -> bool {
        true
    }
}

/// Nobody watches.
impl Watching for () {}
