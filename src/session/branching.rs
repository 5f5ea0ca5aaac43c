//! A branch of a session's recording: asking for one.

use super::Session;
use super::what_if::{Branch, MAX_BYTES, MAX_EDITS, MAX_TIMES, WhatIf};

impl Session {
    /// Does the recording again with these edits: snapshots show how far that is and what it makes different. A branch
    /// before it is forgotten.
    ///
    /// # Errors
    ///
    /// Why it cannot be done.
    pub(super) fn what_if(&mut self, edits: Vec<WhatIf>) -> Result<(), String> {
        self.branch = None;
        if edits.len() > MAX_EDITS || edits.iter().any(|edit| edit.times() > MAX_TIMES) {
            return Err(format!(
                "a branch has {MAX_EDITS} changes at most, and each puts in {MAX_TIMES} messages at most"
            ));
        }
        let bytes = edits.iter().map(WhatIf::bytes).fold(0, usize::saturating_add);
        if bytes > MAX_BYTES {
            return Err(format!(
                "a branch puts in {} MiB at most, and these changes put in {} MiB",
                MAX_BYTES >> 20,
                bytes.div_ceil(1 << 20)
            ));
        }
        let branch = Branch::begin(self.sources()?, edits);
        self.branch = Some(branch.map_err(|error| format!("the branch cannot be done: {error}"))?);
        Ok(())
    }
}
