//! `run`: an application without a screen.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use super::app::{self, App, AppOptions};
use super::arguments::RunArguments;
use super::endpoints::{Missing, settings};
use super::failure::Failure;
use super::files::{cannot_write, open_dead_letters, refuse_shared_files};
use super::interrupts::Interrupts;
use super::progress::{PROGRESS_EVERY, Progress};
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
    let state = match &arguments.state {
        None => None,
        Some(path) => {
            let file = open_to_write(path).map_err(|error| cannot_write(path, &error))?;
            Some((path, file))
        }
    };
    let state_file = ("--state", arguments.state.as_deref());
    let dead_letters_file = ("--dead-letters", arguments.engine.dead_letters.as_deref());
    refuse_shared_files(&settings, &[state_file, dead_letters_file])?;
    let mut session =
        Session::start(Arc::clone(&topology), &settings, dead_letters).map_err(Failure::failed)?;
    if let Some((path, file)) = &state {
        // Not earlier: a run that cannot start leaves the file as it was.
        empty(file).map_err(|error| cannot_write(path, &error))?;
    }
    follow(&mut session)?;

    if let Some((path, file)) = state {
        write_state(&session, file).map_err(|error| cannot_write(path, &error))?;
    }
    if let Some(lost) = session.dead_letters_lost() {
        return Err(Failure::failed(lost));
    }
    let summary = session.summary();
    let written = if arguments.json {
        serde_json::to_writer(io::stdout(), &summary)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(io::stdout()))
    } else {
        writeln!(io::stderr(), "{}", in_words(&summary))
    };
    written.map_err(Failure::failed)
}

/// Waits for the end of the run: by itself, or when it is interrupted and has drained.
fn follow(session: &mut Session) -> Result<(), Failure> {
    let waiting = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let waiting = waiting.map_err(Failure::failed)?;
    let progress = Progress::default();
    waiting.block_on(async {
        let mut interrupts = Interrupts::listen()?;
        // Only now: whoever waits for this line may send a signal at once.
        for address in session.listening() {
            let _ = writeln!(io::stderr(), "listening at {address}");
        }
        let (mut interrupted, mut said) = (false, false);
        let mut tick = tokio::time::interval(PROGRESS_EVERY);
        while session.outcome().is_none() {
            tokio::select! {
                () = session.ended() => {}
                () = interrupts.next() => stop(session, &mut interrupted)?,
                _ = tick.tick() => {
                    session.refresh(&PartitionView::default());
                    if interrupted && !said {
                        said = say_what_is_waited_for(&session.snapshot(), &progress);
                    }
                    progress.show(|| in_progress(&session.snapshot()));
                }
            }
        }
        Ok(())
    })?;
    session.refresh(&PartitionView::default());
    drop(progress);
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
fn say_what_is_waited_for(snapshot: &Snapshot, progress: &Progress) -> bool {
    let mut said = false;
    for sink in snapshot.pipelines.iter().flat_map(|pipeline| &pipeline.sinks) {
        let waits = match sink.state {
            SinkState::Writing => continue,
            SinkState::Waiting => "has no receiver",
            SinkState::Stalled => "takes no outputs",
        };
        progress.erase();
        let _ = writeln!(
            io::stderr(),
            "waiting to write the last outputs: {} {waits}; interrupt again to end without them",
            sink.endpoint
        );
        said = true;
    }
    said
}

fn in_progress(snapshot: &Snapshot) -> String {
    let totals = snapshot.totals;
    format!(
        "{}: {} in, {} out, {} dead letters, {}/s",
        snapshot.application,
        totals.messages_in,
        totals.messages_out,
        totals.dead_letters,
        snapshot.throughput.last()
    )
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
