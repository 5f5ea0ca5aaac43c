//! What can be said on the command line.

mod byte_count;
mod receive;
mod resilience;
mod send;
mod values;

use std::ffi::OsString;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::application::is_printable;
use crate::cli::app::{App, AppOption, AppOptions};
use crate::core::frames::framing::DEFAULT_FRAME_LIMIT;
use crate::core::frames::preview::each_line;
use crate::endpoints::DEFAULT_CONNECTION_LIMIT;
use crate::runtime::MAX_WORKERS;
use crate::telemetry::{DEFAULT_DEAD_LETTERS_LIMIT, LogLevel};

use byte_count::{ByteCount, FileSize};
pub(super) use receive::ReceiveArguments;
use resilience::ResilienceArguments;
pub(super) use send::SendArguments;

/// Runs partitioned, stateful streaming applications and shows them think.
///
/// Without a command, it opens the workbench: a terminal UI with the application running inside.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Line {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    workbench: WorkbenchArguments,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Run an application without a screen, until its inputs end or it is interrupted
    Run(RunArguments),
    /// Send a file's frames, or typed messages, to where an application listens
    ///
    /// Bytes that are no whole frame are sent too, and said at the end.
    Send(SendArguments),
    /// Listen, and write and count the outputs that an application sends
    ///
    /// It ends when the expected outputs have arrived, or when the last sender has gone, or when it is
    /// interrupted.
    Receive(ReceiveArguments),
    /// Write random messages of an application to a file, framed
    Generate(GenerateArguments),
    /// Show what a resilience directory holds
    Inspect(InspectArguments),
    /// List the applications and their wire formats
    Apps(AppsArguments),
    /// Print a shell's completions
    Completions(CompletionsArguments),
    /// Print the manual page
    Man,
}

/// Which application, where its bytes enter and leave, and how it is run.
#[derive(Debug, Args)]
pub(in crate::cli) struct EngineArguments {
    /// How many workers run it: each is a thread
    #[arg(long, value_name = "N", default_value = "1", value_parser = to(MAX_WORKERS))]
    pub workers: NonZeroUsize,
    /// Where a pipeline's bytes enter: `tcp://HOST:PORT` (listens there), `file:PATH`, - or null.
    /// `:PORT` listens for this machine alone, 0.0.0.0:PORT for all.
    /// Repeat it, one a pipeline in order, or name the pipeline
    #[arg(long = "in", value_name = "[PIPELINE=]ENDPOINT")]
    pub inputs: Vec<String>,
    /// Where a pipeline's bytes leave: `tcp://HOST:PORT` (connects to it), `file:PATH`, - or null.
    /// Repeat it, one a pipeline in order, or name the pipeline
    #[arg(long = "out", value_name = "[PIPELINE=]ENDPOINT")]
    pub outputs: Vec<String>,
    /// Create the partitions of the declared keys before the first message
    #[arg(long)]
    pub precreate: bool,
    #[command(flatten)]
    pub resilience: ResilienceArguments,
    /// The longest payload that a frame may have, in bytes or as 64KiB, 16MiB, 900MiB. A longer one
    /// ends its connection or file
    #[arg(long, value_name = "BYTES", default_value_t = ByteCount(DEFAULT_FRAME_LIMIT))]
    pub frame_limit: ByteCount,
    /// How many connections a TCP source serves at once; fewer where the limit on open files is lower.
    /// One more is closed, unless another has been idle for a minute
    #[arg(long, value_name = "N", default_value_t = DEFAULT_CONNECTION_LIMIT, value_parser = to(MAX_CONNECTIONS))]
    pub connections: NonZeroUsize,
    /// Write every message that could not be processed to this file, a JSON line each
    #[arg(long, value_name = "FILE")]
    pub dead_letters: Option<PathBuf>,
    /// How long that file may get: beyond it, messages that could not be processed are only counted, and
    /// that is said. What is no regular file has no limit
    #[arg(long, value_name = "BYTES", default_value_t = FileSize(DEFAULT_DEAD_LETTERS_LIMIT))]
    pub dead_letters_limit: FileSize,
}

/// Where the log goes, and what is in it.
#[derive(Debug, Args)]
pub(in crate::cli) struct LogArguments {
    /// Append the log to this file: a line each, with the time in UTC
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Leave out of the log what matters less than this
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = log_level())]
    pub log_level: LogLevel,
}

fn log_level() -> impl TypedValueParser<Value = LogLevel> {
    PossibleValuesParser::new(LogLevel::NAMES).try_map(|name| name.parse::<LogLevel>())
}

/// What the workbench is told.
#[derive(Debug, Args)]
pub(in crate::cli) struct WorkbenchArguments {
    /// The application: see `apps`
    #[arg(long, value_name = "NAME")]
    pub app: Option<String>,
    #[command(flatten)]
    pub engine: EngineArguments,
    #[command(flatten)]
    pub log: LogArguments,
}

/// What `run` is told.
#[derive(Debug, Args)]
pub(in crate::cli) struct RunArguments {
    /// The application: see `apps`
    #[arg(long, value_name = "NAME")]
    pub app: String,
    #[command(flatten)]
    pub engine: EngineArguments,
    /// Write every partition to this file at the end, a JSON line each
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    #[command(flatten)]
    pub log: LogArguments,
    /// Print the run's figures as one JSON object on standard output at the end
    #[arg(long)]
    pub json: bool,
}

/// What `generate` is told.
#[derive(Debug, Args)]
pub(in crate::cli) struct GenerateArguments {
    /// The application: see `apps`
    #[arg(long, value_name = "NAME")]
    pub app: String,
    /// The pipeline whose messages to make; the first unless given
    #[arg(long, value_name = "NAME")]
    pub pipeline: Option<String>,
    /// How many messages
    #[arg(long, value_name = "N")]
    pub messages: u64,
    /// The same seed makes the same messages
    #[arg(long, value_name = "S", default_value = "0")]
    pub seed: u64,
    /// How much some keys are preferred: the exponent of Zipf's law, 0 for not at all
    #[arg(long, value_name = "Z", default_value = "0")]
    pub skew: f64,
    /// Where to write them: a file, or - for standard output
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// What `inspect` is told.
#[derive(Debug, Args)]
pub(in crate::cli) struct InspectArguments {
    /// The resilience directory; a run may be using it
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
    /// As one JSON object, with all partitions
    #[arg(long)]
    pub json: bool,
}

/// What `completions` is told.
#[derive(Debug, Args)]
pub(in crate::cli) struct CompletionsArguments {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// What `apps` is told.
#[derive(Debug, Args)]
pub(in crate::cli) struct AppsArguments {
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// What was said on the command line.
pub(in crate::cli) struct Arguments {
    pub command: Option<Command>,
    pub workbench: WorkbenchArguments,
    pub options: AppOptions,
}

/// The most connections: more than a system has open files for.
const MAX_CONNECTIONS: usize = 1_000_000;

/// Reads a number from 1 to `most`.
fn to(most: usize) -> impl Fn(&str) -> Result<NonZeroUsize, String> + Clone {
    move |text| {
        text.parse()
            .ok()
            .filter(|number: &NonZeroUsize| number.get() <= most)
            .ok_or_else(|| format!("give a number from 1 to {most}"))
    }
}

/// Reads the command line. Help and version are errors here, as clap has it.
pub(in crate::cli) fn parse(apps: &[App]) -> Result<Arguments, clap::Error> {
    let matches = command(apps).try_get_matches()?;
    let options = options(apps, &matches);
    let Line { command, workbench } = Line::from_arg_matches(&matches)?;
    Ok(Arguments { command, workbench, options })
}

/// Says what is wrong with the command line, or prints the help that it asks for, and ends the process.
pub(in crate::cli) fn refuse(error: &clap::Error) -> ! {
    let obeyed = |argument: OsString| !argument.to_string_lossy().chars().all(is_printable);
    if error.use_stderr() && std::env::args_os().any(obeyed) {
        // Without colours: what is quoted would be obeyed as they are.
        let _ = write!(io::stderr(), "{}", each_line(&error.render().to_string()));
        std::process::exit(error.exit_code());
    }
    error.exit()
}

/// The command line with the options that applications add.
pub(in crate::cli) fn command(apps: &[App]) -> clap::Command {
    let with_options = |command: clap::Command| {
        let options =
            apps.iter().flat_map(|app| app.options.iter().map(move |option| (app, option)));
        options.fold(command, |command, (app, option)| command.arg(argument(app, option)))
    };
    let command = with_options(Line::command());
    ["run", "send", "generate"]
        .into_iter()
        .fold(command, |command, name| command.mut_subcommand(name, with_options))
}

fn argument(app: &App, option: &AppOption) -> Arg {
    Arg::new(option.name)
        .long(option.name)
        .value_parser(PossibleValuesParser::new(option.values))
        .default_value(option.values.first().copied().unwrap_or_default())
        .help(option.help)
        .help_heading(app.name)
}

fn options(apps: &[App], matches: &ArgMatches) -> AppOptions {
    let matches = matches.subcommand().map_or(matches, |(_, of_command)| of_command);
    let mut options = AppOptions::default();
    for option in apps.iter().flat_map(|app| &app.options) {
        if let Ok(Some(value)) = matches.try_get_one::<String>(option.name) {
            options.0.insert(option.name, value.clone());
        }
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command(&[]).debug_assert();
    }
}
