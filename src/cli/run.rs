//! `run`: an application without a screen.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use super::app::{self, App, AppOptions};
use super::arguments::RunArguments;
use super::endpoints::{Missing, settings};
use super::failure::Failure;
use super::interrupts::Interrupts;
use super::progress::{PROGRESS_EVERY, Progress};
use crate::endpoints::{Endpoint, FileId, empty, open_to_write};
use crate::runtime::Settings;
use crate::telemetry::{DeadLetterFile, PartitionView, Session, Snapshot, Summary};

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
    refuse_shared_files(&settings, arguments)?;
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

/// Refuses a file that is named twice: what is written to it would destroy what else is in it.
fn refuse_shared_files(settings: &Settings, arguments: &RunArguments) -> Result<(), Failure> {
    let inputs = settings.sources.iter().map(|endpoint| ("--in", endpoint));
    let outputs = settings.sinks.iter().flatten().map(|endpoint| ("--out", endpoint));
    let mut taken: Vec<(&str, FileId)> = inputs
        .chain(outputs)
        .filter_map(|(option, endpoint)| match endpoint {
            Endpoint::File(path) => Some((option, FileId::of(path)?)),
            _ => None,
        })
        .collect();
    let written = [("--state", &arguments.state), ("--dead-letters", &arguments.dead_letters)];
    for (option, path) in written {
        let Some((path, file)) = path.as_ref().and_then(|path| Some((path, FileId::of(path)?)))
        else {
            continue;
        };
        if let Some((other, _)) = taken.iter().find(|(_, taken)| *taken == file) {
            let path = path.display();
            let usage = format!("{option} and {other} name the same file, {path}: choose another");
            return Err(Failure::Usage(usage));
        }
        taken.push((option, file));
    }
    Ok(())
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::Failed(format!("cannot write {}: {error}", path.display()))
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
        let mut interrupted = false;
        let mut tick = tokio::time::interval(PROGRESS_EVERY);
        while session.outcome().is_none() {
            tokio::select! {
                () = session.ended() => {}
                () = interrupts.next() => stop(session, &mut interrupted)?,
                _ = tick.tick() => {
                    session.refresh(&PartitionView::default());
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
