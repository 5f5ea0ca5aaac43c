//! What is on the screen at the start: the section `[windows]` of a configuration file.

use toml::de::DeValue;

use super::nearest::did_you_mean;
use super::values::{Value, WrongAt, at, one_of};
use crate::telemetry::TimeWindow;
use crate::workbench::commands::Command;
use crate::workbench::layout::Pane;

/// What is on the screen at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// The time that charts and percentiles are of.
    pub time: TimeWindow,
    /// The list that is shown where lists are tabs.
    pub list: Pane,
    /// The pane that has the keys.
    pub pane: Pane,
    /// Whether that pane is as large as the screen.
    pub zoomed: bool,
    /// The command that opens a window; `None` if none is open.
    pub open: Option<Command>,
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            time: TimeWindow::default(),
            list: Pane::Messages,
            pane: Pane::Input,
            zoomed: false,
            open: None,
        }
    }
}

/// The names of the settings of the section.
pub(super) const NAMES: [&str; 5] = ["time", "list", "pane", "zoomed", "open"];

/// The lists that are tabs.
const LISTS: [Pane; 4] = [Pane::Messages, Pane::Outputs, Pane::DeadLetters, Pane::Log];

/// The windows that can be open at the start.
const OPENED: [Command; 3] = [Command::Help, Command::Load, Command::Safety];

/// The name of a pane in a configuration file: `dead-letters`.
fn pane_name(pane: Pane) -> String {
    pane.name().to_lowercase().replace(' ', "-")
}

/// Reads the section.
pub(super) fn windows(value: &Value<'_>) -> Result<Windows, WrongAt> {
    let DeValue::Table(table) = value.get_ref() else {
        return Err(at(value, "`windows` is a table: [windows]".to_owned()));
    };
    let mut windows = Windows::default();
    for (name, value) in table {
        match name.get_ref().as_ref() {
            "time" => {
                let times = TimeWindow::ALL.map(|time| (time.name().to_owned(), time));
                windows.time = one_of("time", value, &times)?;
            }
            "list" => {
                windows.list = one_of("list", value, &LISTS.map(|list| (pane_name(list), list)))?;
            }
            "pane" => {
                let panes = Pane::ALL.map(|pane| (pane_name(pane), pane));
                windows.pane = one_of("pane", value, &panes)?;
            }
            "zoomed" => {
                let DeValue::Boolean(zoomed) = value.get_ref() else {
                    return Err(at(value, "`zoomed` is true or false".to_owned()));
                };
                windows.zoomed = *zoomed;
            }
            "open" => {
                let named = |command: Command| Some((command.entry()?.key_name(), Some(command)));
                let mut all = vec![("none".to_owned(), None)];
                all.extend(OPENED.into_iter().filter_map(named));
                windows.open = one_of("window", value, &all)?;
            }
            other => {
                let hint = did_you_mean(other, NAMES);
                let reason = format!("unknown setting `windows.{other}`{hint}");
                return Err((name.span().start, reason));
            }
        }
    }
    if windows.zoomed && windows.pane == Pane::Input {
        let reason = "`zoomed` needs a `pane` that can be: the input line has no larger form";
        return Err(at(value, reason.to_owned()));
    }
    Ok(windows)
}

#[cfg(test)]
mod tests {
    use super::super::file::parse;
    use super::*;

    fn wrong(text: &str) -> String {
        let wrong = parse(text).unwrap_err();
        format!("{}: {}", wrong.line, wrong.reason)
    }

    #[test]
    fn a_section_says_what_is_on_the_screen_at_the_start() {
        let text = "[windows]\ntime = \"5 min\"\nlist = \"log\"\npane = \"dead-letters\"\n\
                    zoomed = true\nopen = \"saved\"\n";
        let windows = Windows {
            time: TimeWindow::FiveMinutes,
            list: Pane::Log,
            pane: Pane::DeadLetters,
            zoomed: true,
            open: Some(Command::Safety),
        };
        assert_eq!(parse(text).unwrap().windows, windows);
    }

    #[test]
    fn what_is_unknown_or_cannot_be_is_one_line_with_the_nearest_known_name() {
        assert_eq!(
            wrong("[windows]\ntime = \"1 mn\""),
            "2: unknown time `1 mn` (there are 10 s, 1 min, 5 min, all): did you mean `1 min`?"
        );
        assert_eq!(
            wrong("[windows]\npane = \"partitons\""),
            "2: unknown pane `partitons` (there are input, flow, partitions, throughput, latency, messages, outputs, dead-letters, log): did you mean `partitions`?"
        );
        assert_eq!(
            wrong("[windows]\nopen = \"helf\""),
            "2: unknown window `helf` (there are none, help, load, saved): did you mean `help`?"
        );
        assert_eq!(
            wrong("\n[windows]\ntimes = \"all\""),
            "3: unknown setting `windows.times`: did you mean `time`?"
        );
        assert!(wrong("[windows]\nlist = \"flow\"").starts_with("2: unknown list `flow`"));
        assert!(wrong("[windows]\nzoomed = true").contains("the input line has no larger form"));
        assert!(wrong("windows = 1").contains("[windows]"));
    }
}
