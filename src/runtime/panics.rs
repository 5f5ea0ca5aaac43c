//! Keeps panics that the engine catches from being printed.

use std::thread;

use crate::core::guard::{GUARDED_THREAD_NAME, is_guarded};

/// The prefix of the names of the engine's threads.
const ENGINE_THREADS: [&str; 5] =
    ["timely:", IO_THREAD_NAME, AHEAD_THREAD_NAME, REPLAY_THREAD_NAME, GUARDED_THREAD_NAME];

/// The name of the threads that read and write.
pub(super) const IO_THREAD_NAME: &str = "wallaroo-io";

/// The name of the thread that looks at what a message would do.
pub(crate) const AHEAD_THREAD_NAME: &str = "wallaroo-ahead";

/// The name of a thread that runs messages of a recording again.
pub(crate) const REPLAY_THREAD_NAME: &str = "wallaroo-replay";

/// Stops Rust from printing the panics of the engine's threads, and of guarded code on any thread: they are
/// caught, and end as dead letters or as errors. All other panics are printed as before. Call it once, early.
pub fn silence_caught_panics() {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let of_engine = thread::current()
            .name()
            .is_some_and(|name| ENGINE_THREADS.iter().any(|prefix| name.starts_with(prefix)));
        if !of_engine && !is_guarded() {
            previous(panic);
        }
    }));
}

#[cfg(test)]
mod tests {
    use std::panic;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::core::guard::guarded;

    #[test]
    fn the_hook_of_a_panic_knows_whether_it_is_guarded() {
        let (told, heard) = channel();
        let (this, previous) = (thread::current().id(), panic::take_hook());
        panic::set_hook(Box::new(move |panic| {
            if thread::current().id() == this {
                let _ = told.send(is_guarded());
            } else {
                previous(panic);
            }
        }));
        let inner = || guarded(|| Ok(()));
        let outer = guarded(|| inner().map(|()| -> u8 { panic!("on purpose") }));
        assert_eq!(outer, Err("panicked: on purpose".to_owned()));
        let not = panic::catch_unwind(|| -> u8 { panic!("on purpose") });
        assert!(not.is_err() && !is_guarded());
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [true, false]);
    }
}
