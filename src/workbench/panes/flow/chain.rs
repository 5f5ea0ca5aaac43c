//! The steps of a pipeline from left to right, each with its counts below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::elsewhere::elsewhere;
use super::row::at_row;
use crate::telemetry::{PipelineShown, SinkShown, SinkState};
use crate::workbench::theme::Theme;
use crate::workbench::words;

/// What of the steps is shown.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// Whether arrows have room.
    pub wide: bool,
    /// Whether endpoints have their whole address, rather than its port.
    pub address: bool,
    /// Whether the steps between source and sink are shown.
    pub steps: bool,
}

/// A step, or an end of a pipeline.
struct Node {
    name: String,
    style: Style,
    count: Option<u64>,
    refused: u64,
    /// The first column in which the arrow before it may begin.
    from: usize,
}

/// Steps from left to right.
pub(super) struct Chain {
    theme: Theme,
    wide: bool,
    steps: bool,
    /// The pipeline's name in front of it, if it is to be shown.
    name: Option<String>,
    nodes: Vec<Node>,
}

impl Chain {
    /// A whole pipeline: its source, its steps and its sink.
    pub fn new(theme: Theme, pipeline: &PipelineShown, form: Form) -> Self {
        let mut nodes = vec![source(theme, pipeline, form)];
        for step in &pipeline.steps {
            if form.steps {
                nodes.push(Node {
                    name: step.plan.name.to_string(),
                    style: theme.text(),
                    count: Some(step.entered),
                    refused: step.refused,
                    from: 0,
                });
            } else {
                // What was refused is said also where there is no room for the steps' names.
                let refused = pipeline.steps.iter().map(|step| step.refused).sum();
                let name = theme.symbol("…", "..").to_owned();
                nodes.push(Node { name, style: theme.quiet(), count: None, refused, from: 0 });
                break;
            }
        }
        if pipeline.has_sink {
            nodes.push(sink(theme, pipeline, form));
        }
        Self { theme, wide: form.wide, steps: form.steps, name: None, nodes }
    }

    /// The same with the pipeline's name in front of it.
    pub fn named(self, name: &str) -> Self {
        Self { name: Some(format!("{name}: ")), ..self }
    }

    /// Lets the arrow before a node begin in this column or behind it.
    pub fn begin_at(&mut self, node: usize, column: usize) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.from = node.from.max(column);
        }
    }

    /// The column in which the arrow before a node begins; of what comes behind the last one, where that ends.
    pub fn column(&self, node: usize) -> usize {
        let name = self.name.as_deref().map_or(0, UnicodeWidthStr::width);
        let arrow = self.arrow().width();
        self.nodes
            .iter()
            .take(node)
            .enumerate()
            .fold(name, |column, (at, node)| {
                let begins = if at > 0 { column.max(node.from) + arrow } else { column };
                begins + node.width()
            })
            .max(self.nodes.get(node).map_or(0, |node| node.from))
    }

    /// How many nodes it has: the source, the steps or one node instead of them, and the sink.
    pub fn length(&self) -> usize {
        self.nodes.len()
    }

    /// Whether each step has a node.
    pub fn has_steps(&self) -> bool {
        self.steps
    }

    /// Where in an arrow another line meets it.
    pub fn joint(&self) -> usize {
        usize::from(self.wide)
    }

    /// The source and so many steps, and what comes after them.
    pub fn split(mut self, steps: usize) -> [Self; 2] {
        // Without its steps there is one node instead of them.
        let at = (1 + steps).min(self.nodes.len().saturating_sub(1)).max(1);
        let after = self.nodes.split_off(at);
        let Self { theme, wide, steps, .. } = self;
        let after = Self { theme, wide, steps, name: None, nodes: after };
        [self, after]
    }

    fn arrow(&self) -> &'static str {
        if self.wide {
            self.theme.symbol(" ──▶ ", " --> ")
        } else {
            self.theme.symbol("─▶ ", "-> ")
        }
    }

    /// How many columns all of it has.
    pub fn width(&self) -> usize {
        self.column(self.nodes.len())
    }

    /// The same as a length of the screen.
    pub fn columns(&self) -> u16 {
        u16::try_from(self.width()).unwrap_or(u16::MAX)
    }

    /// The names, and the counts below them.
    pub fn lines(&self) -> [Line<'static>; 2] {
        let mut lines = [Line::default(), Line::default()];
        if let Some(name) = &self.name {
            let [names, counts] = &mut lines;
            names.push_span(Span::styled(name.clone(), self.theme.title()));
            counts.push_span(Span::raw(" ".repeat(name.width())));
        }
        let mut is_drawn_out = false;
        for (at, node) in self.nodes.iter().enumerate() {
            let [names, counts] = &mut lines;
            if at > 0 {
                let more = node.from.saturating_sub(names.width());
                let whole = self.arrow();
                // A line that is drawn out goes on in the arrow.
                let arrow = if more > 0 || is_drawn_out { whole.trim_start() } else { whole };
                let rule = more + whole.width() - arrow.width();
                let rule = self.theme.symbol("─", "-").repeat(rule);
                names.push_span(Span::styled(rule, self.theme.quiet()));
                names.push_span(Span::styled(arrow, self.theme.quiet()));
                counts.push_span(Span::raw(" ".repeat(more + whole.width())));
            }
            let width = node.width();
            names.push_span(Span::styled(node.name.clone(), node.style));
            // A line to the next one, so that names of any length are joined.
            let line = if at + 1 < self.nodes.len() { self.theme.symbol("─", "-") } else { " " };
            let rest = width - node.name.width();
            is_drawn_out = rest > 0;
            let gap = if rest > 0 { format!(" {}", line.repeat(rest - 1)) } else { String::new() };
            names.push_span(Span::styled(gap, self.theme.quiet()));
            let before = counts.width();
            counts.spans.extend(node.counts(self.theme));
            let used = counts.width() - before;
            counts.push_span(Span::raw(" ".repeat(width - used)));
        }
        lines
    }

    /// The lines of a whole pipeline; with counts beside the names if there is only one line.
    pub fn all(self, beside: bool) -> [Line<'static>; 2] {
        if beside { self.beside().lines() } else { self.lines() }
    }

    /// The same with its counts beside the names.
    pub fn beside(mut self) -> Self {
        for node in &mut self.nodes {
            let refused =
                if node.refused > 0 { refused(self.theme, node.refused) } else { String::new() };
            let count = node.count.take().map(words::short).unwrap_or_default();
            let counted = format!("{} {count}{refused}", node.name);
            counted.trim_end().clone_into(&mut node.name);
            node.refused = 0;
        }
        self
    }

    /// Draws it with the names in this row of an area, and the counts below.
    pub fn render_at(&self, area: Rect, row: u16, buffer: &mut Buffer) {
        let [names, counts] = self.lines();
        at_row(&names, area, row, buffer);
        at_row(&counts, area, row + 1, buffer);
    }
}

impl Node {
    fn counts(&self, theme: Theme) -> Vec<Span<'static>> {
        let count = self.count.map(|count| Span::styled(words::short(count), theme.accent()));
        let lost =
            (self.refused > 0).then(|| Span::styled(refused(theme, self.refused), theme.bad()));
        count.into_iter().chain(lost).collect()
    }

    fn width(&self) -> usize {
        let count = self.count.map_or(0, |count| words::short(count).width());
        let lost = if self.refused > 0 { 2 + words::short(self.refused).width() } else { 0 };
        self.name.width().max(count + lost)
    }
}

fn refused(theme: Theme, count: u64) -> String {
    format!(" {}{}", theme.symbol("✗", "!"), words::short(count))
}

fn source(theme: Theme, pipeline: &PipelineShown, form: Form) -> Node {
    // If the system chose the port, only this line shows it.
    let address = pipeline.listening.as_deref().map(|address| shown(address, form));
    let none = match (pipeline.generates, pipeline.ended) {
        (false, false) => "source",
        (false, true) => "file ended",
        (true, false) => "generator",
        (true, true) => "generator ended",
    };
    let mut name = address.unwrap_or(none).to_owned();
    name.extend(elsewhere(&pipeline.clients, form.wide));
    if pipeline.held {
        name.push_str(" (held)");
    }
    let style = if pipeline.held { theme.warning() } else { theme.text() };
    let count = Some(pipeline.messages_in);
    Node { name, style, count, refused: pipeline.broken, from: 0 }
}

fn sink(theme: Theme, pipeline: &PipelineShown, form: Form) -> Node {
    let waiting = pipeline.sinks.iter().filter(|sink| sink.state != SinkState::Writing);
    let waiting: Vec<String> = waiting.map(|sink| held_up(sink, form)).collect();
    // Pipelines whose outputs meet end with one name.
    let name = if pipeline.sink_names.is_empty() {
        "sink".to_owned()
    } else {
        format!("sink {}", pipeline.sink_names.join(", "))
    };
    let (name, style) = match waiting.as_slice() {
        [] => (name, theme.text()),
        sinks => (format!("{name} ({})", sinks.join(", ")), theme.warning()),
    };
    Node { name, style, count: Some(pipeline.messages_out), refused: 0, from: 0 }
}

/// An address, or only its port.
fn shown(address: &str, form: Form) -> &str {
    let port = address.rfind(':').and_then(|at| address.get(at..));
    port.filter(|_| !form.address).unwrap_or(address)
}

/// What a sink that is held up is doing.
fn held_up(sink: &SinkShown, form: Form) -> String {
    let address = sink.endpoint.strip_prefix("tcp://").unwrap_or(&sink.endpoint);
    let doing = match sink.state {
        SinkState::Writing => "",
        SinkState::Waiting => "waiting for ",
        SinkState::Stalled => "stalled ",
        SinkState::Closing => "closing ",
    };
    format!("{doing}{}", shown(address, form))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::numbers::StepIndex;
    use crate::core::topology::{StepKind, StepPlan};
    use crate::telemetry::StepShown;

    fn pipeline() -> PipelineShown {
        let step = |(index, name): (usize, &str)| StepShown {
            plan: StepPlan { name: name.into(), index: StepIndex(index), kind: StepKind::Compute },
            entered: 1_000_000,
            refused: if index == 0 { 12 } else { 0 },
            given: 999_988,
        };
        let names = ["decode", "letter"];
        PipelineShown {
            name: "votes".into(),
            steps: names.into_iter().enumerate().map(step).collect(),
            merged: None,
            broken: 0,
            messages_in: 1_000_000,
            messages_out: 999_988,
            has_sink: true,
            sink_names: Vec::new(),
            listening: Some("127.0.0.1:45998".into()),
            clients: Vec::new(),
            generates: false,
            ended: false,
            held: false,
            sinks: Vec::new(),
        }
    }

    #[test]
    fn each_step_has_below_it_what_entered_and_what_was_refused() {
        let form = Form { wide: true, address: true, steps: true };
        let [names, counts] = Chain::new(Theme::new(false, true), &pipeline(), form).lines();
        assert_eq!(names.to_string(), "127.0.0.1:45998 ──▶ decode ─────▶ letter ──▶ sink ");
        assert_eq!(counts.to_string(), "1.00M               1.00M ✗12     1.00M      1.00M");
    }

    #[test]
    fn what_was_refused_is_said_without_the_steps_too() {
        let form = Form { wide: false, address: false, steps: false };
        let [names, counts] = Chain::new(Theme::new(false, true), &pipeline(), form).lines();
        assert_eq!(names.to_string(), ":45998─▶ … ───▶ sink ");
        assert_eq!(counts.to_string(), "1.00M     ✗12   1.00M");
    }
}
