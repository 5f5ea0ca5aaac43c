//! The last resort: a second signal ends the process at once, whatever blocks.
//!
//! Signals are received on a thread of their own, which never blocks on anything else. The first signal is the
//! command's own matter: it drains, or leaves. What is then written at the end (`--state`, `--json`) may
//! have a reader that does not read: after a signal, that ends the process too.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::exit;

use crate::telemetry::log_failure;

/// How long a command may take to end by itself after the second signal.
const GRACE: Duration = Duration::from_secs(1);

/// How long the last message and giving the terminal back may take.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How long the report at the end may go without progress after a signal.
const STANDSTILL: Duration = Duration::from_secs(2);

/// How long the workbench may take to leave after the first signal. It drains nothing.
const LEAVING: Duration = Duration::from_secs(5);

/// How often the progress of the report is checked after a signal.
const LOOK: Duration = Duration::from_millis(100);

static LISTENS: OnceLock<()> = OnceLock::new();
static LEAVES: AtomicBool = AtomicBool::new(false);
static REPORTING: AtomicBool = AtomicBool::new(false);
static REPORTED: AtomicU64 = AtomicU64::new(0);

type GiveBack = Box<dyn Fn() + Send>;
static GIVE_BACK: Mutex<Option<GiveBack>> = Mutex::new(None);

/// From now on, the second signal ends the process.
///
/// # Errors
///
/// The system gives no signals, or no thread.
pub(crate) fn listen() -> io::Result<()> {
    start(&[SIGINT, SIGTERM])
}

/// The same for the workbench, which has to leave soon after the first one.
///
/// # Errors
///
/// The same.
pub(crate) fn listen_for_workbench() -> io::Result<()> {
    LEAVES.store(true, Ordering::Release);
    start(&[SIGINT, SIGTERM, SIGHUP])
}

fn start(signals: &[i32]) -> io::Result<()> {
    if LISTENS.set(()).is_err() {
        return Ok(());
    }
    let mut signals = Signals::new(signals)?;
    let listen = move || {
        let mut heard = signals.forever();
        if heard.next().is_some() {
            // Without this thread, the second signal is still heard.
            let _ = thread::Builder::new().name("wallaroo-ending".to_owned()).spawn(watch);
        }
        if heard.next().is_some() {
            thread::sleep(GRACE);
            end("interrupted twice: ended without draining");
        }
    };
    thread::Builder::new().name("wallaroo-signals".to_owned()).spawn(listen).map(drop)
}

/// The run has ended, and what it reports is written.
pub(crate) fn reporting() {
    REPORTING.store(true, Ordering::Release);
}

/// Writes a report, and counts the writes that succeed: its reader reads.
pub(crate) struct Reported<W>(pub W);

impl<W: Write> Write for Reported<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.0.write(bytes)?;
        REPORTED.fetch_add(1, Ordering::AcqRel);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Sets what gives the terminal back if the process ends at once.
pub(crate) fn give_back_with(give_back: impl Fn() + Send + 'static) {
    *GIVE_BACK.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(give_back));
}

/// Ends the process after its first signal if it does not go on.
fn watch() {
    let (began, mut moved) = (Instant::now(), (0, None));
    loop {
        thread::sleep(LOOK);
        if LEAVES.load(Ordering::Acquire) && began.elapsed() >= LEAVING {
            end("could not leave in order: ended at once");
        }
        if !REPORTING.load(Ordering::Acquire) {
            continue;
        }
        let (reported, since) = moved;
        let now = REPORTED.load(Ordering::Acquire);
        let since = since.filter(|_| reported == now).unwrap_or_else(Instant::now);
        moved = (now, Some(since));
        if since.elapsed() >= STANDSTILL {
            end("interrupted: nobody reads what is written at the end; ended without it");
        }
    }
}

/// Ends the process, after a message to standard error and the log if they do not block.
fn end(words: &'static str) -> ! {
    let (done, said) = channel();
    let say = {
        let done = done.clone();
        move || {
            if let Some(give_back) = &*GIVE_BACK.lock().unwrap_or_else(PoisonError::into_inner) {
                give_back();
            }
            let _ = writeln!(io::stderr(), "{}: {words}", env!("CARGO_PKG_NAME"));
            let _ = done.send(());
        }
    };
    // If one of them blocks, the other still gets the message.
    let log = move || {
        log_failure(words);
        let _ = done.send(());
    };
    let deadline = Instant::now() + LAST_WORDS;
    let begun = [thread::Builder::new().spawn(say), thread::Builder::new().spawn(log)];
    for _ in begun.iter().flatten() {
        let _ = said.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }
    // Not the way of `std::process::exit`, which may write what standard output still holds.
    exit(1)
}
