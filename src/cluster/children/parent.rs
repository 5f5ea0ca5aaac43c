//! Process 0, as a child sees it.

use std::io::{self, Read};
use std::thread;

use rustix::process::{Signal, set_parent_process_death_signal};

use crate::wire::secret::Secret;

/// Process 0, as a child sees it: a pipe that ends with it.
pub struct Parent<R>(R);

impl<R: Read + Send + 'static> Parent<R> {
    /// Takes the secret from process 0.
    ///
    /// # Errors
    ///
    /// It has ended.
    pub fn meet(mut pipe: R) -> io::Result<(Secret, Self)> {
        // The pipe does the same, but not for a process that a debugger or a signal has stopped. Elsewhere than on
        // Linux it has to do.
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
        let secret = Secret::take(&mut pipe)?;
        Ok((secret, Self(pipe)))
    }

    /// Does this as soon as process 0 has ended, on a thread of its own.
    ///
    /// # Errors
    ///
    /// The thread cannot be started.
    pub fn when_it_has_ended(self, then: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let Self(mut pipe) = self;
        let watch = move || {
            // Nothing more is written.
            let _ = io::copy(&mut pipe, &mut io::sink());
            then();
        };
        thread::Builder::new().name("wallaroo-parent".to_owned()).spawn(watch).map(drop)
    }
}
