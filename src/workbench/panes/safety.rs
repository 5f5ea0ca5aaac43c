//! What is saved, what would be lost, and the story of the last crash.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::frame::window;
use crate::core::event::Recovered;
use crate::telemetry::{Crash, SafetyShown};
use crate::workbench::commands::{Command, Focus, hint};
use crate::workbench::state::Workbench;
use crate::workbench::theme::Theme;
use crate::workbench::words::{grouped, latency};

pub(super) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let lines = match &workbench.snapshot.safety {
        None => vec![Line::raw("Nothing is saved: what is in memory is lost with the process.")],
        Some(safety) => story(theme, safety),
    };
    let commands = hint(&[Command::Crash], Focus::Rows);
    window(theme, "Saved, lost, recovered", &commands, lines, area, buffer);
}

fn story(theme: Theme, safety: &SafetyShown) -> Vec<Line<'static>> {
    let field = |name: &str, text: String| {
        Line::from(vec![Span::styled(format!("{name:<11} "), theme.quiet()), Span::raw(text)])
    };
    let mut lines = Vec::new();
    if let Some(Crash { workers, partitions, epoch, messages, took }) = &safety.crash {
        lines.push(Line::styled("The crash", theme.title()));
        lines.push(field(
            "lost",
            format!(
                "{} of {}, from memory",
                many(*partitions as u64, "partition"),
                many(*workers as u64, "worker")
            ),
        ));
        lines.push(field(
            "",
            format!(
                "with {} that no checkpoint has ({})",
                many(*messages, "message"),
                last(epoch.0)
            ),
        ));
        lines.push(field("down for", micros(*took)));
        lines.push(Line::default());
    }
    match &safety.recovered {
        Some(Recovered { epoch, workers, partitions, frames, took }) => {
            lines.push(Line::styled("What came back", theme.title()));
            lines.push(field(
                "checkpoint",
                format!(
                    "{epoch}, of {}: {}",
                    many(*workers as u64, "worker"),
                    many(*partitions as u64, "partition")
                ),
            ));
            lines.push(field("journal", format!("{}, processed again", many(*frames, "frame"))));
            lines.push(field("files", "go on where the checkpoint had ended".to_owned()));
            lines.push(field("took", micros(*took)));
        }
        None if safety.crash.is_some() => {
            lines.push(Line::raw("Nothing had been saved: there was nothing to come back."));
        }
        None => {}
    }
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    lines.push(Line::styled("What is saved now", theme.title()));
    lines.push(field("directory", safety.directory.display().to_string()));
    lines.push(field(
        "checkpoint",
        if safety.epoch.0 == 0 { "none yet".to_owned() } else { safety.epoch.to_string() },
    ));
    let unsaved = match safety.unsaved {
        0 => "none: a crash would take nothing away".to_owned(),
        some => format!("{}; the journal and the files have them", grouped(some)),
    };
    lines.push(field("since then", unsaved));
    lines
}

/// `1 partition`, `2 partitions`.
fn many(count: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(count), if count == 1 { "" } else { "s" })
}

fn last(epoch: u64) -> String {
    if epoch == 0 { "there was none".to_owned() } else { format!("the last was {epoch}") }
}

fn micros(duration: std::time::Duration) -> String {
    latency(duration.as_secs_f64() * 1e6)
}
