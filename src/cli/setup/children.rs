//! The other processes of `--processes`: how they are started, and what is said of them.

use std::process::Command;
use std::sync::Arc;

use super::program::this_program;
use crate::cli::app::AppOptions;
use crate::cli::arguments::RunArguments;
use crate::cli::failure::Failure;
use crate::cli::progress::console::Console;
use crate::cluster::Cluster;
use crate::cluster::children::{Children, Told};
use crate::core::frames::preview::one_line;
use crate::core::numbers::ProcessIndex;

/// Starts the other processes of `--processes` as children of this one, process 0. What they write is written here.
pub(in crate::cli) fn with_children(
    cluster: Cluster,
    app: &str,
    (arguments, options): (&RunArguments, &AppOptions),
    console: &Arc<Console>,
) -> Result<Cluster, Failure> {
    let (count, port) = (cluster.members().count(), cluster.port().map_err(Failure::failed)?);
    let line = line(app, arguments, options);
    let command = move |process| command((count, process, port), &line);
    let console = Arc::clone(console);
    let tell = move |process: ProcessIndex, told: Told| {
        let said = match told {
            Told::Line(line) => format!("process {process}: {line}"),
            // The run says the rest, if it goes on.
            Told::Ended(status) if status.success() => return,
            Told::Ended(status) => format!("process {process} has ended: {status}"),
        };
        console.progress().say(&one_line(&said));
    };
    let children = Children::start(count, cluster.secret(), command, tell);
    let children = children
        .map_err(|error| Failure::Failed(format!("cannot start the other processes: {error}")))?;
    Ok(cluster.with_children(children))
}

/// What each child is told of the command line. The rest process 0 tells it.
fn line(app: &str, arguments: &RunArguments, options: &AppOptions) -> Vec<String> {
    let options = options.to_values();
    let patience = humantime::format_duration(arguments.cluster.patience);
    let mut line = vec!["run".to_owned(), format!("--app={app}")];
    line.extend(options.iter().map(|(name, value)| format!("--{name}={value}")));
    line.push(format!("--patience={patience}"));
    line.push(format!("--log-level={}", arguments.log.log_level));
    line
}

/// The command of a child.
fn command((count, process, port): (usize, ProcessIndex, u16), line: &[String]) -> Command {
    let mut command = this_program();
    command.args(line);
    command.args([
        format!("--processes={count}"),
        format!("--process={process}"),
        format!("--parent={port}"),
    ]);
    command
}
