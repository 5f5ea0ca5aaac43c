//! `attach`, `status` and `stop`: what is done with a run of another process.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::time::Duration;

use super::app::{self, App, AppOptions};
use super::arguments::{AttachArguments, StatusArguments, StopArguments};
use super::failure::Failure;
use super::setup::files::printed;
use crate::core::frames::preview::each_line;
use crate::core::json::write_json;
use crate::core::text::counted;
use crate::session::remote::{self, Remote};
use crate::session::status::{STARTING, Status};
use crate::session::watched::Watched;
use crate::session::wire::handshake::{Host, is_of};
use crate::telemetry::ClientsShown;
use crate::workbench::Configuration;

/// Shows a run of another process in the workbench.
pub(super) fn attach(
    apps: &[App],
    arguments: &AttachArguments,
    configuration: &Configuration,
) -> Result<(), Failure> {
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        let usage = "the workbench needs a terminal; without one, use `wallaroo-tui status`";
        return Err(Failure::Usage(usage.to_owned()));
    }
    let remote = Remote::attach(arguments.reach.reach(arguments.read_only)?);
    let remote = remote.map_err(Failure::failed)?;
    let Host { app, options, .. } = remote.host().clone();
    let topology = app::find(apps, &app)?.topology(&AppOptions::of(apps, &options))?;
    if !is_of(remote.host(), &topology) {
        // The same program makes the same application, unless it looks at more than its options.
        return Err(Failure::Failed(format!(
            "{app} is another application there: attach where its environment is that of the run"
        )));
    }
    let place = remote.place().unwrap_or_default();
    let name = topology.name().to_string();
    crate::workbench::attach(topology, remote, configuration).map_err(Failure::failed)?;
    // If the terminal is gone, that is no failure.
    let said = each_line(&format!("detached from {name} at {place}"));
    let _ = writeln!(io::stdout(), "{said}");
    Ok(())
}

/// Prints the figures of a run.
pub(super) fn status(arguments: &StatusArguments) -> Result<(), Failure> {
    let status = remote::status(&arguments.reach.reach(true)?).map_err(Failure::failed)?;
    let mut out = Vec::new();
    if arguments.json {
        write_json(&mut out, &status).map_err(Failure::failed)?;
        out.push(b'\n');
    } else {
        out.extend(each_line(&in_words(&status)).as_bytes());
    }
    printed(io::stdout().write_all(&out).and_then(|()| io::stdout().flush()))
}

/// Ends a run, and waits for its end.
pub(super) fn stop(arguments: &StopArguments) -> Result<(), Failure> {
    remote::stop(&arguments.reach.reach(false)?).map_err(Failure::failed)
}

fn in_words(status: &Status) -> String {
    let Status { app, state, .. } = status;
    let time = Duration::from_secs_f64(status.seconds.max(0.0).round());
    let processes = status.processes.map(|processes| format!(" in {processes} processes"));
    let mut text = format!(
        "{app}: {state} for {} with {}{}\n",
        humantime::format_duration(time),
        counted(status.workers as u64, "worker"),
        processes.unwrap_or_default(),
    );
    // Writing to a string does not fail, here and below.
    if !status.waiting_for.is_empty() {
        let _ = writeln!(text, "waiting for {}", status.waiting_for.join(", "));
    }
    if state != STARTING {
        figures_in_words(&mut text, status);
    }
    let _ = writeln!(text, "attached: {}", counted(status.viewers as u64, "workbench"));
    text
}

/// What a run has done.
fn figures_in_words(text: &mut String, status: &Status) {
    let Status { messages_in, messages_out, filtered, latency_us: latency, .. } = status;
    let _ = writeln!(
        text,
        "messages: {messages_in} in, {messages_out} out, {filtered} filtered, {}; {}/s\n\
         latency: p50 {:.0} us, p99 {:.0} us, max {:.0} us",
        counted(status.dead_letters, "dead letter"),
        status.messages_per_second,
        latency.p50,
        latency.p99,
        latency.max,
    );
    let _ = match status.partitions.zip(status.partitions_dynamic) {
        Some((all, dynamic)) => {
            writeln!(text, "partitions: {all}, of which messages created {dynamic}")
        }
        None => writeln!(text, "partitions: not known, because a worker is busy"),
    };
    let _ = match status.checkpoint.zip(status.unsaved) {
        Some((epoch, unsaved)) => {
            writeln!(
                text,
                "saved: checkpoint {epoch}, and {} since then",
                counted(unsaved, "message")
            )
        }
        None => writeln!(text, "saved: nothing"),
    };
    let mut pipelines: Vec<_> = status.clients.iter().map(|of| &of.pipeline).collect();
    pipelines.dedup();
    let several = pipelines.len() > 1;
    for ClientsShown { pipeline, process, address, clients } in &status.clients {
        let pipeline = if several { format!("{pipeline}: ") } else { String::new() };
        let process = status.processes.map(|_| format!("process {process} is "));
        let process = process.unwrap_or_default();
        let clients = counted(*clients as u64, "client");
        let _ = writeln!(text, "{pipeline}{process}listening at {address}: {clients}");
    }
    for sink in &status.stalled_sinks {
        let _ = writeln!(text, "{sink} takes no outputs");
    }
    if status.breakpoints > 0 {
        let _ = writeln!(text, "breakpoints: {} on", status.breakpoints);
    }
    if let Some(condition) = &status.stopped_at {
        let _ = writeln!(text, "stopped at a breakpoint: {condition}");
    }
    if let Some(condition) = &status.held_at {
        let _ =
            writeln!(text, "a message is held at a breakpoint, and nothing enters: {condition}");
    }
}
