//! A lane for each worker: its share of the messages of the last seconds, its rate, its partitions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::row::at_row;
use super::shown::{Shown, shown};
use crate::core::text::plural;
use crate::telemetry::{Snapshot, WorkerShown};
use crate::workbench::theme::Theme;
use crate::workbench::words;

/// The most and the least columns of a bar.
const LONGEST_BAR: usize = 40;
const SHORTEST_BAR: usize = 6;

/// What is said beside a bar.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Share, rate and partitions, with their words.
    Full,
    /// The same in few letters.
    Short,
    /// The share.
    Share,
}

/// The lanes that fit the rows.
#[expect(clippy::struct_field_names, reason = "the lanes are what there is")]
pub(super) struct Lanes {
    theme: Theme,
    lanes: Vec<Lane>,
    rows: u16,
    /// The names of those that have no lane, and their shares.
    others: Vec<(String, f64)>,
}

struct Lane {
    row: u16,
    worker: usize,
    name: String,
    share: f64,
    figures: String,
}

impl Lanes {
    pub fn new(theme: Theme, snapshot: &Snapshot, detail: Detail, height: u16) -> Self {
        let fit = usize::from(height).max(1);
        let all = shown(snapshot, fit);
        let lanes = if all.len() <= fit { all.len() } else { fit - 1 };
        let apart = all.len() == 2 && fit >= 3;
        let shares = Shares::of(&snapshot.workers);
        let lane = |(at, Shown { name, short, of }): (usize, &Shown)| Lane {
            row: u16::try_from(if apart { 2 * at } else { at }).unwrap_or(u16::MAX),
            worker: of.worker.0,
            name: match detail {
                Detail::Full => name.clone(),
                Detail::Short | Detail::Share => short.clone(),
            },
            share: shares.share(of),
            figures: figures(of, shares.share(of), detail),
        };
        let other = |shown: &Shown| (shown.short.trim().to_owned(), shares.share(&shown.of));
        Self {
            theme,
            lanes: all.iter().take(lanes).enumerate().map(lane).collect(),
            rows: height,
            others: all.iter().skip(lanes).map(other).collect(),
        }
    }

    /// The row of the steps before and after.
    pub fn chain_row(&self) -> u16 {
        let last = self.last_row();
        if last + 1 < self.rows || last < 2 { last / 2 } else { (last - 1) / 2 }
    }

    fn last_row(&self) -> u16 {
        self.lanes.last().map_or(0, |lane| lane.row)
    }

    fn texts_width(&self) -> usize {
        let of_lane = |lane: &Lane| lane.name.len() + lane.figures.chars().count();
        self.lanes.iter().map(of_lane).max().unwrap_or(0)
    }

    /// The least number of columns, with the lines to the steps at both sides.
    pub fn least_width(&self) -> usize {
        self.texts_width() + SHORTEST_BAR + 2 * usize::from(ARMS)
    }

    fn line(&self, lane: &Lane, width: usize) -> Line<'static> {
        let bar = width.saturating_sub(self.texts_width()).min(LONGEST_BAR);
        let style = self.theme.worker(lane.worker);
        let drawn = self.theme.horizontal_bar(lane.share, bar);
        Line::from(vec![
            Span::styled(lane.name.clone(), style),
            Span::styled(format!("{drawn:<bar$}"), style),
            Span::styled(lane.figures.clone(), self.theme.text()),
        ])
    }

    /// Draws the lanes alone.
    pub fn render(&self, area: Rect, buffer: &mut Buffer) {
        for lane in &self.lanes {
            at_row(&self.line(lane, usize::from(area.width)), area, lane.row, buffer);
        }
        self.render_others(area, buffer);
    }

    /// The row of those that have no lane.
    fn others_row(&self) -> u16 {
        self.lanes.last().map_or(0, |last| last.row + 1)
    }

    /// Draws the shares of those that have no lane.
    fn render_others(&self, area: Rect, buffer: &mut Buffer) {
        let line = Line::styled(self.others_in(usize::from(area.width)), self.theme.quiet());
        at_row(&line, area, self.others_row(), buffer);
    }

    /// The same below forked lanes: up to the right edge, unless the steps after the lanes are there.
    pub fn render_others_forked(&self, lanes: Rect, right: u16, buffer: &mut Buffer) {
        let below = self.others_row() > self.chain_row() + 1;
        // The count of the step after the lanes may be beside it.
        let right = if below { right } else { lanes.right().saturating_sub(2) };
        let x = lanes.x.saturating_add(ARMS).min(right);
        self.render_others(Rect { x, width: right - x, ..lanes }, buffer);
    }

    /// The shares of the workers without a lane: of as many as fit the columns, and of the others together.
    fn others_in(&self, columns: usize) -> String {
        let text = |(name, share): &(String, f64)| format!("{name} {}", words::percent(*share));
        let texts: Vec<String> = self.others.iter().map(text).collect();
        let line = |named: usize| {
            let rest: f64 = self.others.iter().skip(named).map(|(_, share)| share).sum();
            let more = texts.len() - named;
            let more = (more > 0).then(|| format!("+{more} more: {}", words::percent(rest)));
            texts.iter().take(named).cloned().chain(more).collect::<Vec<_>>().join("  ")
        };
        let mut lines = (0..=texts.len()).rev().map(line);
        let fitting = lines.find(|line| line.width() <= columns);
        fitting.unwrap_or_else(|| self.theme.fit(&line(0), columns))
    }

    /// Draws the lanes with the lines from the steps before and to the steps after.
    pub fn render_forked(&self, area: Rect, buffer: &mut Buffer) {
        let room = usize::from(area.width).saturating_sub(2 * usize::from(ARMS));
        let wanted = self.texts_width() + LONGEST_BAR;
        let width = room.min(wanted);
        for row in 0..=self.last_row().max(self.chain_row()) {
            let lane = self.lanes.iter().find(|lane| lane.row == row);
            let chained = row == self.chain_row();
            let up = row > 0;
            let down = row < self.last_row().max(self.chain_row());
            let t = self.theme;
            let (rule, head) = (t.symbol("─", "-"), t.symbol("▶ ", "> "));
            let dash = |drawn: bool| if drawn { rule } else { " " };
            let mut spans = vec![
                Span::styled(format!(" {}", dash(chained)), t.quiet()),
                Span::styled(joint(t, [chained, lane.is_some(), up, down]), t.quiet()),
            ];
            let arrow = if lane.is_some() { head } else { "  " };
            spans.push(Span::styled(arrow, t.quiet()));
            let before: usize = spans.iter().map(Span::width).sum();
            if let Some(lane) = lane {
                spans.extend(self.line(lane, width).spans);
            }
            let used: usize = spans.iter().map(Span::width).sum::<usize>() - before;
            spans.push(Span::raw(" ".repeat(width.saturating_sub(used))));
            spans.push(Span::styled(joint(t, [lane.is_some(), chained, up, down]), t.quiet()));
            // The line goes on to the next step, however far it is.
            let rest = usize::from(area.width).saturating_sub(width + before + 3);
            let tail = if chained { format!("{}{head}", rule.repeat(rest)) } else { String::new() };
            spans.push(Span::styled(tail, t.quiet()));
            at_row(&Line::from(spans), area, row, buffer);
        }
    }
}

/// The columns of the lines at each side of the lanes.
const ARMS: u16 = 5;

/// Where lines meet that go to the left, right, up and down.
fn joint(theme: Theme, arms: [bool; 4]) -> &'static str {
    let (unicode, ascii) = match arms {
        [true, true, false, false] => ("─", "-"),
        [true, true, false, true] => ("┬", "+"),
        [true, true, true, true] => ("┼", "+"),
        [true, true, true, false] => ("┴", "+"),
        [false, true, false, true] => ("╭", "+"),
        [false, true, true, true] => ("├", "+"),
        [false, true, true, false] => ("╰", "+"),
        [true, false, true, true] => ("┤", "+"),
        [true, false, true, false] => ("╯", "+"),
        [true, false, false, true] => ("╮", "+"),
        [false, false, true, true] => ("│", "|"),
        [true, false, false, false] => ("╴", "-"),
        [false, true, false, false] => ("╶", "-"),
        [false, false, ..] => (" ", " "),
    };
    theme.symbol(unicode, ascii)
}

/// What the shares are of: the messages of the last seconds, and without any, of the whole run.
pub(super) struct Shares {
    of_rates: bool,
    total: u64,
}

impl Shares {
    pub fn of(workers: &[WorkerShown]) -> Self {
        let rates: u64 = workers.iter().map(|worker| worker.rate).sum();
        let messages = workers.iter().map(|worker| worker.messages).sum();
        Self { of_rates: rates > 0, total: if rates > 0 { rates } else { messages } }
    }

    #[expect(clippy::cast_precision_loss, reason = "a share need not be exact")]
    pub fn share(&self, worker: &WorkerShown) -> f64 {
        let part = if self.of_rates { worker.rate } else { worker.messages };
        part as f64 / self.total.max(1) as f64
    }
}

fn figures(worker: &WorkerShown, share: f64, detail: Detail) -> String {
    let share = words::percent(share);
    let rate = format!("{}/s", words::short(worker.rate));
    let partitions = words::short(worker.partitions as u64);
    match detail {
        Detail::Full => {
            let noun = plural(worker.partitions as u64, "partition");
            format!(" {share:>4} {rate:>8}  {partitions} {noun} ")
        }
        Detail::Short => {
            format!(" {share:>4} {rate:>7} {partitions} p ")
        }
        Detail::Share => format!(" {share:>4} "),
    }
}
