//! Which branches of a window's trees are folded.

use std::collections::BTreeSet;

/// Which branches of a window's trees are folded, each by the names that lead to it. So a branch stays folded
/// while lines come, go and change places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folds(BTreeSet<String>);

/// A branch of a tree: what stands below it can be folded away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The names that lead to it.
    pub path: String,
    /// Whether it is folded.
    pub folded: bool,
}

impl Folds {
    /// The branch with this name below another path. Names are of one line, so that a line break parts them.
    #[must_use]
    pub fn branch(&self, above: &str, name: &str) -> Branch {
        let path = format!("{above}\n{name}");
        let folded = self.0.contains(&path);
        Branch { path, folded }
    }

    /// Folds a branch, or unfolds it.
    pub fn set(&mut self, branch: Branch, folded: bool) {
        if folded {
            self.0.insert(branch.path);
        } else {
            self.0.remove(&branch.path);
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
}
