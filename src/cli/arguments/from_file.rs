//! The options that a file gives, in its table `[run]`, for `run` and for the workbench.
//!
//! Invariant: an option in the file is read as the one of the command line with its name, by the same code. One
//! that is given on the command line is not taken from the file.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::builder::Str;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::refuse::refuse;
use crate::cli::failure::Failure;
use crate::workbench::configuration::{
    Configuration, ConfigurationError, RunOption, RunValue, did_you_mean,
};

/// The command that a file gives options to, besides the workbench.
const RUN: &str = "run";

/// The command that has the workbench's settings alone.
const ATTACH: &str = "attach";

/// Reads a command line and the file that it names. `variable` tells a variable of the environment.
pub(super) fn read(
    command: &Command,
    words: Vec<OsString>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(ArgMatches, Configuration), Failure> {
    let parsed = |words: &[OsString]| {
        command.clone().try_get_matches_from(words).unwrap_or_else(|error| refuse(&error))
    };
    let matches = parsed(&words);
    let (of_command, name) = match matches.subcommand() {
        None => (&matches, None),
        Some((RUN, of_run)) => (of_run, Some(RUN)),
        Some((ATTACH, of_attach)) => {
            // It is a workbench, and no run.
            let path = of_attach.get_one::<PathBuf>("config");
            let configuration = Configuration::load(path.map(PathBuf::as_path), variable);
            return configuration
                .map(|configuration| (matches.clone(), configuration))
                .map_err(|error| Failure::Usage(error.to_string()));
        }
        Some(_) => return Ok((matches, Configuration::default())),
    };
    let path = of_command.get_one::<PathBuf>("config").cloned();
    // `run` has nothing to ask the file at the usual place.
    if name.is_some() && path.is_none() {
        return Ok((matches, Configuration::default()));
    }
    let wrong = |error: ConfigurationError| Failure::Usage(error.to_string());
    let configuration = Configuration::load(path.as_deref(), variable).map_err(wrong)?;
    let Some(path) = path else { return Ok((matches, configuration)) };
    let reader = Reader { command, name };
    let given = |option: &str| of_command.value_source(option) == Some(ValueSource::CommandLine);
    let mut added = Vec::new();
    for option in &configuration.run.options {
        added.extend(reader.words(option, &path, given).map_err(|reason| {
            let (path, line) = (path.clone(), option.line);
            wrong(ConfigurationError::Wrong { path, line, reason })
        })?);
    }
    // Behind the name of the command: what is at the end may follow a `--`.
    let mut words = words;
    let behind = words.len().min(if name.is_some() { 2 } else { 1 });
    words.splice(behind..behind, added);
    Ok((parsed(&words), configuration))
}

/// Makes words of the command line of options in a file.
struct Reader<'a> {
    command: &'a Command,
    /// The name of the command; `None` for the workbench.
    name: Option<&'static str>,
}

impl Reader<'_> {
    /// The words of an option: none if the command line itself gives it, or if only the other command has it.
    fn words(
        &self,
        option: &RunOption,
        path: &Path,
        given: impl Fn(&str) -> bool,
    ) -> Result<Vec<OsString>, String> {
        let name = &*option.name;
        let Some(argument) = options_of(self.command, self.name).find(|it| is_named(it, name))
        else {
            let known = known(self.command);
            if known.contains(&name) {
                return Ok(Vec::new());
            }
            let hint = did_you_mean(name, known);
            return Err(format!("unknown setting `run.{name}`{hint}"));
        };
        let words = words_of(argument, option)?;
        // What is not used is right, too.
        let command = [Some("wallaroo-tui"), self.name].into_iter().flatten().map(OsString::from);
        let config = [OsString::from("--config"), path.into()];
        let alone = command.chain(config).chain(words.iter().cloned());
        self.command.clone().try_get_matches_from(alone).map_err(|error| in_one_line(&error))?;
        Ok(if given(argument.get_id().as_str()) { Vec::new() } else { words })
    }
}

/// The words of the command line that mean an option.
fn words_of(argument: &Arg, option: &RunOption) -> Result<Vec<OsString>, String> {
    let name = &option.name;
    let word = |value: &str| OsString::from(format!("--{name}={value}"));
    let is_flag = matches!(argument.get_action(), ArgAction::SetTrue);
    let repeats = matches!(argument.get_action(), ArgAction::Append);
    match &option.value {
        RunValue::Flag(flag) if is_flag => {
            Ok(flag.then(|| format!("--{name}").into()).into_iter().collect())
        }
        _ if is_flag => Err(format!("`{name}` is true or false")),
        RunValue::Flag(flag) => Ok(vec![word(if *flag { "true" } else { "false" })]),
        RunValue::One(value) => Ok(vec![word(value)]),
        RunValue::List(values) if repeats => Ok(values.iter().map(|value| word(value)).collect()),
        RunValue::List(_) => Err(format!("`{name}` is one value, not a list")),
    }
}

/// What clap says of a wrong option, without its hints.
fn in_one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let line = lines.collect::<Vec<_>>().join(" ");
    line.strip_prefix("error: ").unwrap_or(&line).to_owned()
}

/// The options of a command that a file may give.
fn options_of<'a>(command: &'a Command, name: Option<&str>) -> impl Iterator<Item = &'a Arg> {
    let command = match name {
        None => Some(command),
        Some(name) => command.find_subcommand(name),
    };
    let arguments = command.into_iter().flat_map(Command::get_arguments);
    arguments.filter(|argument| {
        let name = argument.get_long();
        let may_be_there = |name: &str| !["config", "help", "version"].contains(&name);
        name.is_some_and(may_be_there) && !argument.is_hide_set()
    })
}

fn is_named(argument: &Arg, name: &str) -> bool {
    argument.get_long() == Some(name)
}

/// The names of all options, those of `run` first.
fn known(command: &Command) -> Vec<&str> {
    let both = [Some(RUN), None].into_iter().flat_map(|name| options_of(command, name));
    let mut names = Vec::new();
    for name in both.filter_map(Arg::get_long) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What the template says of the table.
const ABOUT: &str = "
# What `run` and the workbench are told by options, for one application: only in a file that --config names.
# Options of the command line go first. A path is one from the current directory.
#[run]
";

/// The table with all options, as comments, for the template of the configuration.
pub(in crate::cli) fn template(command: &Command) -> String {
    let mut text = ABOUT.to_owned();
    for name in known(command) {
        let both = [Some(RUN), None].into_iter().flat_map(|of| options_of(command, of));
        let Some(argument) = both.into_iter().find(|argument| is_named(argument, name)) else {
            continue;
        };
        // Writing to a string does not fail, here and below.
        let _ = writeln!(text);
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        for line in wrapped(&help, 110) {
            let _ = writeln!(text, "# {line}");
        }
        let _ = writeln!(text, "#{name} = {}", default_of(argument));
    }
    text
}

/// The default of an option as TOML, or what stands for its value.
fn default_of(argument: &Arg) -> String {
    if matches!(argument.get_action(), ArgAction::SetTrue) {
        return "false".to_owned();
    }
    let default = argument.get_default_values().first().map(|value| value.to_string_lossy());
    let names = argument.get_value_names().into_iter().flatten();
    let value = default.map_or_else(|| names.map(Str::as_str).collect(), String::from);
    match (value.parse::<u64>(), argument.get_action()) {
        (Ok(_), _) => value,
        (Err(_), ArgAction::Append) => format!("[{value:?}]"),
        (Err(_), _) => format!("{value:?}"),
    }
}

/// The words of a text, in lines of at most so many characters.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
