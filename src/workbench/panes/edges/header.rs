//! The first line: what runs, and how.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::load::{in_few_words, late};
use crate::runtime::RunState;
use crate::telemetry::{SinkState, Snapshot};
use crate::workbench::panes::charts::bars;
use crate::workbench::state::Workbench;
use crate::workbench::words;

/// How many seconds the line of them shows.
const SPARKLINE: usize = 10;

pub(in crate::workbench::panes) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let chip = |text: &str, role: Style| {
        [Span::styled(format!(" {text} "), theme.chip(role)), Span::raw(" ")]
    };
    let name = format!(" {} ", snapshot.application);
    let mut left = vec![Span::styled(name, theme.accent())];
    let (text, role) = state(workbench);
    left.extend(chip(&text, role));
    let totals = [(snapshot.totals.messages_in, "in"), (snapshot.totals.messages_out, "out")];
    for (count, word) in totals {
        left.push(Span::raw(format!(" {} ", words::rate(count))));
        left.push(Span::styled(format!("{word} "), theme.quiet()));
    }
    if snapshot.totals.dead_letters > 0 {
        let dead = format!("{} dead", words::rate(snapshot.totals.dead_letters));
        left.extend(chip(&dead, theme.bad()));
    }
    if let Some(load) = &snapshot.load {
        let style = if late(load).is_some() { theme.warning() } else { theme.accent() };
        left.push(Span::styled(format!(" {} ", in_few_words(load)), style));
    }
    let held_up = held_up(snapshot);
    let change = snapshot.changing_to.map(|workers| {
        let workers = words::plural(workers as u64, "worker");
        match held_up {
            None => format!("checkpoint, then {workers}"),
            Some(_) => format!("{workers} wait for the sink"),
        }
    });
    let frozen = workbench.frozen.then(|| "screen frozen".to_owned());
    for warning in [change, frozen].into_iter().flatten() {
        left.push(Span::styled(format!(" {warning} "), theme.warning()));
    }
    let left = Line::from(left);
    let room = usize::from(area.width).saturating_sub(left.width());
    let right = figures(workbench, room);
    let width = u16::try_from(right.width()).unwrap_or(area.width).min(area.width);
    left.render(area, buffer);
    right.render(Rect { x: area.right().saturating_sub(width), width, ..area }, buffer);
}

/// Whether it runs.
fn state(workbench: &Workbench) -> (String, Style) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let warning = theme.warning();
    match (snapshot.run_state, held_up(snapshot)) {
        (RunState::Running, None) => ("RUNNING".to_owned(), theme.good()),
        (RunState::Running, Some(reason)) => (format!("STALLED: {reason}"), warning),
        (RunState::Pausing, _) => ("PAUSING".to_owned(), warning),
        (RunState::Paused, _) => (words::paused(snapshot.waits.unwrap_or_default()), warning),
        (RunState::Stepping(1), _) => ("waits for one message".to_owned(), warning),
        (RunState::Stepping(steps), _) => (format!("waits for {steps} messages"), warning),
    }
}

/// Why messages do not move; `None` if they do. The flow shows which sink it is.
fn held_up(snapshot: &Snapshot) -> Option<&'static str> {
    let sinks = snapshot.pipelines.iter().flat_map(|pipeline| &pipeline.sinks);
    let states: Vec<SinkState> = sinks.map(|sink| sink.state).collect();
    if states.contains(&SinkState::Waiting) {
        Some("no receiver")
    } else if states.contains(&SinkState::Stalled) {
        Some("sink stalled")
    } else {
        None
    }
}

/// The figures that fit; the less important ones are left out first.
fn figures(workbench: &Workbench, room: usize) -> Line<'static> {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let rate = words::rate(snapshot.throughput.last());
    // The figure with the greatest number is left out first.
    let mut figures = vec![(0, Span::raw(format!("{rate} msg/s")))];
    let line = sparkline(workbench);
    if !line.is_empty() {
        figures.push((1, Span::styled(line, theme.bar())));
    }
    let latency = snapshot.latency(workbench.window).summary;
    if latency.count > 0 {
        figures.push((2, Span::raw(format!("p99 {}", words::latency(latency.p99)))));
    }
    if let Some(safety) = &snapshot.safety {
        figures.push((4, Span::styled(format!("ckpt {}", safety.epoch.0), theme.quiet())));
    }
    figures.push((3, Span::styled(words::clock(snapshot.uptime), theme.quiet())));
    let width = |figures: &[(u8, Span<'_>)]| {
        figures.iter().map(|(_, figure)| figure.width() + 2).sum::<usize>()
    };
    while width(&figures) > room && !figures.is_empty() {
        let least = figures.iter().map(|(rank, _)| *rank).max();
        figures.retain(|(rank, _)| Some(*rank) != least);
    }
    let blank = |figure| [figure, Span::raw("  ")];
    let mut spans: Vec<_> = figures.into_iter().flat_map(|(_, figure)| blank(figure)).collect();
    if let Some(last) = spans.last_mut() {
        last.content = " ".into();
    }
    Line::from(spans)
}

/// The last seconds, each as high as its share of the greatest.
fn sparkline(workbench: &Workbench) -> String {
    let throughput = &workbench.snapshot.throughput;
    let skipped = throughput.seconds().len().saturating_sub(SPARKLINE);
    let seconds: Vec<u64> = throughput.seconds().skip(skipped).collect();
    bars::line(workbench.theme, &seconds, seconds.iter().copied().max().unwrap_or(0))
}
