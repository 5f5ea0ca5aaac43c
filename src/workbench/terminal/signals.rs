//! The signals that the workbench hears, and the end of the terminal itself.

use std::io;
use std::io::Stdin;

use signal_hook::consts::{SIGCONT, SIGSTOP, SIGTSTP};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// End; or the terminal is gone.
    End,
    /// Give the terminal back, and stop until the shell brings the program back.
    Stop,
    /// The program was stopped without being asked, and goes on.
    GoOn,
}

/// The signals that the workbench hears, and the end of the terminal itself.
pub(crate) struct Signals {
    /// `None` if it cannot be watched.
    terminal: Option<AsyncFd<Stdin>>,
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    stop: Signal,
    go_on: Signal,
    /// Whether the next signal to go on is the end of a stop that was asked for.
    stopped: bool,
}

impl Signals {
    pub fn listen() -> io::Result<Self> {
        super::last_resort::listen_for_workbench()?;
        Ok(Self {
            terminal: watched_terminal(),
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(SIGTSTP))?,
            go_on: signal(SignalKind::from_raw(SIGCONT))?,
            stopped: false,
        })
    }

    /// Returns when any of them has come.
    pub async fn any(&mut self) -> Heard {
        loop {
            return tokio::select! {
                _ = self.terminate.recv() => Heard::End,
                _ = self.hang_up.recv() => Heard::End,
                _ = self.interrupt.recv() => Heard::End,
                () = terminal_gone(self.terminal.as_ref()) => Heard::End,
                _ = self.stop.recv() => Heard::Stop,
                _ = self.go_on.recv() => {
                    if std::mem::take(&mut self.stopped) { continue }
                    Heard::GoOn
                }
            };
        }
    }

    /// Stops the process. Returns when it goes on.
    pub fn stop(&mut self) -> io::Result<()> {
        self.stopped = true;
        signal_hook::low_level::raise(SIGSTOP)
    }
}

/// Asks all programs of this job to stop, this one included, as the terminal does when Ctrl-Z is typed. False
/// if nobody could bring them back: no shell with job control has started them.
pub(crate) fn stop_job() -> bool {
    use rustix::process::{Signal, getpgrp, getsid, kill_current_process_group};
    // The group of the session's first program is not a job of a shell.
    let is_job = getsid(None).is_ok_and(|session| session != getpgrp());
    is_job && kill_current_process_group(Signal::TSTP).is_ok()
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
