//! A pipeline as a line: its steps, each with what it gave, and where it is held up.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::telemetry::{PipelineShown, SinkShown, SinkState};
use crate::workbench::theme::Theme;
use crate::workbench::words;

/// How much of a pipeline is said, the longest first.
const FORMS: [Form; 5] = [
    Form { wide: true, steps: true, places: true },
    Form { wide: false, steps: true, places: true },
    // Where the pressure is matters more than the steps between.
    Form { wide: true, steps: false, places: true },
    Form { wide: false, steps: false, places: true },
    Form { wide: false, steps: false, places: false },
];

/// How much of a pipeline is said.
#[derive(Clone, Copy)]
struct Form {
    /// Whether arrows have blanks around them.
    wide: bool,
    /// Whether the steps between source and sink are named.
    steps: bool,
    /// Whether a sink that is held up is said by its address.
    places: bool,
}

/// A pipeline's steps, each with the number of messages that it gave, in this many columns.
pub(super) fn flow(
    theme: Theme,
    pipeline: &PipelineShown,
    named: bool,
    width: u16,
) -> Line<'static> {
    let pressed = pipeline.held || pipeline.sinks.iter().any(is_held_up);
    let said = FORMS.iter().filter(|form| form.steps || pressed);
    let mut lines = said.map(|form| line(theme, pipeline, named, *form)).peekable();
    loop {
        // The last is cut, where not even that fits.
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
    // Where to connect to is not known otherwise when the system chose the port.
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
    if form.steps {
        for (plan, given) in &pipeline.steps {
            then(format!("{} ", plan.name), theme.text(), Some(*given));
        }
    } else {
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
    }
}
