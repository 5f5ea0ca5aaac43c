//! Pipelines that are merged: each has its source and its own steps, and their lines meet where the others begin.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::Widget;

use super::chain::{Chain, Form};
use super::forms::FORMS;
use crate::core::topology::MergedInto;
use crate::telemetry::PipelineShown;
use crate::workbench::theme::Theme;

/// The pipelines, those together that are merged: the first of them has all steps.
pub(super) fn groups(pipelines: &[PipelineShown]) -> impl Iterator<Item = &[PipelineShown]> {
    pipelines.chunk_by(|_, next| next.merged.is_some())
}

/// Draws a group. `first` is the number of its first pipeline, and `each` the rows that each has.
pub(super) fn render(
    theme: Theme,
    group: &[PipelineShown],
    first: usize,
    area: Rect,
    each: u16,
    buffer: &mut Buffer,
) {
    let summed = summed(group, first);
    let mut chains = Vec::new();
    for (form, _) in &FORMS {
        chains = lay_out(theme, &summed, first, *form, each < 2);
        if chains.iter().all(|chain| chain.width() <= usize::from(area.width)) {
            break;
        }
    }
    for (at, chain) in chains.iter().enumerate() {
        let row = row_of(at, each);
        for (line, row) in chain.lines().iter().take(usize::from(each)).zip(area.rows().skip(row)) {
            line.render(row, buffer);
        }
    }
    for (at, pipeline) in group.iter().enumerate() {
        let Some(merged) = pipeline.merged else { continue };
        let into = merged.into.0.saturating_sub(first);
        let Some(target) = chains.get(into) else { continue };
        let column = target.column(node_of(target, merged)) + target.joint();
        let (from, to) = (row_of(into, each), row_of(at, each));
        let begins = chains.get(at).map_or(column, Chain::width);
        connect(theme, area, [begins, column], [from, to], buffer);
    }
}

fn row_of(line: usize, each: u16) -> usize {
    line * usize::from(each)
}

/// The chains of a group, so far apart that the lines of those that are merged meet their arrows.
fn lay_out(
    theme: Theme,
    group: &[PipelineShown],
    first: usize,
    form: Form,
    beside: bool,
) -> Vec<Chain> {
    let chain = |pipeline: &PipelineShown| {
        let chain = Chain::new(theme, pipeline, form).named(&pipeline.name);
        if beside { chain.beside() } else { chain }
    };
    let mut chains: Vec<Chain> = group.iter().map(chain).collect();
    // Those that are merged into one that is merged itself come after it.
    for (at, pipeline) in group.iter().enumerate().rev() {
        let Some(merged) = pipeline.merged else { continue };
        let width = chains.get(at).map_or(0, Chain::width);
        if let Some(target) = chains.get_mut(merged.into.0.saturating_sub(first)) {
            let node = node_of(target, merged);
            target.begin_at(node, width + 1);
        }
    }
    chains
}

/// The node of a chain before whose arrow another line meets it.
fn node_of(target: &Chain, merged: MergedInto) -> usize {
    if target.has_steps() { (1 + merged.at.0).min(target.length().saturating_sub(1)) } else { 1 }
}

/// The pipelines with what is theirs alone, and the first with all that passes a step, whichever source it comes from.
fn summed(group: &[PipelineShown], first: usize) -> Vec<PipelineShown> {
    let mut summed = group.to_vec();
    for at in (0..summed.len()).rev() {
        let Some(one) = summed.get(at).cloned() else { continue };
        let Some(merged) = one.merged else { continue };
        let Some(target) = summed.get_mut(merged.into.0.saturating_sub(first)) else { continue };
        target.messages_out += one.messages_out;
        let shared = one.steps.iter().skip(merged.own_steps);
        for (step, other) in target.steps.iter_mut().skip(merged.at.0).zip(shared) {
            step.entered += other.entered;
            step.refused += other.refused;
            step.given += other.given;
        }
    }
    for pipeline in &mut summed {
        if let Some(merged) = pipeline.merged {
            pipeline.steps.truncate(merged.own_steps);
            pipeline.has_sink = false;
        }
    }
    summed
}

/// Draws the line from the end of a chain to the arrow that it meets, some rows above.
fn connect(
    theme: Theme,
    area: Rect,
    [begins, column]: [usize; 2],
    [from, to]: [usize; 2],
    buffer: &mut Buffer,
) {
    let mut draw = |column: usize, row: usize, unicode: &'static str, ascii: &'static str| {
        let (Ok(x), Ok(y)) = (u16::try_from(column), u16::try_from(row)) else { return };
        let place = Position::new(area.x.saturating_add(x), area.y.saturating_add(y));
        if area.contains(place)
            && let Some(cell) = buffer.cell_mut(place)
        {
            // Another line may end here already.
            let symbol = match (unicode, cell.symbol()) {
                ("│", "╯" | "┤") => "┤",
                (symbol, _) => symbol,
            };
            cell.set_symbol(theme.symbol(symbol, ascii)).set_style(theme.quiet());
        }
    };
    draw(column, from, "┬", "+");
    for row in from + 1..to {
        draw(column, row, "│", "|");
    }
    for at in begins..column {
        draw(at, to, "─", "-");
    }
    draw(column, to, "╯", "+");
}
