//! What is seen of the search for a smallest input.

use std::sync::Arc;
use std::time::Duration;

use crate::core::replay::smallest::{Found, SoFar};

/// The search for a smallest input, or what it has found.
#[derive(Debug, Clone)]
pub struct ShrinkShown {
    /// The condition that was typed.
    pub when: Arc<str>,
    /// How long it has taken.
    pub took: Duration,
    /// How many messages the recording has; `None` until it is read.
    pub recorded: Option<u64>,
    /// How far it is.
    pub stage: ShrinkStage,
}

/// How far the search for a smallest input is.
#[derive(Debug, Clone)]
pub enum ShrinkStage {
    /// It goes on.
    Searching(SoFar),
    /// It has found this. The numbers of the messages are those of the run.
    Found(Arc<Found>),
    /// It has found nothing, for this reason.
    Nothing(Arc<str>),
}

impl ShrinkShown {
    /// Whether it goes on.
    #[must_use]
    pub fn is_searching(&self) -> bool {
        matches!(self.stage, ShrinkStage::Searching(_))
    }

    /// What it has found.
    #[must_use]
    pub fn found(&self) -> Option<&Arc<Found>> {
        match &self.stage {
            ShrinkStage::Found(found) => Some(found),
            ShrinkStage::Searching(_) | ShrinkStage::Nothing(_) => None,
        }
    }
}
