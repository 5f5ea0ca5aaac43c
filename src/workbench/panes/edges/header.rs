//! The first line: what runs, and how.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::load::{in_few_words, late};
use crate::core::event::waiting_for;
use crate::runtime::RunState;
use crate::telemetry::{PastShown, SearchShown, SinkState, Snapshot};
use crate::workbench::commands::Command;
use crate::workbench::panes::charts::bars;
use crate::workbench::panes::frame::beginning;
use crate::workbench::state::Workbench;
use crate::workbench::state::windows::victims::workers_in_words;
use crate::workbench::words;

/// A narrower screen has the short words for what waits.
const WORDY: u16 = 70;

/// How many seconds the line of them shows.
const SPARKLINE: usize = 10;

pub(in crate::workbench::panes) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let chip = |text: &str, role: Style| {
        vec![Span::styled(format!(" {text} "), theme.chip(role)), Span::raw(" ")]
    };
    let name = Span::styled(format!(" {} ", snapshot.application), theme.accent());
    // What has the greatest number is left out first where there is no room.
    let mut parts = vec![(0, vec![name])];
    if let Some(past) = &snapshot.past {
        parts.push((0, chip(&past_in_words(workbench, past), theme.warning())));
    }
    let (text, role) = state(workbench);
    // In the past, that the engine runs is said by its rate.
    if snapshot.past.is_none() || role != theme.good() {
        parts.push((0, chip(&text, role)));
    }
    let processes = snapshot.processes.as_ref();
    if let Some(awaited) = processes.map(|all| &all.awaited).filter(|all| !all.is_empty()) {
        // Never left out: nothing goes on without them.
        parts.push((0, chip(&waiting_for(awaited), theme.warning())));
    }
    let totals = [(5, snapshot.totals.messages_in, "in"), (6, snapshot.totals.messages_out, "out")];
    // How many there were in the past is in the chip, or is not known.
    let totals = totals.into_iter().filter(|_| snapshot.past.is_none());
    parts.extend(totals.map(|(rank, count, word)| {
        let count = Span::raw(format!(" {} ", words::short(count)));
        (rank, vec![count, Span::styled(format!("{word} "), theme.quiet())])
    }));
    if let Some(text) = breakpoints(snapshot) {
        parts.push((1, vec![Span::styled(format!(" {text} "), theme.accent())]));
    }
    let letters_known = snapshot.past.as_ref().is_none_or(|past| past.letters_known);
    if snapshot.totals.dead_letters > 0 && letters_known {
        let dead = format!("{} dead", words::short(snapshot.totals.dead_letters));
        parts.push((1, chip(&dead, theme.bad())));
    }
    if let Some(load) = &snapshot.load {
        let style = if late(load).is_some() { theme.warning() } else { theme.accent() };
        parts.push((4, vec![Span::styled(format!(" {} ", in_few_words(load)), style)]));
    }
    let held_up = held_up(snapshot);
    let change = snapshot.changing_to.map(|workers| {
        let workers = workers_in_words(workers, snapshot.processes.as_ref());
        match held_up {
            None => format!("checkpoint, then {workers}"),
            Some(_) if area.width < WORDY => format!("{workers} wait"),
            Some(_) => format!("{workers} wait for the sink"),
        }
    });
    let goes_back = snapshot.replaying && snapshot.past.is_none();
    let goes_back = snapshot
        .search
        .as_ref()
        .map(|search| looking(workbench, search))
        .or_else(|| goes_back.then(|| "going back".to_owned()));
    let frozen = workbench.frozen.then(|| "screen frozen".to_owned());
    // Never left out, and cut if it is too long: it is why nothing else is of now.
    let away = snapshot.away.as_ref().map(|why| format!("trying again: {}", words::one_line(why)));
    let holds = processes.and_then(|processes| processes.holds_checkpoint);
    let holds = holds.map(|process| format!("a checkpoint waits for process {process}"));
    let warnings = [(1, holds), (3, change), (2, frozen), (0, goes_back), (0, away)].into_iter();
    parts.extend(warnings.filter_map(|(rank, warning)| {
        Some((rank, vec![Span::styled(format!(" {} ", warning?), theme.warning())]))
    }));
    let left = fitting(parts, usize::from(area.width));
    let left = beginning(theme, left, usize::from(area.width));
    let room = usize::from(area.width).saturating_sub(left.width());
    let right = figures(workbench, room);
    let width = u16::try_from(right.width()).unwrap_or(area.width).min(area.width);
    left.render(area, buffer);
    right.render(Rect { x: area.right().saturating_sub(width), width, ..area }, buffer);
}

/// The parts that fit the columns, in their order: the one with the greatest rank is left out first, and none with
/// rank 0.
fn fitting(mut parts: Vec<(u8, Vec<Span<'static>>)>, columns: usize) -> Line<'static> {
    let width = |parts: &[(u8, Vec<Span<'_>>)]| {
        parts.iter().flat_map(|(_, spans)| spans).map(Span::width).sum::<usize>()
    };
    while width(&parts) > columns
        && let Some(rank) = parts.iter().map(|(rank, _)| *rank).max().filter(|rank| *rank > 0)
    {
        parts.retain(|(kept, _)| *kept != rank);
    }
    parts.into_iter().flat_map(|(_, spans)| spans).collect()
}

/// How far a search is, and how it ends.
fn looking(workbench: &Workbench, search: &SearchShown) -> String {
    let key = workbench.keymap.shown_key(Command::Close, Some(workbench.pane));
    let ends = key.map(|key| format!(", {key} ends it")).unwrap_or_default();
    match search.all {
        0 => format!("looking back{ends}"),
        all => {
            let [looked, all] = [search.looked, all].map(words::short);
            format!("looking: {looked} of {all}{ends}")
        }
    }
}

/// Which moment is shown, and how many messages came after it.
fn past_in_words(workbench: &Workbench, past: &PastShown) -> String {
    let [message, last] = [past.message, past.last].map(words::exact);
    let back = match past.back() {
        0 => String::new(),
        back => format!(", {} back", words::exact(back)),
    };
    let goes_on =
        if workbench.snapshot.replaying { workbench.theme.symbol("…", "..") } else { "" };
    format!("PAST {message} of {last}{back}{goes_on}")
}

/// How many breakpoints are set, and whether the engine has stopped at one; `None` if none is.
fn breakpoints(snapshot: &Snapshot) -> Option<String> {
    let on = snapshot.breakpoints.all.iter().filter(|one| one.on).count() as u64;
    match (&snapshot.breakpoints.hit, &snapshot.breakpoints.held) {
        (Some(_), _) | (None, Some(_)) => Some("at a breakpoint".to_owned()),
        (None, None) => (on > 0).then(|| words::counted(on, "breakpoint")),
    }
}

/// Whether it runs.
fn state(workbench: &Workbench) -> (String, Style) {
    let (theme, snapshot) = (workbench.theme, &workbench.snapshot);
    let warning = theme.warning();
    if snapshot.away.is_some() {
        return ("AWAY".to_owned(), theme.bad());
    }
    if snapshot.starting {
        return ("STARTING".to_owned(), warning);
    }
    if let (RunState::Running, Some(held)) = (snapshot.run_state, &snapshot.breakpoints.held) {
        return (format!("HOLDS {}", held.sequence), warning);
    }
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
    let rate = words::short(snapshot.throughput.last());
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
