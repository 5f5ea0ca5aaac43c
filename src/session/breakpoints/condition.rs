//! The condition of a breakpoint.

use std::sync::Arc;

use crate::application::Key;
use crate::core::replay::smallest::Sought;
use crate::core::topology::Topology;

/// The condition of a breakpoint.
pub(super) trait Condition: Sought + Send + Sync {
    /// The only key of which a message can satisfy it, if that can be said, and if what happens where a partition is
    /// touched says whether it does.
    fn only_key(&self, topology: &Topology) -> Option<Key>;

    /// Why it cannot be judged of a message that has not entered yet; `None` if it can. A sentence for a person.
    fn only_afterwards(&self) -> Option<&'static str> {
        None
    }
}

#[cfg(feature = "workbench")]
impl Condition for crate::expression::StepCondition {
    fn only_key(&self, topology: &Topology) -> Option<Key> {
        self.only_key(topology)
    }

    fn only_afterwards(&self) -> Option<&'static str> {
        self.only_afterwards()
    }
}

/// Understands a condition.
///
/// # Errors
///
/// It is none, or cannot be judged while the engine runs. The error is a sentence for a person.
pub(super) fn compile(text: &str) -> Result<Arc<dyn Condition>, String> {
    #[cfg(feature = "workbench")]
    {
        use crate::expression::{Fields, StepCondition};

        // A field may come later.
        let compiled = StepCondition::of_breakpoint(text, &Fields::default());
        compiled
            .map(|condition| Arc::new(condition) as Arc<dyn Condition>)
            .map_err(|error| error.to_string())
    }
    #[cfg(not(feature = "workbench"))]
    {
        Err(format!("`{text}` is not understood: this program was built without conditions"))
    }
}
