//! `--control` of a run: how it is reached from other processes.

use std::path::Path;
use std::sync::Arc;

use crate::cli::arguments::{ControlArguments, secret};
use crate::cli::failure::Failure;
use crate::core::partitions::query::Condition;
use crate::core::replay::memory::RecordedInMemory;
use crate::expression::{Expression, PartitionCondition, Rows};
use crate::runtime::Settings;
use crate::session::control::Control;
use crate::session::past::RECORDED;
use crate::session::watched::TRACES;
use crate::session::wire::handshake::Host;
use crate::workbench::ResetFiles;

/// The settings of a run that may be reached: messages can be typed, and traced while somebody looks. The newest part of a
/// run that is recorded is kept in memory, so that those that look can go back.
pub(in crate::cli) fn reachable(settings: Settings, arguments: &ControlArguments) -> Settings {
    let reached = arguments.control.is_some();
    let history = settings.resilience.as_ref().and_then(|saved| saved.history.as_ref());
    let kept = reached && history.is_some();
    let recorded = kept.then(|| Arc::new(RecordedInMemory::new(RECORDED)));
    Settings { attachable: reached, traces: reached.then_some(TRACES), recorded, ..settings }
}

/// Refuses a secret that nobody has to know.
pub(in crate::cli) fn refuse_useless_secret(
    arguments: &ControlArguments,
    has_cluster: bool,
) -> Result<(), Failure> {
    if arguments.secret.is_some() && arguments.control.is_none() && !has_cluster {
        let usage = "--secret is of use only with --control or --cluster";
        return Err(Failure::Usage(usage.to_owned()));
    }
    Ok(())
}

/// Listens at the address of `--control`, if there is one.
pub(in crate::cli) fn open(
    arguments: &ControlArguments,
    host: Host,
) -> Result<Option<Control>, Failure> {
    let Some(address) = &arguments.control else { return Ok(None) };
    let secret = secret(arguments.secret.as_deref())?;
    let control = Control::open(address, secret, host, Arc::new(condition));
    control.map(Some).map_err(Failure::failed)
}

/// A condition about partitions as it was typed.
pub(in crate::cli) fn condition(text: &str) -> Option<Arc<dyn Condition>> {
    let expression = Expression::compile(text, Rows::Partitions).ok()?;
    Some(Arc::new(PartitionCondition::new(Arc::new(expression))))
}

/// The files that a reset reads again, and those that it empties.
pub(in crate::cli) fn files(
    settings: &Settings,
    dead_letters: Option<&Path>,
) -> (Vec<String>, Vec<String>) {
    let ResetFiles { read, written } = ResetFiles::of(settings, dead_letters);
    (read, written)
}
