//! `run`: an application without a screen.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use super::app::{self, App, AppOptions};
use super::arguments::RunArguments;
use super::console::Console;
use super::endpoints::{Missing, settings};
use super::failure::Failure;
use super::files::{cannot_print, cannot_write, open_dead_letters, refuse_shared_files};
use super::interrupts::Interrupts;
use super::log::RunLog;
use super::progress::PROGRESS_EVERY;
use super::tally::counted;
use crate::core::json::write_json;
use crate::core::preview::one_line;
use crate::endpoints::{empty, open_to_write};
use crate::telemetry::{PartitionView, Session, SinkState, Snapshot, Summary};

pub(super) fn run(
    apps: &[App],
    arguments: &RunArguments,
    options: &AppOptions,
) -> Result<(), Failure> {
    let topology = app::find(apps, &arguments.app)?.topology(options)?;
    let settings = settings(&topology, &arguments.engine, Missing::Refuse)?;
    let dead_letters = open_dead_letters(&arguments.engine)?;
    let state = match arguments.state.as_deref() {
        None => None,
        Some(path) => {
            let file = open_to_write(path).map_err(|error| cannot_write(path, &error))?;
            Some((path, file))
        }
    };
    let log = RunLog::open(&arguments.log)?;
    let written = [
        ("--state", arguments.state.as_deref()),
        ("--dead-letters", arguments.engine.dead_letters.as_deref()),
        ("--log", arguments.log.log.as_deref()),
    ];
    refuse_shared_files(&settings, &written)?;
    let console = Arc::new(Console::default());
    let of_log = Arc::clone(&console);
    log.start_with(move |line| of_log.log(line))?;
    let session = Session::start(topology, &settings, dead_letters).map_err(Failure::failed);
    log.end(session.and_then(|session| to_its_end(session, &console, state, arguments.json)))
}

/// Follows the run to its end, and says and writes what is wanted of it.
fn to_its_end(
    mut session: Session,
    console: &Console,
    state: Option<(&Path, File)>,
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
    if !json {
        return writeln!(io::stderr(), "{}", one_line(&in_words(&summary)))
            .map_err(Failure::failed);
    }
    write_json(io::stdout(), &summary)
        .map_err(io::Error::from)
        .and_then(|()| writeln!(io::stdout()))
        .map_err(|error| cannot_print(&error))
}

/// Waits for the end of the run: by itself, or when it is interrupted and has drained.
fn follow(session: &mut Session, console: &Console) -> Result<(), Failure> {
    let waiting = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let waiting = waiting.map_err(Failure::failed)?;
    let followed = waiting.block_on(async {
        let mut interrupts = Interrupts::listen()?;
        // Only now: whoever waits for an address that is said here may send a signal at once.
        console.begin();
        let (mut interrupted, mut said) = (false, false);
        let mut tick = tokio::time::interval(PROGRESS_EVERY);
        while session.outcome().is_none() {
            tokio::select! {
                () = session.ended() => {}
                () = interrupts.next() => stop(session, &mut interrupted)?,
                _ = tick.tick() => {
                    session.refresh(&PartitionView::default());
                    if interrupted && !said {
                        said = say_what_is_waited_for(&session.snapshot(), console);
                    }
                    console.progress().show(|| in_progress(&session.snapshot()));
                }
            }
        }
        Ok(())
    });
    session.refresh(&PartitionView::default());
    console.progress().erase();
    followed?;
    session.outcome().unwrap_or(Ok(())).map_err(Failure::failed)
}

/// The first interruption lets the run drain; the second ends it as it is.
fn stop(session: &Session, interrupted: &mut bool) -> Result<(), Failure> {
    if std::mem::replace(interrupted, true) {
        return Err(Failure::failed("interrupted twice: ended without draining"));
    }
    session.stop();
    Ok(())
}

/// Says why an interrupted run has not ended, where its sinks are the reason. True where they are.
fn say_what_is_waited_for(snapshot: &Snapshot, console: &Console) -> bool {
    let mut said = false;
    for sink in snapshot.pipelines.iter().flat_map(|pipeline| &pipeline.sinks) {
        let (what, waits) = match sink.state {
            SinkState::Writing => continue,
            SinkState::Waiting => ("to write the last outputs", "has no receiver"),
            SinkState::Stalled => ("to write the last outputs", "takes no outputs"),
            SinkState::Closing => ("for the receiver's end", "has not closed the connection"),
        };
        console.progress().say(&one_line(&format!(
            "waiting {what}: {} {waits}; interrupt again to end without",
            sink.endpoint
        )));
        said = true;
    }
    said
}

fn in_progress(snapshot: &Snapshot) -> String {
    let totals = snapshot.totals;
    format!(
        "{}: {} in, {} out, {}, {}/s",
        snapshot.application,
        totals.messages_in,
        totals.messages_out,
        counted(totals.dead_letters, "dead letter"),
        snapshot.throughput.last()
    )
}

fn write_state(session: &Session, file: File) -> io::Result<()> {
    let mut writer = BufWriter::new(file);
    for row in session.export() {
        write_json(&mut writer, &row)?;
        writer.write_all(b"\n")?;
    }
    writer.flush()
}

fn in_words(summary: &Summary) -> String {
    format!(
        "{}: {} in, {} out, {} filtered, {}; {}; {:.3} s, {:.0} messages/s, p99 {:.0} us",
        summary.app,
        counted(summary.messages_in, "message"),
        summary.messages_out,
        summary.filtered,
        counted(summary.dead_letters, "dead letter"),
        counted(summary.partitions as u64, "partition"),
        summary.seconds,
        summary.messages_per_second,
        summary.latency_us.p99,
    )
}
