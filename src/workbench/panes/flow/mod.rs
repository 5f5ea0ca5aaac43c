//! The flow as a picture: the steps with what entered each and what was refused there, and a lane for each
//! worker.

mod chain;
mod elsewhere;
mod forms;
mod lanes;
mod merged;
mod row;
mod shown;
mod skew;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::Widget;

use super::frame::{pane, title_of};
use crate::core::topology::StepKind;
use crate::telemetry::PipelineShown;
use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;
use chain::Chain;
use forms::FORMS;
use lanes::{Detail, Lanes};

pub(super) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let focused = workbench.pane == Pane::Flow;
    // What it counts is not known of the past.
    let when = if workbench.is_past() { "now" } else { "" };
    let title = title_of(theme, Pane::Flow, focused, when);
    let room = usize::from(area.width).saturating_sub(title.width() + 4);
    let inner = pane(theme, title, skew::sentence(workbench, room), focused, area, buffer);
    let stateful = !workbench.topology.states().is_empty();
    match snapshot.pipelines.as_slice() {
        [pipeline] if stateful => forked(workbench, pipeline, inner, buffer),
        pipelines => {
            let each = if usize::from(inner.height) >= 2 * pipelines.len() { 2 } else { 1 };
            let rows = u16::try_from(each * pipelines.len()).unwrap_or(u16::MAX);
            let [chains, lanes] =
                inner.layout(&Layout::vertical([Constraint::Max(rows), Constraint::Fill(1)]));
            let each = u16::try_from(each).unwrap_or(1);
            let (mut first, mut y) = (0, chains.y);
            for group in merged::groups(pipelines) {
                let rows = u16::try_from(group.len()).unwrap_or(u16::MAX).saturating_mul(each);
                let place = Rect { y, height: rows, ..chains }.intersection(chains);
                match group {
                    [pipeline] => {
                        whole(workbench, pipeline, pipelines.len() > 1, place, buffer);
                    }
                    group => merged::render(workbench.theme, group, first, place, each, buffer),
                }
                first += group.len();
                y = y.saturating_add(rows);
            }
            if stateful && !lanes.is_empty() {
                Lanes::new(theme, snapshot, Detail::Full, lanes.height).render(lanes, buffer);
            }
        }
    }
}

/// A pipeline in one or two lines: the second one has the counts.
fn whole(
    workbench: &Workbench,
    pipeline: &PipelineShown,
    named: bool,
    area: Rect,
    buffer: &mut Buffer,
) {
    let forms = FORMS.iter().map(|(form, _)| Chain::new(workbench.theme, pipeline, *form));
    let beside = area.height < 2;
    let chains = forms.map(|chain| {
        let chain = if named { chain.named(&pipeline.name) } else { chain };
        let lines = chain.all(beside);
        (lines[0].width().max(lines[1].width()), lines)
    });
    let mut chains = chains.peekable();
    while let Some((width, lines)) = chains.next() {
        if width <= usize::from(area.width) || chains.peek().is_none() {
            lines.iter().zip(area.rows()).for_each(|(line, row)| line.render(row, buffer));
            return;
        }
    }
}

/// A pipeline whose messages are shared among the workers: its steps up to the state's, a lane for each
/// worker, and the steps after.
fn forked(workbench: &Workbench, pipeline: &PipelineShown, area: Rect, buffer: &mut Buffer) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let is_state = |step: &StepKind| matches!(step, StepKind::State { .. });
    let state = pipeline.steps.iter().position(|step| is_state(&step.plan.kind));
    let fork = state.map_or(pipeline.steps.len(), |at| at + 1);
    let room = usize::from(area.width);
    let mut forms = FORMS.iter().peekable();
    while let Some((form, detail)) = forms.next() {
        let [before, after] = Chain::new(theme, pipeline, *form).split(fork);
        let lanes = Lanes::new(theme, snapshot, *detail, area.height);
        let needed = before.width() + after.width() + lanes.least_width();
        if needed > room && forms.peek().is_some() {
            continue;
        }
        let [left, middle, right] = area.layout(&Layout::horizontal([
            Constraint::Length(before.columns()),
            Constraint::Fill(1),
            Constraint::Length(after.columns()),
        ]));
        let chain_row = lanes.chain_row();
        before.render_at(left, chain_row, buffer);
        after.render_at(right, chain_row, buffer);
        lanes.render_forked(middle, buffer);
        lanes.render_others_forked(middle, area.right(), buffer);
        return;
    }
}
