//! Rate limits for the events that a client can cause as often as it likes.

use super::rate::{Rate, Said};
use crate::core::event::EngineEvent;
use crate::core::figures::exact;
use crate::core::numbers::Timestamp;
use crate::core::text::plural;

/// The max number of lines per second for each kind.
const CONNECTIONS: u64 = 20;

/// Events of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Connected,
    Left,
    Broken,
    NotAccepted,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Connected, Self::Left, Self::Broken, Self::NotAccepted];

    /// The kind of an event; `None` if clients cannot cause it.
    pub fn of(event: &EngineEvent) -> Option<Self> {
        match event {
            EngineEvent::Connected(..) => Some(Self::Connected),
            EngineEvent::Disconnected(_, _, None) | EngineEvent::LetGo(..) => Some(Self::Left),
            EngineEvent::Disconnected(_, _, Some(_)) => Some(Self::Broken),
            EngineEvent::NotAccepted(..) => Some(Self::NotAccepted),
            _ => None,
        }
    }

    /// The line for events that were only counted.
    pub fn said(self, held: u64) -> String {
        let (held, clients) = (exact(held), plural(held, "client"));
        match self {
            Self::Connected => format!("{held} more {clients} connected"),
            Self::Left => format!("{held} more {clients} left"),
            Self::Broken => format!("{held} more {clients} disconnected, each for a reason"),
            Self::NotAccepted => format!("{held} more {clients} not accepted"),
        }
    }
}

/// The rates of all kinds.
#[derive(Debug)]
pub(super) struct Rates([Rate; Kind::ALL.len()]);

impl Default for Rates {
    fn default() -> Self {
        Self(Kind::ALL.map(|_| Rate::new(CONNECTIONS)))
    }
}

impl Rates {
    /// Counts an event.
    pub fn take(&mut self, kind: Kind, at: Timestamp) -> Said {
        let rates = Kind::ALL.into_iter().zip(&mut self.0);
        let rate = rates.into_iter().find(|(other, _)| *other == kind);
        rate.map(|(_, rate)| rate.take(at)).unwrap_or_default()
    }

    /// How many events of each kind were only counted: all, or with a time those of earlier seconds.
    pub fn flush(&mut self, now: Option<Timestamp>) -> Vec<(Kind, u64)> {
        let held = Kind::ALL.into_iter().zip(self.0.iter_mut().map(|rate| rate.flush(now)));
        held.filter(|(_, held)| *held > 0).collect()
    }

    /// Whether something was only counted.
    pub fn hold(&self) -> bool {
        self.0.iter().any(Rate::holds)
    }
}
