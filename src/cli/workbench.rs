//! Without a command: the workbench, after a choice if no application is named.

use std::io::{self, IsTerminal, Write};

use super::app::{self, App, AppOptions};
use super::apps;
use super::arguments::WorkbenchArguments;
use super::failure::Failure;
use super::metrics::Metrics;
use super::setup::endpoints::{Missing, settings};
use super::setup::files::{open_dead_letters, refuse_saved_files, refuse_shared_files};
use super::setup::log::RunLog;
use crate::core::frames::preview::each_line;
use crate::core::guard::guarded;
use crate::core::load::settings::LoadSettings;
use crate::core::topology::Topology;
use crate::runtime::Settings;
use crate::workbench::{Choice, Configuration, Farewell, Offer, Opening, Others};

pub(super) fn start(
    apps: &[App],
    arguments: &WorkbenchArguments,
    options: &AppOptions,
    configuration: &Configuration,
) -> Result<(), Failure> {
    let Some(app) = application(apps, arguments, options, configuration)? else { return Ok(()) };
    let topology = app.topology(options)?;
    let load = arguments.demo.then(LoadSettings::default);
    if load.is_some() && !makes_messages(&topology) {
        return Err(Failure::Usage(format!(
            "{} has no generator for --demo: {NAMES_ONE}",
            app.name
        )));
    }
    let settings = settings(&topology, &arguments.engine, options, Missing::Null)?;
    let settings = Settings { paused: arguments.paused, ..settings };
    if !is_on_terminal() {
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
    let metrics = arguments.metrics.metrics.as_deref();
    // Its keys are for those who look at the screen.
    let metrics = metrics.map(|address| Metrics::serve(address, 0)).transpose()?;
    log.start()?;
    let workers = settings.workers;
    // Another application begins with nothing but the workers: endpoints and files are the first one's.
    let mut open = |at: usize| {
        let app = apps.get(at).ok_or("there is no such application")?;
        // The application on the screen goes on, whatever this one's author has written.
        let topology = || app.topology(options).map_err(|failure| failure.to_string());
        let topology = guarded(topology).map_err(|reason| format!("{}: {reason}", app.name))?;
        let settings = Settings { workers, ..Settings::new(&topology) };
        Ok(Opening { topology, settings, dead_letters: None, load: None })
    };
    let others = Others {
        offers: apps
            .iter()
            .map(|app| Offer { name: app.name.to_owned(), about: app.about.to_owned() })
            .collect(),
        first: apps.iter().position(|other| other.name == app.name).unwrap_or(0),
        open: &mut open,
    };
    let name = topology.name().to_string();
    let opening = Opening { topology, settings, dead_letters, load };
    let served = metrics.as_ref().map(Metrics::served);
    let outcome = crate::workbench::run(opening, Some(others), served, configuration);
    let outcome = outcome.map_err(Failure::failed).map(|farewells| {
        let chosen = (arguments.app.is_none() && !arguments.demo).then_some(app.name);
        say_farewell(&name, chosen, &farewells);
    });
    log.end(outcome)
}

fn is_on_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// The application that is named, or else chosen on the terminal. `None` if the choice was given up.
fn application<'a>(
    apps: &'a [App],
    arguments: &WorkbenchArguments,
    options: &AppOptions,
    configuration: &Configuration,
) -> Result<Option<&'a App>, Failure> {
    match &arguments.app {
        Some(name) => app::find(apps, name).map(Some),
        None if arguments.demo => for_demo(apps, options).map(Some),
        None if is_on_terminal() => choose(apps, configuration),
        None => {
            let known: Vec<_> = apps.iter().map(|app| app.name).collect();
            let usage = format!("which app? Give --app with one of: {}", known.join(", "));
            Err(Failure::Usage(usage))
        }
    }
}

/// What an author has to do for `--demo`.
const NAMES_ONE: &str = "a source gets one with `Source::generated`";

fn makes_messages(topology: &Topology) -> bool {
    topology.pipelines().iter().any(|plan| plan.source.generate.is_some())
}

/// The first application that can make messages.
fn for_demo<'a>(apps: &'a [App], options: &AppOptions) -> Result<&'a App, Failure> {
    for app in apps {
        if makes_messages(&*app.topology(options)?) {
            return Ok(app);
        }
    }
    Err(Failure::Usage(format!("no application has a generator for --demo: {NAMES_ONE}")))
}

/// Prints what was, where the state is, and which command goes on. If the terminal is gone, that is no failure.
fn say_farewell(first: &str, chosen: Option<&str>, farewells: &[Farewell]) {
    let mut text: Vec<String> = farewells.iter().map(ToString::to_string).collect();
    if let Some(farewell) = farewells.iter().find(|farewell| farewell.application == first) {
        let arguments = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned());
        let command = command(arguments, chosen);
        text.push(match &farewell.saved {
            Some(directory) => {
                format!("The state is in {}. Go on with:\n  {command}", directory.display())
            }
            None => format!(
                "The state is gone with the run. To keep the next one's:\n  {command} --resilience-dir {first}-state"
            ),
        });
    }
    let _ = writeln!(io::stdout(), "{}", each_line(&text.join("\n")));
}

/// The command line that starts the same again, as a shell reads it.
fn command(arguments: impl Iterator<Item = String>, chosen: Option<&str>) -> String {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./:=@%+,".contains(character);
    let chosen = chosen.into_iter().flat_map(|name| ["--app".to_owned(), name.to_owned()]);
    let words = arguments.chain(chosen).map(|word| {
        if !word.is_empty() && word.chars().all(plain) {
            word
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Lets the user choose an application.
fn choose<'a>(apps: &'a [App], configuration: &Configuration) -> Result<Option<&'a App>, Failure> {
    let choices = apps.iter().map(|app| {
        let described = apps::describe(app)?;
        Ok(Choice {
            name: app.name.to_owned(),
            about: app.about.to_owned(),
            details: apps::details(&described).lines().map(str::to_owned).collect(),
        })
    });
    let choices = choices.collect::<Result<Vec<_>, Failure>>()?;
    let chosen = crate::workbench::choose(choices, configuration).map_err(Failure::failed)?;
    Ok(chosen.and_then(|at| apps.get(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_goes_on_is_read_by_a_shell_as_it_was_typed() {
        let words = ["wallaroo-tui", "--in", "my file", "--out", "it's", ""].map(str::to_owned);
        assert_eq!(
            command(words.into_iter(), Some("alphabet")),
            r"wallaroo-tui --in 'my file' --out 'it'\''s' '' --app alphabet"
        );
    }
}
