//! `run`: an application without a screen.

use std::fs::File;
use std::future::pending;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::again::begin_again;
use super::app::{self, App, AppOptions};
use super::arguments::RunArguments;
use super::ending::Ending;
use super::failure::Failure;
use super::host::host;
use super::metrics::Metrics;
use super::progress::console::Console;
use super::progress::interrupts::Interrupts;
use super::progress::line::PROGRESS_EVERY;
use super::said::{in_progress, in_words, say_what_is_waited_for};
use super::setup::children::with_children;
use super::setup::cluster::{Role, role};
use super::setup::control::{files, open, reachable, refuse_useless_secret};
use super::setup::endpoints::{Missing, settings};
use super::setup::files::{
    cannot_print, cannot_write, open_dead_letters, patiently, refuse_saved_files,
    refuse_shared_files,
};
use super::setup::log::RunLog;
use super::setup::rows::write_rows;
use super::starting::{Begun, saying, start};
use crate::cluster::Cluster;
use crate::cluster::meeting::Identity;
use crate::core::frames::preview::one_line;
use crate::core::json::write_json;
use crate::core::topology::Topology;
use crate::endpoints::{claim, empty, open_to_write};
use crate::session::Session;
use crate::session::asked::next;
use crate::session::control::{Control, Wish};
use crate::session::starting::Absent;
use crate::session::wire::handshake::Host;
use crate::telemetry::Summary;
use crate::workbench::{Reported, reporting};

pub(super) fn run(
    apps: &[App],
    arguments: &RunArguments,
    options: &AppOptions,
) -> Result<(), Failure> {
    let since = Instant::now();
    let app = arguments.app.as_deref();
    let app =
        app.ok_or_else(|| Failure::Usage("which app? Give --app, or `app` in [run]".into()))?;
    let app = app::find(apps, app)?;
    let topology = app.topology(options)?;
    refuse_useless_secret(&arguments.control, arguments.cluster.cluster.is_some())?;
    let identity = || Identity::here(app.name.to_owned(), options.to_values(), &topology);
    let role = role(arguments, identity)?;
    let may_begin_again = match role {
        Role::Alone | Role::First { .. } => arguments.engine.resilience.resilience_dir.is_some(),
        // If process 0 begins again, it starts another one in place of a child.
        Role::Host(_, ref parent) => parent.is_none(),
    };
    let outcome = match role {
        Role::Alone => run_here((app, topology), arguments, options, None),
        Role::First { cluster, starts } => {
            run_here((app, topology), arguments, options, Some((cluster, starts)))
        }
        Role::Host(cluster, parent) => {
            // Clients of processes of one machine connect to process 0.
            let sources = if parent.is_some() {
                Vec::new()
            } else {
                settings(&topology, &arguments.engine, options, Missing::Null)?.sources
            };
            host(&topology, (cluster, parent), sources, &arguments.log)
        }
    };
    match outcome {
        Err(Failure::Lost(why)) if may_begin_again => Err(begin_again(&why, since)),
        outcome => outcome,
    }
}

/// Runs the application as the only process, or as process 0 of a cluster, which may have to start the others.
fn run_here(
    (app, topology): (&App, Arc<Topology>),
    arguments: &RunArguments,
    options: &AppOptions,
    cluster: Option<(Cluster, bool)>,
) -> Result<(), Failure> {
    let settings = settings(&topology, &arguments.engine, options, Missing::Refuse)?;
    let mut settings = reachable(settings, &arguments.control);
    let written = [
        ("--state", arguments.state.as_deref()),
        ("--dead-letters", arguments.engine.dead_letters.as_deref()),
        ("--log", arguments.log.log.as_deref()),
        ("--control", arguments.control.path()),
    ];
    refuse_saved_files(&arguments.engine, &written)?;
    let dead_letters = open_dead_letters(&arguments.engine)?;
    let open_state = |path| patiently(path, || open_to_write(path)).map(|file| (path, file));
    let state = arguments.state.as_deref().map(open_state).transpose()?;
    let log = RunLog::open(&arguments.log)?;
    refuse_shared_files(&settings, &written)?;
    if let Some((path, file)) = &state {
        claim(file).map_err(|error| cannot_write(path, &error))?;
    }
    let host = Host::here(
        (app.name.to_owned(), options.to_values()),
        &topology,
        settings.frame_limit,
        files(&settings, arguments.engine.dead_letters.as_deref()),
    );
    let mut control = open(&arguments.control, host)?;
    let metrics = arguments.metrics.metrics.as_deref();
    let serve = |address| Metrics::serve(address, arguments.metrics_keys);
    let metrics = metrics.map(serve).transpose()?;
    let console = Arc::new(Console::start()?);
    let of_log = Arc::clone(&console);
    log.start_with(move |line| of_log.log(line))?;
    let absent = Arc::<Absent>::default();
    if let Some((cluster, starts)) = cluster {
        let cluster = saying(cluster, Arc::clone(&absent), &console);
        let line = (arguments, options);
        let cluster =
            if starts { with_children(cluster, app.name, line, &console)? } else { cluster };
        settings.cluster = Some(Arc::new(cluster));
        if let Some(control) = &control {
            // Now: whoever asks what it waits for has to know where.
            console.progress().say(&reached_at(control));
        }
    }
    let reached = (&mut control, &*console);
    let begun = start(topology, &settings, dead_letters, absent, reached);
    let following = Following {
        console: &console,
        metrics: metrics.as_ref(),
        is_reached: settings.cluster.is_some(),
    };
    let outcome = begun.and_then(|begun| match begun {
        Some(begun) => to_its_end(begun, &following, state, arguments.json, &mut control),
        None => Ok(()),
    });
    if let Some(children) = settings.cluster.as_ref().and_then(|cluster| cluster.children()) {
        // All that they had to do is done, or lost.
        children.end();
    }
    console.progress().finish();
    let failure = outcome.as_ref().err().map(ToString::to_string);
    let outcome = log.end(outcome);
    // Last: whoever waits for the end may start the next run.
    drop(metrics);
    if let Some(control) = control {
        control.end(failure);
    }
    outcome
}

/// What a run is followed with.
struct Following<'a> {
    console: &'a Console,
    metrics: Option<&'a Metrics>,
    /// Whether it was said where it is reached.
    is_reached: bool,
}

/// Where a run is reached from other processes.
fn reached_at(control: &Control) -> String {
    format!("control at {}", control.address())
}

/// Follows the run to its end, and says and writes what is wanted of it.
fn to_its_end(
    begun: Begun,
    following: &Following<'_>,
    state: Option<(&Path, File)>,
    json: bool,
    control: &mut Option<Control>,
) -> Result<(), Failure> {
    let Begun { mut session, wish } = begun;
    if let Some((path, file)) = &state {
        // Not earlier: a run that cannot start leaves the file as it was.
        empty(file).map_err(|error| cannot_write(path, &error))?;
    }
    follow(&mut session, following, control.as_mut(), wish)?;

    reporting();
    session.finish_dead_letters();
    if let Some((path, file)) = state {
        write_rows(session.engine().export(), file).map_err(|error| cannot_write(path, &error))?;
    }
    let (lost, summary) = (session.dead_letters_lost(), session.summary());
    if json {
        print(&summary).map_err(|error| cannot_print(&error))?;
    } else if lost.is_none() {
        following.console.progress().say(&one_line(&in_words(&summary)));
    }
    lost.map_or(Ok(()), |lost| Err(Failure::failed(lost)))
}

/// Prints the figures as JSON.
fn print(summary: &Summary) -> io::Result<()> {
    let mut line = Vec::new();
    write_json(&mut line, summary)?;
    line.push(b'\n');
    Reported(io::stdout()).write_all(&line)?;
    io::stdout().flush()
}

/// Waits until the run has ended by itself, or was interrupted and has drained.
fn follow(
    session: &mut Session,
    following: &Following<'_>,
    mut control: Option<&mut Control>,
    wish: Wish,
) -> Result<(), Failure> {
    let Following { console, metrics, is_reached } = following;
    if let Some(control) = &control {
        session.trace(false);
        if !is_reached {
            session.say(&reached_at(control));
        }
    }
    let waiting = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let waiting = waiting.map_err(Failure::failed)?;
    let followed = waiting.block_on(async {
        let mut interrupts = Interrupts::listen()?;
        // Only now: a program that waits for the address that is written here may send a signal at once.
        console.begin();
        let mut answerer = metrics.map(|metrics| {
            // Before anybody is told where to ask.
            let answerer = metrics.answer();
            session.say(&metrics.said());
            answerer
        });
        let (mut ending, mut said) = (Ending::NotAsked, false);
        if wish == Wish::Stop {
            ending.stop();
            session.stop();
        }
        let mut tick = tokio::time::interval(PROGRESS_EVERY);
        // An update goes on after the loss of a child.
        while session.engine().outcome().is_none() || {
            session.update();
            session.engine().outcome().is_none()
        } {
            tokio::select! {
                () = session.engine().ended() => {}
                () = interrupts.next() => {
                    ending.interrupt()?;
                    session.stop();
                    said = false;
                }
                () = heard(control.as_deref_mut(), session) => {}
                asked = next(answerer.as_mut()) => asked.answer(session),
                _ = tick.tick() => {
                    if session.update()
                        && let Some(control) = &mut control
                    {
                        control.note_news();
                    }
                    if let Some(how) = ending.without_waiting()
                        && !said
                    {
                        said = say_what_is_waited_for(&session.snapshot(), how, console);
                    }
                    console.progress().show(|| in_progress(&session.snapshot()));
                }
            }
            let Some(control) = &mut control else { continue };
            let wish = control.serve(session).map_err(Failure::failed)?;
            if wish == Wish::Stop {
                ending.stop();
                session.stop();
            }
        }
        Ok(ending)
    });
    session.update();
    console.progress().erase();
    let ending = followed?;
    session.engine().outcome().unwrap_or(Ok(())).map_err(|error| match Failure::of_engine(&error) {
        // A run that was to end does not begin again.
        Failure::Lost(why) if ending != Ending::NotAsked || session.is_stopping() => {
            Failure::Failed(why)
        }
        failure => failure,
    })
}

/// Waits until somebody who has reached the run wants something, or has to be told something.
async fn heard(control: Option<&mut Control>, session: &Session) {
    match control {
        Some(control) => control.heard(session).await,
        None => pending().await,
    }
}
