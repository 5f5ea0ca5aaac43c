//! What happened to one message: its hops with their times, a line for each message that was made of it, and
//! its bytes.

use ratatui::text::Span;
use serde_json::Value;

use super::hex::Hex;
use super::sheet::{Flow, Part, Row, Sheet};
use super::told::{TIME, Told};
use super::{branches, tree};
use crate::core::frames::trace::{Hop, HopEvent, Trace};
use crate::core::frames::way::{Node, Way};
use crate::workbench::commands::Command;
use crate::workbench::layout::Pane;
use crate::workbench::panes::frame::quoted;
use crate::workbench::state::Workbench;
use crate::workbench::state::windows::detail::Detail;
use crate::workbench::words;

/// The most columns of a step's name.
const STEP: usize = 16;

pub(super) fn sheet<'a>(workbench: &'a Workbench, trace: &'a Trace, detail: &Detail) -> Sheet<'a> {
    let hops = trace.hops();
    let way = Way::of(&hops);
    let step = hops.iter().map(|hop| hop.step.chars().count()).max().unwrap_or(0);
    let step = step.clamp(6, STEP);
    let told = Told { workbench, trace, hops, folds: &detail.folds, step };
    let mut rows = told.source();
    rows.extend(told.node(&way.root));
    for at in &way.left_over {
        rows.extend(told.hop(*at));
    }
    let left_out = trace.hops_left_out();
    if left_out > 0 {
        let text = format!("{left_out} more hops are not kept");
        rows.push(told.row("", "", vec![Span::styled(text, workbench.theme.warning())]));
    }
    rows.push(Row::empty());
    rows.push(told.length());
    let mut parts: Vec<Part<'a>> = rows.into_iter().map(Part::from).collect();
    parts.push(Part::Hex(Hex::of_frame(&trace.frame, told.header_length(), &detail.fields)));
    let keys = [Command::EditFrame, Command::SendFrame, Command::Copy];
    let keys = workbench.keymap.hints(&keys, Some(Pane::Messages));
    let title = format!("Message {} of {}", trace.sequence, trace.pipeline);
    Sheet { title, keys, live: false, parts }
}

impl Told<'_> {
    fn header_length(&self) -> usize {
        let plans = self.workbench.topology.pipelines();
        let plan = plans.iter().find(|plan| plan.name == self.trace.pipeline);
        plan.map_or(0, |plan| plan.source.framing.wrapping().payload(&self.trace.frame).start)
    }

    /// A line: a time, the name of a step, and what happened.
    fn row(&self, time: &str, step: &str, body: Vec<Span<'static>>) -> Row {
        let theme = self.workbench.theme;
        let head = vec![
            Span::styled(format!("{time:>TIME$}  "), theme.accent()),
            Span::styled(
                format!("{:<width$} ", theme.fit(step, self.step), width = self.step),
                theme.quiet(),
            ),
        ];
        Row::new(head, body, Flow::Wrap)
    }

    fn source(&self) -> Vec<Row> {
        let theme = self.workbench.theme;
        let (header, payload) =
            self.trace.frame.split_at(self.header_length().min(self.trace.frame.len()));
        let payload = payload.get(..32).unwrap_or(payload);
        let cut = if header.len() + payload.len() < self.trace.frame_length { " .." } else { "" };
        let mut body = vec![Span::styled(self.trace.source.to_string(), theme.text())];
        if !header.is_empty() {
            body.push(Span::styled(format!("  {}", words::hex(header)), theme.second_bar()));
            body.push(Span::styled(theme.symbol(" │ ", " | "), theme.quiet()));
        }
        body.push(Span::styled(format!("{}{cut}", words::hex(payload)), theme.quiet()));
        vec![self.row("0", "source", body)]
    }

    /// How long the frame is, and how much of it is kept.
    fn length(&self) -> Row {
        let [all, kept] =
            [self.trace.frame_length, self.trace.frame.len()].map(|bytes| bytes as u64);
        let text = if kept < all {
            let [all, kept] = [all, kept].map(words::exact);
            format!("the first {kept} of the {all} bytes are kept")
        } else {
            words::counted(all, "byte")
        };
        Row::named(self.workbench.theme, "frame", 6, text)
    }

    /// The lines of a message, and of those that were made of it.
    fn node(&self, node: &Node) -> Vec<Row> {
        let mut rows: Vec<Row> = node.hops.iter().flat_map(|at| self.hop(*at)).collect();
        if !node.made.is_empty() {
            rows.extend(branches::rows(self, &node.made));
        }
        rows
    }

    /// The lines of a hop.
    fn hop(&self, at: usize) -> Vec<Row> {
        let Some(hop) = self.hops.get(at) else { return Vec::new() };
        let theme = self.workbench.theme;
        let time = self.time(hop);
        let one =
            |text: String, style| vec![self.row(&time, &hop.step, vec![Span::styled(text, style)])];
        match &hop.event {
            HopEvent::Decoded(message) => self.message(at, hop, message),
            HopEvent::Filtered => one("dropped on purpose".to_owned(), theme.warning()),
            HopEvent::Computed(made) => match made.as_slice() {
                [] => one("gave nothing".to_owned(), theme.quiet()),
                // What a state computation sends on is nearly always its state.
                [_] if self.changed_state(at, hop) => Vec::new(),
                [message] => self.message(at, hop, message),
                made => one(words::counted(made.len() as u64, "message"), theme.text()),
            },
            HopEvent::Partitioned { key, owner } => {
                let arrow = theme.symbol("→", "->");
                let body = vec![
                    Span::styled(format!("key {} {arrow} ", words::key(key)), theme.title()),
                    Span::styled(format!("worker {owner}"), theme.worker(owner.0)),
                ];
                vec![self.row(&time, &hop.step, body).opens(self.partition(&hop.step, key))]
            }
            HopEvent::StateChanged { key, created, before, after, saved, messages: _ } => {
                let mut words = vec![if *created { "a new partition" } else { "changes" }];
                words.extend((!*saved).then_some("not to be saved"));
                let style = if *created { theme.good() } else { theme.text() };
                let said = Span::styled(words.join(", "), style);
                let target = self.partition(&hop.step, key);
                let mut rows = vec![self.row(&time, &hop.step, vec![said]).opens(target)];
                rows.extend(self.change(at, before, after));
                rows
            }
            HopEvent::Encoded(bytes) => one(quoted(theme, bytes, usize::MAX - 1), theme.text()),
            HopEvent::Written(sink) => one(sink.to_string(), theme.text()),
            HopEvent::DeadLetter(reason) => {
                one(format!("{} {reason}", theme.symbol("✗", "x")), theme.bad())
            }
        }
    }

    /// A message, as one line if it is short, otherwise as a tree.
    fn message(&self, at: usize, hop: &Hop, json: &str) -> Vec<Row> {
        let theme = self.workbench.theme;
        let text = words::message(json);
        let mut first =
            self.row(&self.time(hop), &hop.step, vec![Span::styled(text.clone(), theme.text())]);
        if text.len() <= 80 {
            return vec![first];
        }
        let Some(value) = object(json) else { return vec![first] };
        first = self.row(&self.time(hop), &hop.step, Vec::new());
        let mut rows = vec![first];
        let folds = (self.folds, &*format!("hop {at}"));
        rows.extend(tree::rows(theme, "", TIME + 2 + self.step, &value, None, folds));
        rows
    }

    /// Whether the hop before, of the same step, has told what the state is.
    fn changed_state(&self, at: usize, hop: &Hop) -> bool {
        let mut before = self.hops.iter().take(at).rev();
        before.any(|before| {
            before.step == hop.step && matches!(before.event, HopEvent::StateChanged { .. })
        })
    }

    /// A state before and after.
    fn change(&self, at: usize, before: &str, after: &str) -> Vec<Row> {
        let theme = self.workbench.theme;
        let columns = TIME + 2 + self.step;
        let parse = |json: &str| serde_json::from_str::<Value>(json).ok();
        match (parse(before), parse(after)) {
            (Some(before), Some(after)) => {
                let folds = (self.folds, &*format!("hop {at}"));
                tree::rows(theme, "", columns, &after, Some(&before), folds)
            }
            // Too long, and cut.
            _ => [("before", before), ("after", after)]
                .into_iter()
                .map(|(name, text)| {
                    let text = Span::styled(format!("{name:<7}{text}"), theme.text());
                    self.row("", "", vec![text])
                })
                .collect(),
        }
    }
}

/// A JSON object.
fn object(json: &str) -> Option<Value> {
    serde_json::from_str(json).ok().filter(Value::is_object)
}
