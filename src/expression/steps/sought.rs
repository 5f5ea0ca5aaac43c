//! A condition as what a search through a recording looks for.

use super::StepCondition;
use crate::core::replay::smallest::Sought;
use crate::core::seen::StepSeen;

impl Sought for StepCondition {
    fn holds(&self, seen: &StepSeen) -> Result<bool, String> {
        Self::holds(self, seen).map_err(|unjudged| unjudged.to_string())
    }

    fn is_about_outputs(&self) -> bool {
        self.names("output")
    }

    fn trouble(&self) -> Option<String> {
        Self::trouble(self).map(str::to_owned)
    }
}
