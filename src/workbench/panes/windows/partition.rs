//! One partition: its state, and what recent messages did to it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::application::Key;
use crate::core::frames::trace::HopEvent;
use crate::telemetry::ShownRow;
use crate::workbench::commands::Command;
use crate::workbench::layout::Pane;
use crate::workbench::panes::frame::{field, window};
use crate::workbench::state::Workbench;
use crate::workbench::state::lists::letters::poison;
use crate::workbench::words;

/// The max number of changes that are shown.
const CHANGES: usize = 8;

pub(super) fn render(
    workbench: &Workbench,
    key: &Key,
    last: &ShownRow,
    area: Rect,
    buffer: &mut Buffer,
) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let live = snapshot.partitions.rows.iter().find(|row| row.row.key == *key);
    let row = &live.unwrap_or(last).row;
    let origin = if row.dynamic { "created by its first message" } else { "declared beforehand" };
    let field = |name: &str, text: String| field(theme, name, 10, text);
    let mut lines = if row.poisoned { poisoned(workbench, key) } else { Vec::new() };
    lines.extend([
        field("worker", row.worker.to_string()),
        field("messages", format!("{} ({origin})", words::grouped(row.messages))),
        Line::default(),
    ]);
    let json = serde_json::to_string_pretty(&row.value).unwrap_or_default();
    let json: Vec<&str> = json.lines().take(30).collect();
    for (at, line) in json.into_iter().enumerate() {
        lines.push(field(if at == 0 { "state" } else { "" }, line.to_owned()));
    }
    lines.push(Line::default());
    let mut changes = changes(workbench, key);
    if changes.is_empty() {
        changes.push("none of its messages has been traced".to_owned());
    }
    for (at, change) in changes.into_iter().enumerate() {
        lines.push(field(if at == 0 { "history" } else { "" }, change));
    }
    let title = format!("Partition {}", theme.fit(&words::key(key), 60));
    let commands: &[Command] = if row.poisoned { &[Command::Revive] } else { &[] };
    window(
        theme,
        &title,
        &workbench.keymap.hint(commands, Some(Pane::Partitions)),
        lines,
        area,
        buffer,
    );
}

/// Why the partition takes no messages, and what follows from it.
fn poisoned(workbench: &Workbench, key: &Key) -> Vec<Line<'static>> {
    let theme = workbench.theme;
    let letters = &workbench.snapshot.dead_letters;
    let state = workbench.shown_state();
    let letter = state.and_then(|state| poison(letters, &workbench.topology, state, key));
    let why = match letter {
        Some(letter) => {
            format!("Poisoned by {} of {}: {}", letter.sequence, letter.pipeline, letter.reason)
        }
        None => {
            "Poisoned: its computation panicked on a message (its dead letter is not kept any more)"
                .to_owned()
        }
    };
    let then =
        "Its messages become dead letters until it is revived. Its state may be half changed:";
    let shown = "reviving leaves it as you see it here.";
    vec![
        // As a span, which keeps line breaks: they become spaces when the window is drawn.
        Line::from(Span::styled(why, theme.bad())),
        Line::styled(format!("{then} {shown}"), theme.warning()),
        Line::default(),
    ]
}

/// What the traced messages did to the partition, newest first.
fn changes(workbench: &Workbench, wanted: &Key) -> Vec<String> {
    let arrow = workbench.theme.symbol("→", "->");
    let of_trace = |trace: &std::sync::Arc<crate::core::frames::trace::Trace>| {
        trace.hops().into_iter().find_map(|hop| match hop.event {
            HopEvent::StateChanged { key, before, after, .. } if key == *wanted => {
                Some(format!("{} {}", trace.sequence, words::change(&before, &after, arrow)))
            }
            _ => None,
        })
    };
    workbench.snapshot.traces.iter().filter_map(of_trace).take(CHANGES).collect()
}
