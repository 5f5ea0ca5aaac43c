//! One line of the log: all of its text.

use ratatui::text::Span;

use super::sheet::{Row, Sheet};
use crate::telemetry::LogLine;
use crate::workbench::panes::lists::log::style_of;
use crate::workbench::state::Workbench;
use crate::workbench::words;

pub(super) fn sheet<'a>(workbench: &Workbench, line: &LogLine) -> Sheet<'a> {
    let theme = workbench.theme;
    let level = Span::styled(line.level.to_string(), style_of(theme, line.level));
    let clock = humantime::format_rfc3339_millis(line.at).to_string();
    let parts = vec![
        Row::named(theme, "after", 7, words::clock(line.since_start)).into(),
        Row::named(theme, "at", 7, clock).into(),
        Row::named(theme, "level", 7, level).into(),
        Row::named(theme, "text", 7, line.text.clone()).into(),
    ];
    Sheet { title: "Line of the log".to_owned(), keys: String::new(), live: false, parts }
}
