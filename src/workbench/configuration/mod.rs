//! The configuration: keys, colours, mouse, clipboard and columns, in one TOML file.
//!
//! Invariant: the file that [`template`] prints, with its settings uncommented, says what is true without
//! any file. An unknown name or a conflict is one line that says where it is and what to do.

mod file;
mod template;

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::keymap::Keymap;
use super::theme::{Look, Theme};
pub use template::template;

/// Where copied text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clipboard {
    /// Onto the terminal's clipboard; into a file where the terminal is known to refuse.
    #[default]
    Auto,
    /// Onto the terminal's clipboard.
    Terminal,
    /// Into a file in the current directory.
    File,
}

/// What a user has chosen once and for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// The colours; `None` if the environment decides.
    pub look: Option<Look>,
    /// Whether the workbench listens to the mouse.
    pub mouse: bool,
    /// Where copied text goes.
    pub clipboard: Clipboard,
    /// Columns of the partitions that are not shown.
    pub hidden_columns: Vec<String>,
    /// Which key does what.
    pub keymap: Keymap,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            look: None,
            mouse: true,
            clipboard: Clipboard::default(),
            hidden_columns: Vec::new(),
            keymap: Keymap::default(),
        }
    }
}

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
        file::parse(&text).map_err(|file::Wrong { line, reason }| ConfigurationError::Wrong {
            path,
            line,
            reason,
        })
    }

    /// Colours and symbols: those of the file, where the environment does not forbid them.
    #[must_use]
    pub fn theme(&self, variable: impl Fn(&str) -> Option<String>) -> Theme {
        let theme = Theme::of_environment(variable);
        match self.look {
            // No colours means none, whatever a file says.
            Some(look) if theme.has_colors() => theme.with_look(look),
            _ => theme,
        }
    }
}

/// The usual place of the configuration: the one of the XDG rules.
#[must_use]
pub fn usual_place(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")))?;
    Some(folder.join("wallaroo-tui").join("config.toml"))
}

/// The name among these that is nearest to a wrong one, as a question; empty if none is near.
pub(crate) fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let near = known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(wrong, name), name))
        .filter(|(nearness, _)| *nearness > 0.75);
    let nearest = near.max_by(|one, other| one.0.total_cmp(&other.0));
    nearest.map(|(_, name)| format!(": did you mean `{name}`?")).unwrap_or_default()
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
    }

    #[test]
    fn a_file_that_is_named_must_be_there_and_one_that_is_not_need_not() {
        let missing = Configuration::load(Some(Path::new("/nowhere/x.toml")), |_| None);
        assert!(missing.unwrap_err().to_string().contains("/nowhere/x.toml"));
        assert_eq!(Configuration::load(None, |_| None).unwrap(), Configuration::default());
    }

    #[test]
    fn no_color_is_obeyed_whatever_the_file_says() {
        let configuration = Configuration { look: Some(Look::Light), ..Configuration::default() };
        let no_color = |name: &str| (name == "NO_COLOR").then(|| "1".to_owned());
        assert_eq!(configuration.theme(no_color).look(), Look::Mono);
        assert_eq!(configuration.theme(|_| None).look(), Look::Light);
    }

    #[test]
    fn the_nearest_name_is_proposed_and_a_far_one_is_not() {
        let known = ["alphabet", "reverse", "celsius"];
        assert_eq!(did_you_mean("alpabet", known), ": did you mean `alphabet`?");
        assert_eq!(did_you_mean("xyz", known), "");
    }
}
