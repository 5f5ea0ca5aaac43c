//! The command line: its commands and options.

mod attach;
mod byte_count;
mod cluster;
mod engine;
mod from_file;
mod metrics;
mod receive;
mod recordings;
mod refuse;
mod resilience;
mod send;
mod shrink;
mod values;

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, StringValueParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::cli::app::{App, AppOption, AppOptions};
use crate::cli::failure::Failure;
use crate::workbench::Configuration;

pub(super) use attach::{
    AttachArguments, ControlArguments, StatusArguments, StopArguments, secret,
};
pub(super) use cluster::{ClusterArguments, Which};
pub(super) use engine::{EngineArguments, LogArguments};
pub(super) use from_file::template as run_template;
use metrics::{MetricsArguments, up_to_max_keys};
pub(super) use receive::ReceiveArguments;
pub(super) use recordings::{
    DiffArguments, ExportArguments, InfoArguments, RecordArguments, RecordCommand, ReplayArguments,
};
use refuse::refuse;
pub(super) use send::SendArguments;
pub(super) use shrink::ShrinkArguments;
pub(super) use values::Framed;

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

/// The commands.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Run an application without a screen, until its inputs end or it is interrupted
    Run(Box<RunArguments>),
    /// Show a run of another process in the workbench
    ///
    /// The run goes on when the workbench is quit.
    Attach(AttachArguments),
    /// Print the figures of a run of another process
    Status(StatusArguments),
    /// End a run of another process as an interruption does, and wait for its end
    Stop(StopArguments),
    /// Send the frames of a file, or typed messages, to an application that listens
    ///
    /// Bytes that are not a whole frame are sent too, and reported at the end.
    Send(SendArguments),
    /// Listen, and write and count the outputs that an application sends
    ///
    /// It ends when the expected outputs have arrived, when the last sender has disconnected, or when it
    /// is interrupted.
    Receive(ReceiveArguments),
    /// Write random messages of an application to a file, as frames
    Generate(GenerateArguments),
    /// Show what a resilience directory holds
    Inspect(InspectArguments),
    /// Show or copy a recording: what a run with --history keeps in its resilience directory
    Record(RecordArguments),
    /// Do again what was recorded, up to any message, and check it at every checkpoint
    ///
    /// Nothing is read or sent but files. Options of the application that are not given are those of the recording. Exit
    /// status: 1 if something else comes of it than when it was recorded, with the first difference.
    Replay(ReplayArguments),
    /// Compare what came of a recording with two versions of a program: the digests of their replays
    ///
    /// Exit status: 0 if they are equal, 1 if they are different, with the first difference, 2 if they cannot be compared.
    Diff(DiffArguments),
    /// Find the smallest input of a recording with which something still happens
    ///
    /// An interruption ends the search with the smallest so far.
    Shrink(ShrinkArguments),
    /// List the applications and their wire formats
    Apps(AppsArguments),
    /// Print a configuration of the workbench to begin with: every setting, with what it means
    Config,
    /// Print a shell's completions
    Completions(CompletionsArguments),
    /// Print the manual page
    Man,
}

/// The arguments of the workbench.
#[derive(Debug, Args)]
pub(in crate::cli) struct WorkbenchArguments {
    /// The application: see `apps`
    #[arg(long, value_name = "NAME")]
    pub app: Option<String>,
    /// Begin with load, so that there is something to see: 3000 random messages a second, with uneven keys, a
    /// few of them malformed. Without --app, the first application that can make messages
    #[arg(long)]
    pub demo: bool,
    #[command(flatten)]
    pub engine: EngineArguments,
    /// Start paused: no message is taken before the first step, also none of a file
    #[arg(long)]
    pub paused: bool,
    #[command(flatten)]
    pub log: LogArguments,
    #[command(flatten)]
    pub metrics: MetricsArguments,
    /// The configuration of keys, colours and more, instead of the one at its usual place, and with the options
    /// of a run in [run]: see `config`
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The arguments of `run`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RunArguments {
    /// The application: see `apps`
    #[arg(long, value_name = "NAME", required_unless_present = "config")]
    pub app: Option<String>,
    #[command(flatten)]
    pub engine: EngineArguments,
    /// Write every partition to this file at the end, one JSON line per partition
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    #[command(flatten)]
    pub control: ControlArguments,
    #[command(flatten)]
    pub cluster: ClusterArguments,
    #[command(flatten)]
    pub log: LogArguments,
    /// Print the totals of the run as one JSON object on standard output at the end
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub metrics: MetricsArguments,
    /// How many keys the metrics name, of the partitions of the first state with the most messages. 0 is none: keys are
    /// what messages say
    #[arg(long, value_name = "N", default_value = "0", value_parser = up_to_max_keys)]
    pub metrics_keys: usize,
    /// Take the options that are not given here from [run] in this file: see `config`
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The arguments of `generate`.
#[derive(Debug, Args)]
pub(in crate::cli) struct GenerateArguments {
    /// The application: see `apps`
    #[arg(long, value_name = "NAME")]
    pub app: String,
    /// The pipeline whose messages to generate. The default is the first
    #[arg(long, value_name = "NAME")]
    pub pipeline: Option<String>,
    /// The number of messages
    #[arg(long, value_name = "N")]
    pub messages: u64,
    /// The same seed gives the same messages
    #[arg(long, value_name = "S", default_value = "0")]
    pub seed: u64,
    /// How uneven the keys are: the exponent of Zipf's law. 0 means that all keys are equally likely
    #[arg(long, value_name = "Z", default_value = "0")]
    pub skew: f64,
    /// Where to write the messages: a file, or - for standard output
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// The arguments of `inspect`.
#[derive(Debug, Args)]
pub(in crate::cli) struct InspectArguments {
    /// The resilience directory. A run may be using it
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
    /// Print one JSON object, with all partitions
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `completions`.
#[derive(Debug, Args)]
pub(in crate::cli) struct CompletionsArguments {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// The arguments of `apps`.
#[derive(Debug, Args)]
pub(in crate::cli) struct AppsArguments {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// The command that has the options of a recording, unless it is given others.
const REPLAY: &str = "replay";

/// The parsed command line.
pub(in crate::cli) struct Arguments {
    pub command: Option<Command>,
    pub workbench: WorkbenchArguments,
    pub options: AppOptions,
    pub configuration: Configuration,
}

/// Reads the command line, and the file that it names. What is wrong with the command line itself ends the process.
pub(in crate::cli) fn parse(apps: &[App]) -> Result<Arguments, Failure> {
    let variable = |name: &str| std::env::var(name).ok();
    let (matches, configuration) =
        from_file::read(&command(apps), std::env::args_os().collect(), variable)?;
    let options = options(apps, &matches);
    let Line { command, workbench } =
        Line::from_arg_matches(&matches).unwrap_or_else(|error| refuse(&error));
    Ok(Arguments { command, workbench, options, configuration })
}

/// The command line with the options that applications add.
pub(in crate::cli) fn command(apps: &[App]) -> clap::Command {
    let with_options = |command: clap::Command| {
        let options =
            apps.iter().flat_map(|app| app.options.iter().map(move |option| (app, option)));
        options.fold(command, |command, (app, option)| command.arg(argument(app, option)))
    };
    let known = AppName(apps.iter().map(|app| app.name).collect());
    let with_names = |command: clap::Command| {
        let known = known.clone();
        with_options(command).mut_arg("app", |argument| argument.value_parser(known))
    };
    let command = with_names(Line::command());
    ["run", "send", "generate", REPLAY, "shrink"]
        .into_iter()
        .fold(command, |command, name| command.mut_subcommand(name, with_names))
}

/// Reads the name of an application. Shells complete the known ones; whether there is such an application
/// says the command itself, in one line.
#[derive(Debug, Clone)]
struct AppName(Vec<&'static str>);

impl TypedValueParser for AppName {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().map(PossibleValue::new)))
    }
}

fn argument(app: &App, option: &AppOption) -> Arg {
    Arg::new(option.name)
        .long(option.name)
        .value_parser(PossibleValuesParser::new(option.values))
        .default_value(option.values.first().copied().unwrap_or_default())
        .help(option.help)
        .help_heading(app.name)
}

/// The values of the options that applications add. Of a replay, those that are given: the others are the recording's.
fn options(apps: &[App], matches: &ArgMatches) -> AppOptions {
    let is_replay = matches.subcommand_name() == Some(REPLAY);
    let matches = matches.subcommand().map_or(matches, |(_, of_command)| of_command);
    let mut options = AppOptions::default();
    let counts = |option: &&AppOption| {
        let is_known = matches.try_contains_id(option.name).is_ok();
        is_known
            && (!is_replay || matches.value_source(option.name) != Some(ValueSource::DefaultValue))
    };
    for option in apps.iter().flat_map(|app| &app.options).filter(counts) {
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
