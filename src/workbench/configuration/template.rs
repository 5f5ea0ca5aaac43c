//! The configuration file to begin with: every setting with what it means, as a comment.

use std::fmt::Write as _;

use crate::workbench::commands::{COMMANDS, Context};

/// The settings before the keys.
const SETTINGS: &str = "\
# wallaroo-tui: what you choose here is true for every run. Take away a `#` to change a line.
# The file is read from $XDG_CONFIG_HOME/wallaroo-tui/config.toml (~/.config/wallaroo-tui/config.toml),
# or from the file that --config names.

# Colours: auto, dark, light, 16 (the terminal's own) or mono. NO_COLOR goes first.
#theme = \"auto\"

# Whether the workbench listens to the mouse: click panes, rows and columns' titles. If it does, most
# terminals mark text while Shift is held. `m` switches.
#mouse = true

# Where `y` and `Y` copy to: auto, terminal (OSC 52) or file.
#clipboard = \"auto\"

# Whether the lines that you send are kept for the next run, in $XDG_STATE_HOME/wallaroo-tui/history
# (~/.local/state/wallaroo-tui/history): one file an application, for you alone.
#history = true

[columns]
# Columns of the partitions that are not shown: worker, messages, msg/s, last seconds, share, or a field of the
# state of any application.
#hidden = []

[windows]
# What is on the screen at the start. The time of charts and percentiles: 10 s, 1 min, 5 min or all. `w` switches.
#time = \"1 min\"
# The list that is shown where there is room for one: messages, outputs, dead-letters or log.
#list = \"messages\"
# The pane that has the keys: input, flow, partitions, throughput, latency, or a list. With another one than input,
# letters are commands from the start.
#pane = \"input\"
# Whether that pane is as large as the screen.
#zoomed = false
# A window that is open: none, help, load or saved.
#open = \"none\"

[keys]
# One key, or several in brackets. A key is written as \"x\", \"Ctrl-X\", \"Alt-Enter\", \"Space\" or \"F5\".
";

/// The parts of the table of commands.
const PARTS: [(Context, &str); 5] = [
    (Context::Everywhere, "Everywhere; letters not while text is typed"),
    (Context::Input, "While a message is typed"),
    (Context::Rows, "In panes and windows with rows"),
    (Context::Partitions, "In the partitions"),
    (Context::Frames, "In the messages and dead letters"),
];

/// The configuration file to begin with. It changes nothing.
#[must_use]
pub fn template() -> String {
    let mut text = SETTINGS.to_owned();
    for (context, title) in PARTS {
        // Writing to a string does not fail, here and below.
        let _ = writeln!(text, "\n# {title}");
        for entry in COMMANDS.iter().filter(|entry| entry.context == context) {
            let keys = entry.keys.iter().map(|key| format!("\"{}\"", escaped(&key.to_string())));
            let keys = keys.collect::<Vec<_>>().join(", ");
            let setting = format!("#{} = [{keys}]", entry.key_name());
            let _ = writeln!(text, "{setting:<42} # {}", entry.about);
        }
    }
    text
}

/// A text between the quotes of TOML.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::super::chosen::Configuration;
    use super::super::file::parse;
    use super::*;

    /// The template with its settings uncommented: a comment is a `#` with a blank after it.
    fn uncommented() -> String {
        let line = |line: &str| match line.strip_prefix('#') {
            Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => setting.to_owned(),
            _ => line.to_owned(),
        };
        template().lines().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_template_changes_nothing() {
        assert_eq!(parse(&template()), Ok(Configuration::default()));
    }

    #[test]
    fn the_settings_of_the_template_are_the_defaults_and_all_of_them() {
        let text = uncommented();
        assert_eq!(parse(&text), Ok(Configuration::default()), "{text}");
        for name in super::super::file::SETTINGS {
            assert!(text.contains(name), "{name}");
        }
        for name in super::super::windows::NAMES {
            assert!(text.contains(&format!("\n{name} = ")), "{name}");
        }
        for entry in COMMANDS {
            assert!(text.contains(&format!("\n{} = ", entry.key_name())), "{}", entry.name);
        }
    }
}
