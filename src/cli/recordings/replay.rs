//! `replay`: does again what was recorded.

use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::files::{Files, OpenFile};
use super::of_app::{self, OfApp, refuse_beyond};
use super::printed::print_json;
use super::until::{condition, fields_of, first};
use super::written::Written;
use crate::cli::app::{App, AppOptions};
use crate::cli::arguments::ReplayArguments;
use crate::cli::failure::Failure;
use crate::cli::progress::line::Progress;
use crate::cli::setup::files::cannot_write;
use crate::cli::setup::rows::write_rows;
use crate::core::frames::preview::one_line;
use crate::core::replay::digest::Header;
use crate::core::replay::player::{Played, Player};
use crate::core::replay::source::Recording as _;
use crate::core::text::counted;
use crate::core::topology::Topology;
use crate::expression::{Fields, StepCondition};
use crate::resilience::history::OnDisk;

/// The figures of a replay, as `--json` prints them.
#[derive(Serialize)]
struct Figures {
    /// How many messages entered.
    messages: u64,
    /// How many moments the recording has: its beginning, and the end of each of its messages.
    moments: u64,
    /// At how many checkpoints the partitions were as they were saved.
    verified_epochs: u64,
    seconds: f64,
    messages_per_second: f64,
    /// The number of the last message, if it was told or found where to stop.
    stopped_at: Option<u64>,
}

pub(in crate::cli) fn replay(
    apps: &[App],
    arguments: &ReplayArguments,
    options: &AppOptions,
) -> Result<(), Failure> {
    let until = |fields: &Fields| {
        arguments.until.as_deref().map(|text| condition(text, fields)).transpose()
    };
    // What is wrong with any recording is said before one is read.
    until(&Fields::default())?;
    let opened = of_app::open(apps, &arguments.app, &arguments.recording, options)?;
    let all = opened.recording.recording().summary().messages;
    refuse_beyond("--to", arguments.to, all)?;
    let until = until(&fields_of(&opened.topology, &opened.recording))?;
    let files = Files::open(arguments, &opened.topology, opened.recording.recording())?;
    let progress = Progress::start()?;
    for warning in &opened.warnings {
        progress.say(&one_line(&format!("warning: {warning}")));
    }
    let found = replay_here(&opened, files, (arguments.to, until.as_ref()), &progress);
    progress.erase();
    let figures = found?;
    if let Some(never) = until.filter(|_| figures.stopped_at.is_none()) {
        progress.say(&one_line(&never_held(&never)));
    }
    if arguments.json {
        progress.finish();
        return print_json(&figures);
    }
    progress.say(&one_line(&in_words(opened.topology.name(), &figures)));
    Ok(())
}

/// Finds out where to stop, and replays until then.
fn replay_here(
    OfApp { topology, recording, .. }: &OfApp,
    files: Files,
    (to, until): (Option<u64>, Option<&StepCondition>),
    progress: &Progress,
) -> Result<Figures, Failure> {
    let all = recording.recording().summary().messages;
    let shown = |what: &str, messages: u64| {
        progress.show(|| format!("{what}: {messages} of {}", counted(all, "message")));
    };
    let stops_at = match until {
        None => to,
        Some(condition) => first(topology, recording, condition, |now| shown("looking", now))?,
    };
    files.empty()?;
    let began = Instant::now();
    let identity = recording.recording().identity();
    let header =
        Header { application: identity.application.clone(), options: identity.options.clone() };
    let (written, state) = Written::begin(topology, header, files)?;
    let to = stops_at.unwrap_or(u64::MAX);
    let played = play((topology, recording), written, to, |now| shown("replay", now))?;
    let Done { mut player, verified } = played;
    if let Some(file) = state {
        write_state(&mut player, file)?;
    }
    let (messages, seconds) = (player.messages(), began.elapsed().as_secs_f64());
    Ok(Figures {
        messages,
        moments: all.saturating_add(1),
        verified_epochs: verified,
        seconds,
        messages_per_second: per_second(messages, seconds),
        stopped_at: stops_at,
    })
}

/// What has been replayed.
struct Done<'a> {
    player: Player<'a, OnDisk>,
    /// At how many checkpoints it was as it was saved.
    verified: u64,
}

/// Replays until a message.
fn play<'a>(
    (topology, recording): (&Arc<Topology>, &'a OnDisk),
    mut written: Written,
    to: u64,
    mut show: impl FnMut(u64),
) -> Result<Done<'a>, Failure> {
    if written.has_digest() {
        let base = recording.base().map_err(Failure::failed)?;
        written.end_epoch(base.epoch, &base.partitions)?;
    }
    let mut player = Player::new(Arc::clone(topology), recording);
    let mut verified = 0;
    while player.messages() < to {
        let epoch = player.next_epoch();
        let outcome = player.play(to, &mut written).map_err(Failure::failed)?;
        written.failure()?;
        match (outcome, epoch) {
            (Played::Verified(epoch, changed), _) => {
                verified += 1;
                written.end_epoch(epoch, &changed)?;
                show(player.messages());
            }
            (Played::Part, Some(epoch)) => {
                if written.has_digest() {
                    let changed = player.machine().map_err(Failure::failed)?.changed();
                    written.end_epoch(epoch, &changed)?;
                }
                break;
            }
            (Played::Part | Played::End, _) => break,
        }
    }
    written.finish()?;
    Ok(Done { player, verified })
}

fn write_state(player: &mut Player<'_, OnDisk>, file: OpenFile) -> Result<(), Failure> {
    let rows = player.machine().map_err(Failure::failed)?.rows();
    let (path, file) = file.into_parts();
    write_rows(rows, file).map_err(|error| cannot_write(&path, &error))
}

#[expect(clippy::cast_precision_loss, reason = "a rate is shown to a person")]
fn per_second(messages: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { messages as f64 / seconds } else { 0.0 }
}

fn never_held(condition: &StepCondition) -> String {
    let why = condition.trouble().map(|why| format!(": {why}")).unwrap_or_default();
    format!("`{}` holds of no step{why}; this is the end of the recording", condition.text())
}

fn in_words(application: &str, figures: &Figures) -> String {
    let stopped = figures.stopped_at.map(|at| format!(", stopped at message {at}"));
    format!(
        "{application}: {}{}, verified at {}, {:.3} s, {:.0} messages/s",
        counted(figures.messages, "message"),
        stopped.unwrap_or_default(),
        counted(figures.verified_epochs, "checkpoint"),
        figures.seconds,
        figures.messages_per_second,
    )
}
