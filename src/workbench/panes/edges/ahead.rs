//! What the typed message would do, in one sentence.

use ratatui::text::{Line, Span};

use crate::core::foresight::{Change, Foresight};
use crate::core::frames::dead_letter::{Cause, DeadLetter};
use crate::workbench::panes::frame::{beginning, quoted};
use crate::workbench::state::Workbench;
use crate::workbench::theme::Theme;
use crate::workbench::words;

/// The most columns of a key, of what is typed and of an output.
const PART: usize = 24;

/// The most columns of what changes in a state.
const CHANGE: usize = 60;

/// What a message would do: the first of the texts that fit the columns, and the last of them cut.
pub(in crate::workbench::panes) fn sentence(
    workbench: &Workbench,
    foresight: &Foresight,
    subject: Option<String>,
    times: usize,
    width: usize,
) -> Line<'static> {
    let theme = workbench.theme;
    let subject = subject.map(|subject| {
        let arrow = theme.symbol("→", "->");
        Span::styled(format!("{} {arrow} ", theme.fit(&subject, PART)), theme.text())
    });
    let mut core = outcome(workbench, foresight);
    if times > 1 {
        let all = words::exact(times as u64);
        core.push(Span::styled(format!(", the first of {all}"), theme.accent()));
    }
    let quiet = |text: &'static str| Span::styled(text, theme.quiet());
    let texts = [
        (true, Some(quiet(" (not sent yet: Enter sends)"))),
        (true, Some(quiet(" (Enter sends)"))),
        (true, None),
        (false, None),
    ];
    let lines = texts.into_iter().map(|(with_subject, end)| {
        let subject = subject.clone().filter(|_| with_subject);
        subject.into_iter().chain(core.clone()).chain(end).collect::<Line<'_>>()
    });
    fitting(theme, lines, width)
}

/// The first line that fits the columns; the last, if none does, with an ellipsis.
pub(super) fn fitting(
    theme: Theme,
    lines: impl IntoIterator<Item = Line<'static>>,
    width: usize,
) -> Line<'static> {
    let mut last = Line::default();
    for line in lines {
        if line.width() <= width {
            return line;
        }
        last = line;
    }
    beginning(theme, last, width)
}

/// What a message would do, in words.
pub(in crate::workbench::panes) fn outcome(
    workbench: &Workbench,
    foresight: &Foresight,
) -> Vec<Span<'static>> {
    let theme = workbench.theme;
    let mut spans = Vec::new();
    for change in &foresight.changes {
        if !spans.is_empty() {
            spans.push(Span::styled("; ", theme.quiet()));
        }
        spans.extend(changed(workbench, change));
    }
    if let Some(letter) = &foresight.failure {
        if !spans.is_empty() {
            spans.push(Span::styled("; ", theme.quiet()));
        }
        spans.push(Span::styled(failed(letter), theme.bad()));
        spans.extend(more(theme, foresight.failures.saturating_sub(1)));
    }
    if spans.is_empty() {
        let text = match (&foresight.output, foresight.filtered) {
            (_, true) => "dropped by the decoder on purpose".to_owned(),
            (Some(bytes), false) => format!("output {}", quoted(theme, bytes, PART)),
            (None, false) => "nothing comes of it".to_owned(),
        };
        spans.push(Span::styled(text, theme.good()));
        spans.extend(more(theme, foresight.outputs.saturating_sub(1)));
    }
    if foresight.cut {
        spans.push(Span::styled(" and so on", theme.quiet()));
    }
    if let Some(reason) = &foresight.unknown {
        let text = format!(" (its state is not known: {})", theme.fit(reason, PART));
        spans.push(Span::styled(text, theme.warning()));
    }
    spans
}

/// What is done to a partition, and how many more.
fn changed(workbench: &Workbench, change: &Change) -> Vec<Span<'static>> {
    let theme = workbench.theme;
    let states = workbench.topology.states().len();
    let key = theme.fit(&words::key(&change.key), PART);
    let key = Span::styled(key, theme.title());
    let owner = Span::styled(format!("worker {}", change.owner), theme.worker(change.owner.0));
    let of = if states > 1 { format!(" of {}", change.state) } else { String::new() };
    let after = |text: &str| Span::styled(theme.fit(text, CHANGE), theme.good());
    let mut spans = if change.created {
        // What is new has no state before, so all of it is said.
        let state = words::message(&change.after);
        let news = vec![Span::raw("new partition "), key, Span::raw(format!("{of} on ")), owner];
        [news, vec![Span::raw(": "), after(&state)]].concat()
    } else {
        let arrow = theme.symbol("→", "->");
        let text = words::change(&change.before, &change.after, arrow);
        let known = vec![Span::raw("partition "), key, Span::raw(format!("{of}, ")), owner];
        [known, vec![Span::raw(", "), after(&text)]].concat()
    };
    spans.extend(more(theme, change.more));
    spans
}

fn more(theme: Theme, more: u64) -> Option<Span<'static>> {
    let text = || format!(" and {} more", words::exact(more));
    (more > 0).then(|| Span::styled(text(), theme.second_bar()))
}

/// What would be refused, where and why.
pub(super) fn failed(letter: &DeadLetter) -> String {
    let step = &letter.step;
    match letter.cause {
        Cause::Framing => format!("no whole frame: {}", letter.reason),
        Cause::Panicked => {
            let reason = letter.reason.strip_prefix("panicked: ").unwrap_or(&letter.reason);
            format!("{step} panics: {reason}")
        }
        Cause::Poisoned => match &letter.key {
            Some(key) => format!("refused at {step}: partition {} is poisoned", words::key(key)),
            None => format!("refused at {step}: {}", letter.reason),
        },
        Cause::Refused | Cause::TooLong | Cause::SetAside | Cause::Dropped => {
            format!("refused at {step}: {}", letter.reason)
        }
    }
}
