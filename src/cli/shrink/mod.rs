//! `shrink`: the smallest input of a recording with which something still happens.

mod files;
mod search;
mod words;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::app::{self, App, AppOptions};
use super::arguments::ShrinkArguments;
use super::failure::Failure;
use super::progress::follow::{Stop, follow};
use super::progress::line::Progress;
use super::setup::files::printed;
use crate::core::frames::preview::each_line;
use crate::core::json::write_json;
use crate::core::replay::fingerprint;
use crate::core::replay::smallest::{Lived, Smallest};
use crate::core::topology::Topology;
use crate::expression::{Fields, StepCondition, When};
use crate::resilience::history::{Identity, OnDisk};
use search::{Found, Search};

pub(super) fn shrink(
    apps: &[App],
    arguments: &ShrinkArguments,
    options: &AppOptions,
) -> Result<(), Failure> {
    let app = app::find(apps, &arguments.app)?;
    let topology = app.topology(options)?;
    let condition = condition(&arguments.when)?;
    files::refuse(arguments)?;
    let recording = OnDisk::open(&arguments.recording).map_err(Failure::failed)?;
    let options = options_of(app, options);
    check(recording.recording().identity(), &arguments.recording, (&topology, &options))?;

    let began = Instant::now();
    let (stop, progress) = (Stop::default(), Progress::start()?);
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

/// The options of an application, without those of others.
fn options_of<'a>(app: &'a App, options: &'a AppOptions) -> BTreeMap<&'a str, &'a str> {
    app.options.iter().map(|option| (option.name, options.get(option.name))).collect()
}

/// Refuses a recording of something else.
fn check(
    identity: &Identity,
    path: &Path,
    (topology, options): (&Topology, &BTreeMap<&str, &str>),
) -> Result<(), Failure> {
    let path = path.display();
    if identity.application != **topology.name() {
        let recorded = &identity.application;
        let usage = format!("{path} is a recording of `{recorded}`, not of `{}`", topology.name());
        return Err(Failure::Usage(usage));
    }
    for (name, value) in options {
        if let Some(recorded) = identity.options.get(*name).filter(|recorded| recorded != value) {
            let usage =
                format!("{path} was recorded with --{name} {recorded}: give that here, too");
            return Err(Failure::Usage(usage));
        }
    }
    if identity.fingerprint == fingerprint(topology) {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "{path} is a recording of another version of `{}`, with other pipelines, kinds of steps or states: use that version",
        topology.name()
    )))
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
    (options, seconds): (&BTreeMap<&str, &str>, f64),
) -> Result<(), Failure> {
    let Found { input, again, recorded } = found;
    let mut notes = Vec::new();
    if let Some(path) = &arguments.out {
        notes.extend(files::write_frames(path, topology, input)?);
    }
    if let Some(path) = &arguments.test {
        let test = test_of(input, again, topology, (arguments, options));
        notes.push(files::write_test(path, &test)?);
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
    let words = words::of(input, again, topology, (*recorded, seconds));
    let words = words.into_iter().chain(notes).collect::<Vec<_>>().join("\n");
    printed(writeln!(out, "{}", each_line(&words)).and_then(|()| out.flush()))
}

/// The text of the test.
fn test_of(
    input: &Smallest,
    again: &Lived,
    topology: &Topology,
    (arguments, options): (&ShrinkArguments, &BTreeMap<&str, &str>),
) -> String {
    let last = input.messages.last().map_or(0, |message| message.number);
    let title = format!("message {last}: {}", arguments.when);
    let options = options.iter().map(|(name, value)| format!(" --{name} {value}"));
    let name = format!("{}{}", arguments.app, options.collect::<String>());
    let test = again.test(input, topology, [&title, &name, files::TOPOLOGY]);
    format!("{}\n{}", files::HEADER, test.text())
}
