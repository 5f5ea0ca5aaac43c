//! `shrink`: the smallest input of a recording with which something still happens.

mod files;
mod search;
mod words;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::app::{App, AppOptions};
use super::arguments::ShrinkArguments;
use super::failure::Failure;
use super::progress::follow::{Stop, follow};
use super::progress::line::Progress;
use super::recordings::{self, OfApp};
use super::setup::files::printed;
use crate::core::frames::preview::{each_line, one_line};
use crate::core::json::write_json;
use crate::core::replay::smallest::Found;
use crate::core::topology::Topology;
use crate::expression::{Fields, StepCondition, When};
use search::Search;

pub(super) fn shrink(
    apps: &[App],
    arguments: &ShrinkArguments,
    options: &AppOptions,
) -> Result<(), Failure> {
    let condition = condition(&arguments.when)?;
    files::refuse(arguments)?;
    let OfApp { topology, options, recording, warnings } =
        recordings::open(apps, &arguments.app, &arguments.recording, options)?;

    let began = Instant::now();
    let (stop, progress) = (Stop::default(), Progress::start()?);
    for warning in &warnings {
        progress.say(&one_line(&format!("warning: {warning}")));
    }
    let search = Search::start(Arc::clone(&topology), recording, condition)?;
    let line = || search.line();
    let found = follow(search.outcome(&stop), &stop, &progress, line)?;
    let Some(found) = found else {
        return Err(Failure::failed("interrupted twice: ended without a result"));
    };
    let seconds = began.elapsed().as_secs_f64();
    if stop.was_asked() {
        progress.say("interrupted: this is the smallest so far");
        progress.finish();
    }
    tell(&found, &topology, arguments, (&options, seconds))
}

/// Understands a condition about steps.
fn condition(text: &str) -> Result<StepCondition, Failure> {
    let condition = StepCondition::compile(text, When::Replayed, &Fields::default());
    condition.map_err(|error| Failure::Usage(format!("--when, {error}")))
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    messages_before: u64,
    messages_after: u64,
    probes: u64,
    seconds: f64,
}

/// Writes the files, and prints what was found.
fn tell(
    found: &Found,
    topology: &Topology,
    arguments: &ShrinkArguments,
    (options, seconds): (&AppOptions, f64),
) -> Result<(), Failure> {
    let Found { input, recorded, .. } = found;
    let mut notes = Vec::new();
    if let Some(path) = &arguments.out {
        notes.extend(files::write_frames(path, topology, input)?);
    }
    if let Some(path) = &arguments.test {
        let options = options.0.iter().map(|(name, value)| format!(" --{name} {value}"));
        let name = format!("{}{}", arguments.app, options.collect::<String>());
        let test = found.test(topology, &arguments.when, &name);
        notes.push(files::write_test(path, &test.file())?);
    }
    let report = Report {
        messages_before: *recorded,
        messages_after: input.messages.len() as u64,
        probes: input.probes,
        seconds,
    };
    let mut out = io::stdout().lock();
    if arguments.json {
        match write_json(&mut out, &report) {
            Err(error) if error.is_io() => return printed(Err(error.into())),
            written => written.map_err(Failure::failed)?,
        }
        return printed(writeln!(out).and_then(|()| out.flush()));
    }
    let words = words::of(found, topology, seconds);
    let words = words.into_iter().chain(notes).collect::<Vec<_>>().join("\n");
    printed(writeln!(out, "{}", each_line(&words)).and_then(|()| out.flush()))
}
