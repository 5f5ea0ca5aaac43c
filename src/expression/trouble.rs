//! Why rows cannot be judged, told once for all of them.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use cel::ExecutionError;

/// What the judging of rows has met so far. Many threads judge rows at once.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// Whether a row could be judged.
    any_judged: AtomicBool,
    /// Why the first row that could not be judged could not.
    first: OnceLock<String>,
}

impl Trouble {
    pub fn judged(&self) {
        // Nothing is written for nearly all rows: the threads would wait for each other's caches.
        if !self.any_judged.load(Ordering::Relaxed) {
            self.any_judged.store(true, Ordering::Relaxed);
        }
    }

    pub fn failed(&self, why: impl FnOnce() -> String) {
        if self.first.get().is_none() {
            self.first.get_or_init(why);
        }
    }

    /// Why no row could be judged; `None` if one could, or none was there.
    pub fn of_all(&self) -> Option<&str> {
        let first = self.first.get().filter(|_| !self.any_judged.load(Ordering::Relaxed));
        first.map(String::as_str)
    }
}

/// An error of the evaluation as a sentence.
pub(super) fn in_words(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchOverload(overload) => {
            let name = overload.function().trim_matches('_').replace('_', " ");
            let types = overload.argument_types().join(" and ");
            format!("`{}` does not work on {types}", name.trim_start_matches('@'))
        }
        ExecutionError::NoSuchKey(name) => format!("there is no field `{name}`"),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            "it divides by zero".to_owned()
        }
        ExecutionError::Overflow(..) => "a number is too large".to_owned(),
        ExecutionError::IndexOutOfBounds(_) => "the list is too short".to_owned(),
        ExecutionError::ValuesNotComparable(..) => "these values cannot be compared".to_owned(),
        ExecutionError::UnsupportedBinaryOperator(name, ..) => {
            format!("`{name}` does not work on these values")
        }
        ExecutionError::FunctionError { function, message } => format!("`{function}`: {message}"),
        _ => "the values are of the wrong types".to_owned(),
    }
}
