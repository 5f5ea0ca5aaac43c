//! Which branches of a window's trees are folded.

use std::collections::BTreeSet;

/// Which branches of a window's trees are not as they were at first, each by the names that lead to it. So a branch
/// stays folded while lines come, go and change places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folds(BTreeSet<String>);

/// A branch of a tree: what stands below it can be folded away, or the rest of a long text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The names that lead to it.
    pub path: String,
    /// Whether it is folded.
    pub folded: bool,
    /// Whether it is folded until somebody unfolds it.
    at_first: bool,
}

impl Folds {
    /// The branch with this name below another path. Names are of one line, so that a line break parts them.
    #[must_use]
    pub fn branch(&self, above: &str, name: &str) -> Branch {
        self.find(above, name, false)
    }

    /// The same of one that is folded at first.
    #[must_use]
    pub fn folded_branch(&self, above: &str, name: &str) -> Branch {
        self.find(above, name, true)
    }

    fn find(&self, above: &str, name: &str, at_first: bool) -> Branch {
        let path = format!("{above}\n{name}");
        let folded = self.0.contains(&path) != at_first;
        Branch { path, folded, at_first }
    }

    /// Folds a branch, or unfolds it.
    pub fn set(&mut self, branch: Branch, folded: bool) {
        if folded == branch.at_first {
            self.0.remove(&branch.path);
        } else {
            self.0.insert(branch.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_known_by_all_names_that_lead_to_it() {
        let mut folds = Folds::default();
        let branch = folds.branch("state\na", "b");
        assert!(!branch.folded);
        folds.set(branch, true);
        assert!(folds.branch("state\na", "b").folded);
        assert!(!folds.branch("state", "b").folded && !folds.branch("state\nb", "a").folded);
        folds.set(folds.branch("state\na", "b"), false);
        assert_eq!(folds, Folds::default());
    }

    #[test]
    fn a_branch_that_is_folded_at_first_can_be_unfolded_and_folded_again() {
        let mut folds = Folds::default();
        for folded in [true, false, true] {
            let branch = folds.folded_branch("state", "text");
            assert_eq!(branch.folded, folded);
            folds.set(branch, !folded);
        }
    }
}
