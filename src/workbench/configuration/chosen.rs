//! What a user has chosen once and for all.

use super::run::RunOptions;
use super::windows::Windows;
use crate::workbench::keymap::Keymap;
use crate::workbench::theme::{Look, Theme};

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
    /// Whether lines that were sent are kept for the next run.
    pub history: bool,
    /// Columns of the partitions that are not shown.
    pub hidden_columns: Vec<String>,
    /// What is on the screen at the start.
    pub windows: Windows,
    /// Which key does what.
    pub keymap: Keymap,
    /// The options of a run, which the command line reads.
    pub run: RunOptions,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            look: None,
            mouse: true,
            clipboard: Clipboard::default(),
            history: true,
            hidden_columns: Vec::new(),
            windows: Windows::default(),
            keymap: Keymap::default(),
            run: RunOptions::default(),
        }
    }
}

impl Configuration {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_is_obeyed_whatever_the_file_says() {
        let configuration = Configuration { look: Some(Look::Light), ..Configuration::default() };
        let no_color = |name: &str| (name == "NO_COLOR").then(|| "1".to_owned());
        assert_eq!(configuration.theme(no_color).look(), Look::Mono);
        assert_eq!(configuration.theme(|_| None).look(), Look::Light);
    }
}
