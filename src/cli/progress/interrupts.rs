//! The signals that ask a command to end: Ctrl-C and SIGTERM.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::failure::Failure;
use crate::workbench::listen_to_signals;

/// Receives those signals. The first one no longer ends the process; the second one does, also if the
/// command is blocked.
pub(in crate::cli) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    pub fn listen() -> Result<Self, Failure> {
        listen_to_signals().map_err(Failure::failed)?;
        let listen = |kind| signal(kind).map_err(Failure::failed);
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for the next of them.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
