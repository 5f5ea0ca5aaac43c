//! Runs an author's code on a batch, so that a panic costs one message and not the run.

use std::any::Any;
use std::cell::Cell;
use std::mem;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The name of threads whose panics are all caught and told as errors: nothing is printed for them.
pub(crate) const GUARDED_THREAD_NAME: &str = "wallaroo-guarded";

/// Calls `process` for every item. If it panics, `panicked` gets the frame of the item and the reason, and the
/// other items go on. Without a panic this costs nothing per item.
pub(crate) fn for_each_guarded<T, C>(
    items: &mut impl Iterator<Item = T>,
    scope: &mut C,
    frame_of: impl Fn(&T) -> u32,
    mut process: impl FnMut(&mut C, T),
    panicked: impl FnMut(&mut C, u32, String),
) {
    let process = |scope: &mut C, item| {
        process(scope, item);
        ControlFlow::Continue(())
    };
    try_for_each_guarded(items, scope, frame_of, process, panicked);
}

/// The same, until `process` breaks: the items behind are left.
pub(crate) fn try_for_each_guarded<T, C>(
    items: &mut impl Iterator<Item = T>,
    scope: &mut C,
    frame_of: impl Fn(&T) -> u32,
    mut process: impl FnMut(&mut C, T) -> ControlFlow<()>,
    mut panicked: impl FnMut(&mut C, u32, String),
) {
    let mut frame = 0;
    loop {
        let run = catch_unwind(AssertUnwindSafe(|| {
            for item in &mut *items {
                frame = frame_of(&item);
                if process(scope, item).is_break() {
                    return;
                }
            }
        }));
        match run {
            Ok(()) => return,
            Err(panic) => panicked(scope, frame, panic_reason(panic)),
        }
    }
}

thread_local! {
    /// How many calls of [`guarded`] this thread is in.
    static GUARDED: Cell<u32> = const { Cell::new(0) };
}

/// Whether a panic of this thread would be caught by [`guarded`]: a hook need not print it, nor give the terminal
/// back.
pub(crate) fn is_guarded() -> bool {
    GUARDED.try_with(Cell::get).is_ok_and(|calls| calls > 0)
}

/// A call of [`guarded`], until it is dropped.
struct Call;

impl Call {
    fn begin() -> Self {
        let _ = GUARDED.try_with(|calls| calls.set(calls.get() + 1));
        Self
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let _ = GUARDED.try_with(|calls| calls.set(calls.get().saturating_sub(1)));
    }
}

/// Calls an author's code, and makes its panic an error.
pub(crate) fn guarded<T>(code: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let _call = Call::begin();
    catch_unwind(AssertUnwindSafe(code)).unwrap_or_else(|panic| Err(panic_reason(panic)))
}

/// What a caught panic says.
pub(crate) fn panic_reason(panic: Box<dyn Any + Send>) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("with a value that is not text");
    let reason = format!("panicked: {text}");
    drop_guarded(panic);
    reason
}

/// Drops an author's value. If that panics, the panic's message has been printed, and nothing else is lost.
pub(crate) fn drop_guarded<T>(value: T) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        // Its drop may panic, too, so it is never dropped.
        mem::forget(panic);
    }
}

/// Drops an author's values, and keeps their memory. A panic ends the drop of the one value.
pub(crate) fn clear_guarded<T>(values: &mut Vec<T>) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| values.clear())) {
        mem::forget(panic);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Panics when it is dropped, if it is to.
    struct Drops<'a>(bool, &'a Cell<u32>);

    impl Drop for Drops<'_> {
        fn drop(&mut self) {
            self.1.set(self.1.get() + 1);
            assert!(!self.0, "on purpose");
        }
    }

    #[test]
    fn a_drop_that_panics_ends_here_and_the_other_values_are_dropped() {
        let dropped = Cell::new(0);
        let mut values: Vec<_> = [false, true, false].map(|panics| Drops(panics, &dropped)).into();
        clear_guarded(&mut values);
        assert!(values.is_empty());
        assert_eq!(dropped.get(), 3);
    }

    #[test]
    fn a_panic_whose_value_panics_when_it_is_dropped_is_a_reason_as_any_other() {
        struct Panics;

        impl Drop for Panics {
            fn drop(&mut self) {
                std::panic::panic_any(Self);
            }
        }

        let reason = guarded(|| -> Result<(), String> { std::panic::panic_any(Panics) });
        assert_eq!(reason, Err("panicked: with a value that is not text".to_owned()));
    }

    #[test]
    fn a_panic_costs_one_item() {
        let mut seen = (Vec::new(), Vec::new());
        for_each_guarded(
            &mut (0..6_u32),
            &mut seen,
            |item| *item,
            |seen, item| {
                assert!(item % 3 != 1, "no {item}");
                seen.0.push(item);
            },
            |seen, frame, reason| seen.1.push((frame, reason)),
        );
        assert_eq!(seen.0, [0, 2, 3, 5]);
        assert_eq!(seen.1, [(1, "panicked: no 1".to_owned()), (4, "panicked: no 4".to_owned())]);
    }
}
