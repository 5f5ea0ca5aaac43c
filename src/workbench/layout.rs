//! The place of each pane on a screen of any size.

use ratatui::layout::{Constraint, Layout, Rect};

/// The smallest screen that the panes fit on.
pub const MIN_WIDTH: u16 = 60;
/// The smallest screen that the panes fit on.
pub const MIN_HEIGHT: u16 = 18;

/// From this size on there is room for everything.
const ROOMY_WIDTH: u16 = 100;
const ROOMY_HEIGHT: u16 = 34;

/// From this height of all panes on there is room for the log too.
const LOG_TOO: u16 = 33;

/// From this height on there is room for a third chart.
const THREE_CHARTS: u16 = 14;

/// A pane that keys can go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// Where messages are typed.
    Input,
    /// The partitions of a state.
    Partitions,
    /// The flow, and what happened to recent messages.
    Routing,
    /// What the sinks were given.
    Outputs,
    /// What happens to sources and sinks.
    Log,
    /// Messages that could not be processed.
    DeadLetters,
}

impl Pane {
    /// All panes, in the order in which Tab goes through them.
    pub const ALL: [Self; 6] =
        [Self::Input, Self::Partitions, Self::Routing, Self::Log, Self::Outputs, Self::DeadLetters];
}

/// The place of each pane. A pane without a place is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Places {
    /// What runs, and how.
    pub header: Rect,
    /// The partitions of a state.
    pub partitions: Option<Rect>,
    /// Messages in each second.
    pub throughput: Option<Rect>,
    /// How many seconds had how many messages.
    pub throughput_histogram: Option<Rect>,
    /// Latency.
    pub latency: Option<Rect>,
    /// The flow, and what happened to recent messages.
    pub routing: Option<Rect>,
    /// What the sinks were given.
    pub outputs: Option<Rect>,
    /// What happens to sources and sinks.
    pub log: Option<Rect>,
    /// Messages that could not be processed.
    pub dead_letters: Option<Rect>,
    /// Where messages are typed.
    pub input: Rect,
    /// The keys.
    pub footer: Rect,
}

impl Places {
    /// The place of a pane.
    #[must_use]
    pub fn of(&self, pane: Pane) -> Option<Rect> {
        match pane {
            Pane::Input => Some(self.input),
            Pane::Partitions => self.partitions,
            Pane::Routing => self.routing,
            Pane::Outputs => self.outputs,
            Pane::Log => self.log,
            Pane::DeadLetters => self.dead_letters,
        }
    }
}

/// The place of each pane. `None` if the screen is too small. `stateful` says whether there are
/// partitions to show; a zoomed pane takes the room of all others.
#[must_use]
pub fn places(area: Rect, stateful: bool, zoomed: Option<Pane>) -> Option<Places> {
    if area.width < MIN_WIDTH || area.height < MIN_HEIGHT {
        return None;
    }
    let roomy = area.width >= ROOMY_WIDTH && area.height >= ROOMY_HEIGHT;
    let [header, body, input, footer] = area.layout(&Layout::vertical([
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(4),
        Constraint::Length(1),
    ]));
    let frame = Places { header, input, footer, ..Places::default() };
    Some(match zoomed {
        Some(Pane::Partitions) if stateful => Places { partitions: Some(body), ..frame },
        Some(Pane::Routing) => Places { routing: Some(body), ..frame },
        Some(Pane::Outputs) => Places { outputs: Some(body), ..frame },
        Some(Pane::Log) => Places { log: Some(body), ..frame },
        Some(Pane::DeadLetters) => Places { dead_letters: Some(body), ..frame },
        _ => panes(frame, body, stateful, roomy),
    })
}

fn panes(frame: Places, body: Rect, stateful: bool, roomy: bool) -> Places {
    // A low screen has no room for the log, or for what leaves: Tab and zoom still show it.
    let (routing, log, bottom) = match (roomy, body.height) {
        (true, LOG_TOO..) => (9, 4, 6),
        (true, _) => (10, 0, 7),
        (false, 16..) => (6, 0, 4),
        (false, _) => (5, 0, 0),
    };
    let [top, routing, log, bottom] = body.layout(&Layout::vertical([
        Constraint::Fill(1),
        Constraint::Length(routing),
        Constraint::Length(log),
        Constraint::Length(bottom),
    ]));
    let [outputs, dead_letters] =
        bottom.layout(&Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]));
    let (partitions, charts) = if stateful {
        let [partitions, charts] =
            top.layout(&Layout::horizontal([Constraint::Fill(58), Constraint::Fill(42)]));
        (Some(partitions), charts)
    } else {
        (None, top)
    };
    let frame = Places {
        partitions,
        routing: Some(routing),
        outputs: (bottom.height > 0).then_some(outputs),
        log: (log.height > 0).then_some(log),
        dead_letters: (bottom.height > 0).then_some(dead_letters),
        ..frame
    };
    if roomy && charts.height >= THREE_CHARTS {
        let [throughput, histogram, latency] = charts.layout(&Layout::vertical([
            Constraint::Fill(5),
            Constraint::Fill(4),
            Constraint::Fill(5),
        ]));
        Places {
            throughput: Some(throughput),
            throughput_histogram: Some(histogram),
            latency: Some(latency),
            ..frame
        }
    } else {
        let height = if roomy { 5 } else { 3 };
        let [throughput, latency] =
            charts.layout(&Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]));
        Places { throughput: Some(throughput), latency: Some(latency), ..frame }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn panes_are_on_the_screen_and_do_not_overlap(width: u8, height: u8, stateful: bool) {
            let area = Rect::new(0, 0, width.into(), height.into());
            if let Some(places) = places(area, stateful, None) {
                let all: Vec<Rect> = [
                    Some(places.header), places.partitions, places.throughput,
                    places.throughput_histogram, places.latency, places.routing, places.outputs,
                    places.log, places.dead_letters, Some(places.input), Some(places.footer),
                ].into_iter().flatten().collect();
                let covered: u32 = all.iter().map(|place| place.area()).sum();
                prop_assert_eq!(covered, area.area());
                for (at, one) in all.iter().enumerate() {
                    prop_assert_eq!(one.intersection(area), *one);
                    for other in &all[at + 1..] {
                        prop_assert!(!one.intersects(*other), "{:?} {:?}", one, other);
                    }
                }
            }
        }
    }
}
