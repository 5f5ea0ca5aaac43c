//! The message that a breakpoint holds before it enters, and what it would do.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::telemetry::{HeldDecision, HeldShown};
use crate::workbench::panes::edges::ahead::outcome;
use crate::workbench::panes::frame::{field, inner_width, window};
use crate::workbench::state::Workbench;
use crate::workbench::words;

/// The columns of the names.
const NAMES: usize = 10;

/// How many rows the message may take.
const MESSAGE_ROWS: usize = 4;

pub(super) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let Some(held) = workbench.held() else {
        let lines = vec![Line::raw("No message is held.")];
        return window(theme, "Held", "Esc closes", lines, area, buffer);
    };
    let room = inner_width(area).saturating_sub(NAMES + 1);
    let named = |name, text: String| field(theme, name, NAMES, Span::styled(text, theme.text()));
    let key = held.key.as_ref().map(|key| format!(", key {}", words::key(key)));
    let holds_at = format!("{}{}", held.step, key.unwrap_or_default());
    let mut lines = vec![
        named("breakpoint", theme.fit(&words::one_line(&held.text), room)),
        named("at", theme.fit(&holds_at, room)),
    ];
    if let Some(why) = &held.unjudged {
        let text = format!("whether it holds there is not known: {}", words::one_line(why));
        lines.push(field(theme, "", NAMES, Span::styled(text, theme.warning())));
    }
    lines.push(Line::default());
    if let Some(message) = &held.foresight.message {
        let text = words::message(message);
        lines.push(named("message", theme.fit(&text, room * MESSAGE_ROWS)));
    }
    lines.push(named("frame", frame(workbench, held, room)));
    lines.push(would_do(workbench, held));
    lines.push(Line::default());
    lines.extend(told(workbench, held));
    let (number, name) = (held.sequence.0, &held.pipeline_name);
    let title = format!("Held: message {} of {name}, from {}", words::exact(number), held.source);
    let keys = match held.decided {
        None => "Enter: let it go   Del: drop it   e: edit it   Esc: later",
        Some(_) => "Esc closes",
    };
    window(theme, &theme.fit(&title, room), keys, lines, area, buffer);
}

fn frame(workbench: &Workbench, held: &HeldShown, room: usize) -> String {
    let length = words::counted(held.length as u64, "byte");
    let room = room.saturating_sub(length.len() + 3);
    // Three columns are a byte.
    let shown = held.frame.get(..room / 3 + 1).unwrap_or(&held.frame);
    format!("{}   {length}", workbench.theme.fit(&words::hex(shown), room))
}

fn would_do(workbench: &Workbench, held: &HeldShown) -> Line<'static> {
    let theme = workbench.theme;
    let mut line = Line::from(Span::styled(format!("{:<NAMES$} ", "would do"), theme.quiet()));
    line.spans.extend(outcome(workbench, &held.foresight));
    line
}

/// What is being done, or how messages enter meanwhile.
fn told(workbench: &Workbench, held: &HeldShown) -> Vec<Line<'static>> {
    let theme = workbench.theme;
    let doing = held.decided.map(|decided| match decided {
        HeldDecision::LetGo => "It is let go.",
        HeldDecision::Drop => {
            "It is dropped. That counts with a checkpoint: until then, nothing enters."
        }
        HeldDecision::Edit => {
            "Another message takes its place. That counts with a checkpoint: until then, nothing else enters."
        }
    });
    if let Some(doing) = doing {
        return vec![Line::styled(doing, theme.warning())];
    }
    let looked = workbench.snapshot.breakpoints.looked.unwrap_or_default();
    let text = format!(
        "It has not entered, and nothing enters before it has. Each message is looked at before it \
         enters, one at a time: {} so far.",
        words::exact(looked)
    );
    vec![Line::styled(text, theme.quiet())]
}
