//! The rows of a list of which a condition holds. Each row is judged once, and not at every frame: again only if
//! it has become another one.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use crate::expression::Expression;

/// What is known of the rows of a list.
pub struct Judged<T> {
    /// The condition.
    by: Weak<Expression>,
    /// By the address of the row, which no other row has as long as this one's place is kept.
    verdicts: HashMap<usize, Verdict<T>>,
}

struct Verdict<T> {
    row: Weak<T>,
    version: usize,
    holds: bool,
}

impl<T> Default for Judged<T> {
    fn default() -> Self {
        Self { by: Weak::new(), verdicts: HashMap::new() }
    }
}

impl<T> Judged<T> {
    /// The rows of which the condition holds. `version` says when a row has to be judged again.
    pub fn keep(
        &mut self,
        condition: &Arc<Expression>,
        rows: &[Arc<T>],
        version: impl Fn(&T) -> usize,
        holds: impl Fn(&T) -> bool,
    ) -> Vec<Arc<T>> {
        if !std::ptr::eq(self.by.as_ptr(), Arc::as_ptr(condition)) {
            *self = Self { by: Arc::downgrade(condition), verdicts: HashMap::new() };
        }
        let mut before = std::mem::take(&mut self.verdicts);
        let mut kept = Vec::new();
        for row in rows {
            let address = Arc::as_ptr(row).addr();
            let version = version(row);
            let known = before.remove(&address).filter(|known| known.version == version);
            let verdict = known.unwrap_or_else(|| Verdict {
                row: Arc::downgrade(row),
                version,
                holds: holds(row),
            });
            debug_assert!(
                std::ptr::eq(verdict.row.as_ptr(), Arc::as_ptr(row)),
                "a verdict is found by the address of its row"
            );
            if verdict.holds {
                kept.push(Arc::clone(row));
            }
            self.verdicts.insert(address, verdict);
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::*;
    use crate::expression::Rows;

    #[test]
    fn each_row_is_judged_once_and_again_when_it_or_the_condition_is_another_one() {
        let condition = || Arc::new(Expression::compile("dead", Rows::Messages).unwrap());
        let (first, second) = (condition(), condition());
        let asked = Cell::new(0);
        let row = |at| Arc::new(AtomicUsize::new(at));
        let mut rows: Vec<Arc<AtomicUsize>> = (0..100).map(row).collect();
        let mut judged = Judged::default();
        let mut look = |condition: &Arc<Expression>, rows: &[Arc<AtomicUsize>]| {
            asked.set(0);
            let version = |row: &AtomicUsize| row.load(Relaxed);
            let even = |row: &AtomicUsize| {
                asked.set(asked.get() + 1);
                version(row).is_multiple_of(2)
            };
            (judged.keep(condition, rows, version, even).len(), asked.get())
        };
        assert_eq!(look(&first, &rows), (50, 100));
        assert_eq!(look(&first, &rows), (50, 0));
        rows.insert(0, row(100));
        rows.pop();
        assert_eq!(look(&first, &rows), (51, 1));
        rows[3].store(7, Relaxed);
        assert_eq!(look(&first, &rows), (50, 1));
        assert_eq!(look(&second, &rows), (50, 100));
        // What has gone is forgotten.
        assert_eq!(look(&second, &rows[..10]).1, 0);
        assert_eq!(look(&second, &rows).1, 90);
    }
}
