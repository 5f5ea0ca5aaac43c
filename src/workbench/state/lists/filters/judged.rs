//! The filter of a list, and which rows it lets through. Each row is judged once, and not at every frame: again only
//! if it has become another one.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

use super::filter_line::{Filter, FilterLine};
use crate::expression::Rows;

/// The filter of a list, and which rows it lets through.
pub struct Search<T> {
    /// The filter.
    pub line: FilterLine,
    judged: RefCell<Judged<T>>,
}

impl<T> Default for Search<T> {
    fn default() -> Self {
        Self { line: FilterLine::default(), judged: RefCell::default() }
    }
}

impl<T> Search<T> {
    /// A filter of rows about which there are conditions.
    pub fn over(rows: Rows) -> Self {
        Self { line: FilterLine::over(rows), judged: RefCell::default() }
    }

    /// The rows that the filter lets through. `version` says when a row has to be judged again.
    pub fn found<'a>(
        &self,
        rows: &'a [Arc<T>],
        version: impl Fn(&T) -> usize,
        lets_through: impl Fn(&T) -> bool,
    ) -> Cow<'a, [Arc<T>]> {
        if matches!(self.line.filter(), Filter::Text(text) if text.is_empty()) {
            return Cow::Borrowed(rows);
        }
        let mut judged = self.judged.borrow_mut();
        judged.keep(self.line.revision(), rows, version, lets_through).into()
    }
}

/// What is known of the rows of a list.
struct Judged<T> {
    /// The revision of the filter.
    by: u64,
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
        Self { by: 0, verdicts: HashMap::new() }
    }
}

impl<T> Judged<T> {
    fn keep(
        &mut self,
        by: u64,
        rows: &[Arc<T>],
        version: impl Fn(&T) -> usize,
        holds: impl Fn(&T) -> bool,
    ) -> Vec<Arc<T>> {
        if self.by != by {
            *self = Self { by, verdicts: HashMap::new() };
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

    #[test]
    fn each_row_is_judged_once_and_again_when_it_or_the_filter_is_another_one() {
        let mut search = Search::over(Rows::Messages);
        search.line.set("=dead");
        let asked = Cell::new(0);
        let row = |at| Arc::new(AtomicUsize::new(at));
        let mut rows: Vec<Arc<AtomicUsize>> = (0..100).map(row).collect();
        let look = |search: &Search<AtomicUsize>, rows: &[Arc<AtomicUsize>]| {
            asked.set(0);
            let version = |row: &AtomicUsize| row.load(Relaxed);
            let even = |row: &AtomicUsize| {
                asked.set(asked.get() + 1);
                version(row).is_multiple_of(2)
            };
            (search.found(rows, version, even).len(), asked.get())
        };
        assert_eq!(look(&search, &rows), (50, 100));
        assert_eq!(look(&search, &rows), (50, 0));
        rows.insert(0, row(100));
        rows.pop();
        assert_eq!(look(&search, &rows), (51, 1));
        rows[3].store(7, Relaxed);
        assert_eq!(look(&search, &rows), (50, 1));
        for filter in ["=!dead", "text"] {
            search.line.set(filter);
            assert_eq!(look(&search, &rows), (50, 100));
            assert_eq!(look(&search, &rows), (50, 0));
        }
        // What has gone is forgotten.
        assert_eq!(look(&search, &rows[..10]).1, 0);
        assert_eq!(look(&search, &rows).1, 90);
        search.line.clear();
        assert_eq!(look(&search, &rows), (100, 0));
    }
}
