//! What a session looks for in its recording, and what comes of it.

use std::sync::Arc;

use super::Session;
use super::orders::Answer;
use super::searches::{Shrinking, TestOf, Testing};
use crate::core::replay::smallest::Sought;
use crate::telemetry::ShrinkShown;

impl Session {
    /// Looks for the smallest input of the recording with which a condition holds of a step. A search that is under way
    /// ends.
    ///
    /// # Errors
    ///
    /// The run is not recorded, or the condition is wrong: in a sentence.
    pub(super) fn shrink(&mut self, when: &Arc<str>) -> Result<(), String> {
        let sought = understood(when)?;
        let sources = self.sources()?;
        self.shrinking = Some(Shrinking::begin(Arc::clone(when), sources, sought)?);
        Ok(())
    }

    /// Ends the search, which keeps the smallest input so far.
    pub(super) fn end_shrink(&self) {
        self.shrinking.iter().for_each(Shrinking::end);
    }

    /// What is seen of the search.
    pub(super) fn shrinking_shown(&self) -> Option<ShrinkShown> {
        self.shrinking.as_ref().map(Shrinking::shown)
    }

    /// Makes a test of what was seen, as of the moment that is shown. It is among the [`told`](Self::told).
    ///
    /// # Errors
    ///
    /// The run is not recorded: in a sentence.
    pub(super) fn make_test(&mut self, of: TestOf) -> Result<(), String> {
        let moment = self.moment_shown();
        self.testing = Some(Testing::begin(self.sources()?, of, moment)?);
        Ok(())
    }

    /// Takes the test that was wanted, or why there is none.
    pub(super) fn made_test(&mut self) -> Option<Answer> {
        let made = self.testing.as_ref()?.take()?;
        self.testing = None;
        Some(match made {
            Ok(test) => Answer::Test(Box::new(test)),
            Err(why) => Answer::Refused(why),
        })
    }

    /// Whether something has come of what is looked for in the recording.
    pub(super) fn look_at_searches(&self) -> bool {
        let has_news = self.shrinking.as_ref().is_some_and(Shrinking::has_news);
        has_news | self.testing.as_ref().is_some_and(Testing::has_ended)
    }
}

/// A condition as it was typed.
#[cfg(feature = "workbench")]
fn understood(when: &str) -> Result<Box<dyn Sought + Send>, String> {
    use crate::expression::{Fields, StepCondition, When};

    let condition = StepCondition::compile(when, When::Replayed, &Fields::default());
    condition.map(|one| Box::new(one) as _).map_err(|error| error.to_string())
}

/// Without the workbench, there is no language of conditions.
#[cfg(not(feature = "workbench"))]
fn understood(_: &str) -> Result<Box<dyn Sought + Send>, String> {
    Err("this program was built without conditions".to_owned())
}
