//! Without a command: the workbench, after a choice if no application is named.

use std::io::{self, IsTerminal};

use super::app::{self, App, AppOptions};
use super::apps;
use super::arguments::WorkbenchArguments;
use super::failure::Failure;
use super::setup::endpoints::{Missing, settings};
use super::setup::files::{open_dead_letters, refuse_saved_files, refuse_shared_files};
use super::setup::log::RunLog;
use crate::workbench::Choice;

pub(super) fn start(
    apps: &[App],
    arguments: &WorkbenchArguments,
    options: &AppOptions,
) -> Result<(), Failure> {
    let on_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let app = match &arguments.app {
        Some(name) => app::find(apps, name)?,
        None if on_terminal => match choose(apps)? {
            Some(app) => app,
            None => return Ok(()),
        },
        None => {
            let known: Vec<_> = apps.iter().map(|app| app.name).collect();
            let usage = format!("which app? Give --app with one of: {}", known.join(", "));
            return Err(Failure::Usage(usage));
        }
    };
    let topology = app.topology(options)?;
    let settings = settings(&topology, &arguments.engine, Missing::Null)?;
    if !on_terminal {
        return Err(Failure::Usage(
            "the workbench needs a terminal; without one, use `wallaroo-tui run`".to_owned(),
        ));
    }
    let written = [
        ("--dead-letters", arguments.engine.dead_letters.as_deref()),
        ("--log", arguments.log.log.as_deref()),
    ];
    refuse_saved_files(&arguments.engine, &written)?;
    let dead_letters = open_dead_letters(&arguments.engine)?;
    let log = RunLog::open(&arguments.log)?;
    refuse_shared_files(&settings, &written)?;
    log.start()?;
    log.end(crate::workbench::run(topology, settings, dead_letters).map_err(Failure::failed))
}

/// Lets the user choose an application.
fn choose(apps: &[App]) -> Result<Option<&App>, Failure> {
    let choices = apps.iter().map(|app| {
        let described = apps::describe(app)?;
        Ok(Choice {
            name: app.name.to_owned(),
            about: app.about.to_owned(),
            details: apps::details(&described).lines().map(str::to_owned).collect(),
        })
    });
    let choices = choices.collect::<Result<Vec<_>, Failure>>()?;
    let chosen = crate::workbench::choose(choices).map_err(Failure::failed)?;
    Ok(chosen.and_then(|at| apps.get(at)))
}
