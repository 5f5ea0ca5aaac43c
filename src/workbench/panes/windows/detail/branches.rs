//! The messages that were made of one message: a line for each, in columns that stand below each other.

use ratatui::style::Style;
use ratatui::text::Span;

use super::sheet::{Flow, Row, Target};
use super::told::{TIME, Told};
use super::{changed, tree};
use crate::core::frames::trace::HopEvent;
use crate::core::frames::way::Node;
use crate::workbench::panes::frame::quoted;
use crate::workbench::state::windows::detail::folds::Branch as Fold;
use crate::workbench::words;

/// The widest column: what is longer only moves what follows it in its own line.
const WIDEST: usize = 40;

/// A line of the tree: the lines that lead to it, its columns, and what Enter opens.
struct Branch {
    lead: String,
    cells: Vec<Vec<Span<'static>>>,
    target: Option<Target>,
    folds: Option<Fold>,
}

/// A line for each of the messages, and for those that were made of them.
pub(super) fn rows(told: &Told<'_>, nodes: &[Node]) -> Vec<Row> {
    let mut branches = Vec::new();
    collect(told, nodes, ("", "made"), &mut branches);
    let columns = branches.iter().map(|branch| branch.cells.len()).max().unwrap_or(0);
    let width_of = |cell: &[Span<'static>]| cell.iter().map(Span::width).sum::<usize>();
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = branches.iter().filter_map(|branch| branch.cells.get(column));
            cells.map(|cell| width_of(cell)).filter(|width| *width <= WIDEST).max().unwrap_or(0)
        })
        .collect();
    let indent = " ".repeat(TIME + 2 + told.step + 1);
    let theme = told.workbench.theme;
    let row = |branch: Branch| {
        let head = vec![Span::styled(format!("{indent}{}", branch.lead), theme.quiet())];
        let mut body = Vec::new();
        for (cell, width) in branch.cells.into_iter().zip(&widths) {
            let padding = width.saturating_sub(width_of(&cell)) + 2;
            body.extend(cell);
            body.push(Span::raw(" ".repeat(padding)));
        }
        // Nothing follows the last column.
        body.pop();
        Row::new(head, body, Flow::Scroll).opens(branch.target).folds(branch.folds)
    };
    branches.into_iter().map(row).collect()
}

fn collect(
    told: &Told<'_>,
    nodes: &[Node],
    (lead, path): (&str, &str),
    branches: &mut Vec<Branch>,
) {
    let theme = told.workbench.theme;
    for (at, node) in nodes.iter().enumerate() {
        let last = at + 1 == nodes.len();
        let own = if last { theme.symbol("└ ", "` ") } else { theme.symbol("├ ", "|-") };
        let (mut cells, target) = cells(told, node);
        let fold = (!node.made.is_empty()).then(|| told.folds.branch(path, &at.to_string()));
        if let (Some(fold), Some(first)) = (&fold, cells.first_mut()) {
            let mark = format!(" {}", tree::fold_mark(theme, fold.folded));
            first.push(Span::styled(mark, theme.quiet()));
        }
        let below = if last { "  " } else { theme.symbol("│ ", "| ") };
        let open = fold.clone().filter(|fold| !fold.folded);
        branches.push(Branch { lead: format!("{lead}{own}"), cells, target, folds: fold });
        if let Some(Fold { path, .. }) = open {
            collect(told, &node.made, (&format!("{lead}{below}"), &path), branches);
        }
    }
}

/// What happened to a message, a cell for each hop that says something.
fn cells(told: &Told<'_>, node: &Node) -> (Vec<Vec<Span<'static>>>, Option<Target>) {
    let theme = told.workbench.theme;
    let arrow = theme.symbol("→", "->");
    let message = words::message(node.message.as_deref().unwrap_or_default());
    let mut cells = vec![one(message.clone(), theme.title())];
    let (mut target, mut state_step) = (None, None);
    for hop in node.hops.iter().filter_map(|at| told.hops.get(*at)) {
        let timed = |text: String, style| {
            let time = format!(" {:>TIME$}", told.time(hop));
            let mut cell = one(text, style);
            cell.push(Span::styled(time, theme.accent()));
            cell
        };
        match &hop.event {
            HopEvent::Partitioned { key, owner } => {
                let key_text = words::key(key);
                let mut cell = Vec::new();
                if key_text != message {
                    cell.push(Span::styled(format!("{key_text} "), theme.title()));
                }
                cell.push(Span::styled(format!("{arrow} worker {owner}"), theme.worker(owner.0)));
                cells.push(cell);
                target = target.or_else(|| told.partition(&hop.step, key));
            }
            HopEvent::StateChanged { created, before, after, .. } => {
                state_step = Some(&hop.step);
                let change = changed::changes(theme, *created, before, after);
                let (text, time) = (one(change, theme.good()), told.time(hop));
                cells.push(text);
                cells.push(one(format!("{time:>TIME$}"), theme.accent()));
            }
            // What a state computation sends on is nearly always its state: the change says it.
            HopEvent::Computed(made) if made.len() == 1 && state_step == Some(&hop.step) => {}
            HopEvent::Computed(made) => match made.as_slice() {
                [] => cells.push(timed("gave nothing".to_owned(), theme.quiet())),
                [message] => cells.push(timed(words::message(message), theme.text())),
                made => {
                    cells.push(timed(words::counted(made.len() as u64, "message"), theme.text()));
                }
            },
            HopEvent::Encoded(bytes) => {
                cells.push(one(quoted(theme, bytes, usize::MAX - 1), theme.text()));
                cells.push(one(format!("{:>TIME$}", told.time(hop)), theme.accent()));
            }
            HopEvent::Written(sink) => cells.push(timed(sink.to_string(), theme.quiet())),
            HopEvent::Filtered => {
                cells.push(timed("dropped on purpose".to_owned(), theme.warning()));
            }
            HopEvent::Decoded(message) => cells.push(timed(words::message(message), theme.text())),
            HopEvent::DeadLetter(reason) => {
                let text = format!("{} {}: {reason}", theme.symbol("✗", "x"), hop.step);
                cells.push(timed(text, theme.bad()));
            }
        }
    }
    (cells, target)
}

fn one(text: String, style: Style) -> Vec<Span<'static>> {
    vec![Span::styled(text, style)]
}
