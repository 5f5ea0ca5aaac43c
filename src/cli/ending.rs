//! How a run was asked to end.
//!
//! The first of all signals and wishes lets it drain. Only a second signal ends it without: a wish for a clean end, from
//! another process, never makes a signal one that loses something.

use super::failure::Failure;

/// How a run was asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Nobody has asked it to.
    NotAsked,
    /// From another process.
    Stopped,
    /// By a signal.
    Interrupted,
}

impl Ending {
    /// Somebody has asked for a clean end from another process.
    pub fn stop(&mut self) {
        if *self == Self::NotAsked {
            *self = Self::Stopped;
        }
    }

    /// A signal has come. The second one ends the run at once.
    pub fn interrupt(&mut self) -> Result<(), Failure> {
        if *self == Self::Interrupted {
            return Err(Failure::failed("interrupted twice: ended without draining"));
        }
        *self = Self::Interrupted;
        Ok(())
    }

    /// How a person ends a run that is waiting for its end; `None` if it was not asked to end.
    pub fn without_waiting(self) -> Option<&'static str> {
        match self {
            Self::NotAsked => None,
            Self::Stopped => Some("interrupt twice"),
            Self::Interrupted => Some("interrupt again"),
        }
    }
}
