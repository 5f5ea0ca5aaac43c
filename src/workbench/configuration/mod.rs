//! The configuration: keys, colours, mouse, clipboard, columns and windows, and the options of a run, in one TOML file.
//!
//! Invariant: the file that [`template()`] prints, with its settings uncommented, says what is true without
//! any file. An unknown name or a conflict is one line that says where it is and what to do.

mod chosen;
mod file;
mod nearest;
mod run;
mod template;
mod values;
mod windows;

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

pub use chosen::{Clipboard, Configuration};
pub(crate) use nearest::did_you_mean;
pub use run::{RunOption, RunOptions, RunValue};
pub use template::template;
pub use windows::Windows;

/// Why a file is no configuration.
#[derive(Debug, Error)]
pub enum ConfigurationError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What it says is wrong.
    #[error("{}:{line}: {reason}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what to do.
        reason: String,
    },
}

impl Configuration {
    /// Reads the file that the user names, or the one at its usual place if there is one.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or what it says is wrong.
    pub fn load(
        named: Option<&Path>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigurationError> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => match usual_place(variable).filter(|path| path.exists()) {
                Some(path) => path,
                None => return Ok(Self::default()),
            },
        };
        let text = std::fs::read_to_string(&path)
            .map_err(|error| ConfigurationError::Unreadable { path: path.clone(), error })?;
        let configuration = file::parse(&text).map_err(|file::Wrong { line, reason }| {
            ConfigurationError::Wrong { path: path.clone(), line, reason }
        })?;
        if named.is_none() && !configuration.run.options.is_empty() {
            let (line, reason) = (configuration.run.line, RUN_IS_ELSEWHERE.to_owned());
            return Err(ConfigurationError::Wrong { path, line, reason });
        }
        Ok(configuration)
    }
}

/// What is true for every run cannot say where one run reads and writes.
const RUN_IS_ELSEWHERE: &str =
    "`[run]` is for one application: put it into a file of its own, and name that with --config";

/// The usual place of the configuration: the one of the XDG rules.
#[must_use]
pub fn usual_place(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    Some(folder("XDG_CONFIG_HOME", ".config", variable)?.join("config.toml"))
}

/// The folder of what a run leaves for the next one, beside what it saves.
pub(super) fn state_place(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    folder("XDG_STATE_HOME", ".local/state", variable)
}

/// The folder of the XDG rules that a variable names, or else the one in the home.
fn folder(name: &str, in_home: &str, variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute(name).or_else(|| Some(absolute("HOME")?.join(in_home)))?;
    Some(folder.join("wallaroo-tui"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_the_one_of_the_xdg_rules() {
        let of = |xdg: Option<&'static str>, home: Option<&'static str>| {
            usual_place(move |name| match name {
                "XDG_CONFIG_HOME" => xdg.map(str::to_owned),
                "HOME" => home.map(str::to_owned),
                _ => None,
            })
        };
        let expected = |path: &str| Some(PathBuf::from(path));
        assert_eq!(of(Some("/c"), Some("/h")), expected("/c/wallaroo-tui/config.toml"));
        assert_eq!(
            of(Some("relative"), Some("/h")),
            expected("/h/.config/wallaroo-tui/config.toml")
        );
        assert_eq!(of(None, None), None);
        let state = state_place(|name| (name == "HOME").then(|| "/h".to_owned()));
        assert_eq!(state, expected("/h/.local/state/wallaroo-tui"));
    }

    #[test]
    fn a_file_that_is_named_must_be_there_and_one_that_is_not_need_not() {
        let missing = Configuration::load(Some(Path::new("/nowhere/x.toml")), |_| None);
        assert!(missing.unwrap_err().to_string().contains("/nowhere/x.toml"));
        assert_eq!(Configuration::load(None, |_| None).unwrap(), Configuration::default());
    }

    #[test]
    fn the_options_of_a_run_are_only_in_a_file_that_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let variable = |_: &str| folder.path().to_str().map(str::to_owned);
        let path = usual_place(variable).unwrap();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "mouse = false\n[run]\nin = \"votes.msg\"\n").unwrap();
        let error = Configuration::load(None, variable).unwrap_err().to_string();
        assert!(error.contains("config.toml:2: ") && error.contains("--config"), "{error}");
        let named = Configuration::load(Some(&path), variable).unwrap();
        let value = RunValue::One("votes.msg".to_owned());
        assert_eq!(named.run.options, [RunOption { name: "in".to_owned(), value, line: 3 }]);
    }
}
