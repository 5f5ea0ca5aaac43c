//! `run`: an application without a screen.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::app::{self, App, AppOptions};
use super::arguments::RunArguments;
use super::console::Console;
use super::endpoints::{Missing, settings};
use super::failure::Failure;
use super::files::{cannot_write, refuse_shared_files};
use super::log::RunLog;
use crate::endpoints::{empty, open_to_write};
use crate::telemetry::{DeadLetterFile, PartitionView, Session, Snapshot, Summary};

/// How often the progress line is written.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

pub(super) fn run(
    apps: &[App],
    arguments: &RunArguments,
    options: &AppOptions,
) -> Result<(), Failure> {
    let topology = app::find(apps, &arguments.app)?.topology(options)?;
    let settings = settings(&topology, &arguments.engine, Missing::Refuse)?;
    let dead_letters = match &arguments.dead_letters {
        None => None,
        Some(path) => Some(DeadLetterFile::open(path).map_err(|error| cannot_write(path, &error))?),
    };
    let state = match &arguments.state {
        None => None,
        Some(path) => {
            let file = open_to_write(path).map_err(|error| cannot_write(path, &error))?;
            Some((path, file))
        }
    };
    let log = RunLog::open(&arguments.log)?;
    let written = [
        ("--state", &arguments.state),
        ("--dead-letters", &arguments.dead_letters),
        ("--log", &arguments.log.log),
    ];
    refuse_shared_files(&settings, &written)?;
    let console = Arc::new(Console::new());
    let of_log = Arc::clone(&console);
    log.start_with(move |line| of_log.log(line))?;
    let session = Session::start(topology, &settings, dead_letters).map_err(Failure::failed);
    log.end(session.and_then(|session| to_its_end(session, &console, state, arguments.json)))
}

/// Follows the run to its end, and says and writes what is wanted of it.
fn to_its_end(
    mut session: Session,
    console: &Console,
    state: Option<(&PathBuf, File)>,
    json: bool,
) -> Result<(), Failure> {
    if let Some((path, file)) = &state {
        // Not earlier: a run that cannot start leaves the file as it was.
        empty(file).map_err(|error| cannot_write(path, &error))?;
    }
    follow(&mut session, console)?;

    if let Some((path, file)) = state {
        write_state(&session, file).map_err(|error| cannot_write(path, &error))?;
    }
    if let Some(lost) = session.dead_letters_lost() {
        return Err(Failure::failed(lost));
    }
    let summary = session.summary();
    let written = if json {
        serde_json::to_writer(io::stdout(), &summary)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(io::stdout()))
    } else {
        writeln!(io::stderr(), "{}", in_words(&summary))
    };
    written.map_err(Failure::failed)
}

/// Waits for the end of the run: by itself, or when it is interrupted and has drained.
fn follow(session: &mut Session, console: &Console) -> Result<(), Failure> {
    let waiting = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let waiting = waiting.map_err(Failure::failed)?;
    let followed = waiting.block_on(async {
        let mut interrupt = listen(SignalKind::interrupt())?;
        let mut terminate = listen(SignalKind::terminate())?;
        // Only now: whoever waits for an address that is said here may send a signal at once.
        console.begin();
        let mut interrupted = false;
        let mut tick = tokio::time::interval(PROGRESS_EVERY);
        while session.outcome().is_none() {
            tokio::select! {
                () = session.ended() => {}
                _ = interrupt.recv() => stop(session, &mut interrupted)?,
                _ = terminate.recv() => stop(session, &mut interrupted)?,
                _ = tick.tick() => {
                    session.refresh(&PartitionView::default());
                    if console.is_terminal() {
                        show_progress(console, &session.snapshot());
                    }
                }
            }
        }
        Ok(())
    });
    session.refresh(&PartitionView::default());
    console.erase_progress();
    followed?;
    session.outcome().unwrap_or(Ok(())).map_err(Failure::failed)
}

fn listen(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(Failure::failed)
}

/// The first interruption lets the run drain; the second ends it as it is.
fn stop(session: &Session, interrupted: &mut bool) -> Result<(), Failure> {
    if std::mem::replace(interrupted, true) {
        return Err(Failure::failed("interrupted twice: ended without draining"));
    }
    session.stop();
    Ok(())
}

fn show_progress(console: &Console, snapshot: &Snapshot) {
    let totals = snapshot.totals;
    let line = format!(
        "{}: {} in, {} out, {} dead letters, {}/s",
        snapshot.application,
        totals.messages_in,
        totals.messages_out,
        totals.dead_letters,
        snapshot.throughput.last()
    );
    console.progress(line);
}

fn write_state(session: &Session, file: File) -> io::Result<()> {
    let mut writer = BufWriter::new(file);
    for row in session.export() {
        serde_json::to_writer(&mut writer, &row)?;
        writer.write_all(b"\n")?;
    }
    writer.flush()
}

fn in_words(summary: &Summary) -> String {
    format!(
        "{}: {} messages in, {} out, {} filtered, {} dead letters; {} partitions; {:.3} s, {:.0} messages/s, p99 {:.0} us",
        summary.app,
        summary.messages_in,
        summary.messages_out,
        summary.filtered,
        summary.dead_letters,
        summary.partitions,
        summary.seconds,
        summary.messages_per_second,
        summary.latency_us.p99,
    )
}
