//! The signals that end the workbench, and the end of the terminal itself.

use std::io;
use std::io::Stdin;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that end the workbench, and the end of the terminal itself.
pub(crate) struct Signals {
    /// `None` if it cannot be watched.
    terminal: Option<AsyncFd<Stdin>>,
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
}

impl Signals {
    pub fn listen() -> io::Result<Self> {
        super::last_resort::listen_for_workbench()?;
        Ok(Self {
            terminal: watched_terminal(),
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Returns when any of them has come.
    pub async fn any(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
            _ = self.interrupt.recv() => {}
            () = terminal_gone(self.terminal.as_ref()) => {}
        }
    }
}

/// The terminal, watched for its end. It is never read here, and standard input is never closed.
#[expect(deprecated, reason = "the call that replaces it is unsafe, and we have no unsafe code")]
fn watched_terminal() -> Option<AsyncFd<Stdin>> {
    AsyncFd::try_with_interest(io::stdin(), Interest::ERROR).ok()
}

/// Returns when the terminal has hung up. If it is the controlling terminal of the
/// process, there is a signal too; if not, crossterm does not report the end, but reads it again and again.
async fn terminal_gone(terminal: Option<&AsyncFd<Stdin>>) {
    match terminal {
        Some(terminal) => drop(terminal.ready(Interest::ERROR).await),
        None => std::future::pending().await,
    }
}
