//! A pipeline as a line: its steps, each with the number of messages that it gave, and the sinks that
//! hold it up.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::telemetry::{PipelineShown, SinkShown, SinkState};
use crate::workbench::theme::Theme;
use crate::workbench::words;

/// The forms of a pipeline's line, the longest first. If not even the last one fits, it is cut.
const FORMS: [Form; 6] = [
    Form { wide: true, steps: Steps::Counted, places: true },
    Form { wide: false, steps: Steps::Counted, places: true },
    Form { wide: false, steps: Steps::Named, places: true },
    // The source's and the sinks' state and counts matter more than the steps between.
    Form { wide: true, steps: Steps::Left, places: true },
    Form { wide: false, steps: Steps::Left, places: true },
    Form { wide: false, steps: Steps::Left, places: false },
];

/// A form of a pipeline's line.
#[derive(Clone, Copy)]
struct Form {
    /// Whether arrows have blanks around them.
    wide: bool,
    steps: Steps,
    /// Whether a sink that is held up is named by its address.
    places: bool,
}

/// How the steps between source and sink are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Steps {
    /// Their names, each with the number of messages that it gave.
    Counted,
    /// Their names.
    Named,
    /// Nothing.
    Left,
}

/// A pipeline's steps, each with the number of messages that it gave, in this many columns.
pub(super) fn flow(
    theme: Theme,
    pipeline: &PipelineShown,
    named: bool,
    width: u16,
) -> Line<'static> {
    let mut lines = FORMS.iter().map(|form| line(theme, pipeline, named, *form)).peekable();
    loop {
        match lines.next() {
            Some(line) if line.width() <= usize::from(width) || lines.peek().is_none() => {
                return line;
            }
            Some(_) => {}
            None => return Line::default(),
        }
    }
}

fn line(theme: Theme, pipeline: &PipelineShown, named: bool, form: Form) -> Line<'static> {
    let arrow = match form {
        Form { wide: true, .. } => theme.symbol(" → ", " > "),
        Form { wide: false, .. } => theme.symbol("→", ">"),
    };
    let mut spans = Vec::new();
    if named {
        spans.push(Span::styled(format!("{}: ", pipeline.name), theme.title()));
    }
    // If the system chose the port, only this line shows it.
    spans.push(Span::raw(format!("{} ", pipeline.listening.as_deref().unwrap_or("source"))));
    if pipeline.held {
        spans.push(Span::styled("(held) ", theme.warning()));
    }
    spans.push(count(theme, pipeline.messages_in));
    let mut then = |name: String, style: Style, number: Option<u64>| {
        spans.push(Span::styled(arrow, theme.quiet()));
        spans.push(Span::styled(name, style));
        spans.extend(number.map(|number| count(theme, number)));
    };
    for (plan, given) in &pipeline.steps {
        match form.steps {
            Steps::Counted => then(format!("{} ", plan.name), theme.text(), Some(*given)),
            Steps::Named => then(plan.name.to_string(), theme.text(), None),
            Steps::Left => {}
        }
    }
    if form.steps == Steps::Left {
        then(theme.symbol("…", "..").to_owned(), theme.quiet(), None);
    }
    if pipeline.has_sink {
        let held_up: Vec<String> = pipeline
            .sinks
            .iter()
            .filter(|sink| is_held_up(sink))
            .map(|sink| held_up(sink, form.places))
            .collect();
        let (name, style) = match held_up.as_slice() {
            [] => ("sink ".to_owned(), theme.text()),
            sinks => (format!("sink ({}) ", sinks.join(", ")), theme.warning()),
        };
        then(name, style, Some(pipeline.messages_out));
    }
    Line::from(spans)
}

fn count(theme: Theme, number: u64) -> Span<'static> {
    Span::styled(words::count(number), theme.accent())
}

fn is_held_up(sink: &SinkShown) -> bool {
    sink.state != SinkState::Writing
}

/// What a sink that is held up is doing.
fn held_up(sink: &SinkShown, place: bool) -> String {
    let address = sink.endpoint.strip_prefix("tcp://").unwrap_or(&sink.endpoint);
    match (sink.state, place) {
        (SinkState::Writing, _) => String::new(),
        (SinkState::Waiting, true) => format!("waiting for {address}"),
        (SinkState::Waiting, false) => "waiting".to_owned(),
        (SinkState::Stalled, true) => format!("{address} stalled"),
        (SinkState::Stalled, false) => "stalled".to_owned(),
        (SinkState::Closing, true) => format!("{address} closing"),
        (SinkState::Closing, false) => "closing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::numbers::StepIndex;
    use crate::core::topology::{StepKind, StepPlan};

    fn pipeline(given: u64) -> PipelineShown {
        let step = |(index, name): (usize, &str)| {
            let plan =
                StepPlan { name: name.into(), index: StepIndex(index), kind: StepKind::Compute };
            (plan, given)
        };
        PipelineShown {
            name: "votes".into(),
            steps: ["decode", "letter", "add_votes", "encode"]
                .into_iter()
                .enumerate()
                .map(step)
                .collect(),
            messages_in: given,
            messages_out: given,
            has_sink: true,
            listening: Some("127.0.0.1:45998".into()),
            held: false,
            sinks: Vec::new(),
        }
    }

    #[test]
    fn what_came_out_is_said_however_narrow_the_line() {
        let theme = Theme::new(false, true);
        for (width, expected) in [
            (
                100,
                "127.0.0.1:45998 1.00M → decode 1.00M → letter 1.00M → add_votes 1.00M → encode 1.00M → sink 1.00M",
            ),
            (
                90,
                "127.0.0.1:45998 1.00M→decode 1.00M→letter 1.00M→add_votes 1.00M→encode 1.00M→sink 1.00M",
            ),
            (78, "127.0.0.1:45998 1.00M→decode→letter→add_votes→encode→sink 1.00M"),
            (60, "127.0.0.1:45998 1.00M → … → sink 1.00M"),
            (36, "127.0.0.1:45998 1.00M→…→sink 1.00M"),
        ] {
            assert_eq!(flow(theme, &pipeline(1_000_000), false, width).to_string(), expected);
        }
    }
}
