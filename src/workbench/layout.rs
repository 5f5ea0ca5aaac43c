//! Which pane stands where, for a screen of any size.

use ratatui::layout::{Constraint, Layout, Rect};

/// The smallest screen that the panes fit on.
pub const LEAST_WIDTH: u16 = 60;
/// The smallest screen that the panes fit on.
pub const LEAST_HEIGHT: u16 = 18;

/// From this size on there is room for everything.
const ROOMY_WIDTH: u16 = 100;
const ROOMY_HEIGHT: u16 = 34;

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
    /// Messages that could not be processed.
    DeadLetters,
}

/// Where each pane stands; a pane without a place is not drawn.
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
            Pane::DeadLetters => self.dead_letters,
        }
    }
}

/// Where each pane stands. `None` where the screen is too small. `stateful` says whether there are
/// partitions to show; a zoomed pane takes the room of all others.
#[must_use]
pub fn places(area: Rect, stateful: bool, zoomed: Option<Pane>) -> Option<Places> {
    if area.width < LEAST_WIDTH || area.height < LEAST_HEIGHT {
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
        Some(Pane::DeadLetters) => Places { dead_letters: Some(body), ..frame },
        _ => panes(frame, body, stateful, roomy),
    })
}

fn panes(frame: Places, body: Rect, stateful: bool, roomy: bool) -> Places {
    // The partitions come first: a low screen shows a few of them, and no outputs and dead letters
    // (a pane that is zoomed is there on any screen).
    let (routing, bottom) = match body.height {
        _ if roomy => (10, 7),
        0..16 => (5, 0),
        _ => (6, 4),
    };
    let [top, routing, bottom] = body.layout(&Layout::vertical([
        Constraint::Fill(1),
        Constraint::Length(routing),
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
        dead_letters: (bottom.height > 0).then_some(dead_letters),
        ..frame
    };
    if roomy {
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
        let [throughput, latency] =
            charts.layout(&Layout::vertical([Constraint::Length(3), Constraint::Fill(1)]));
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
                    places.dead_letters, Some(places.input), Some(places.footer),
                ].into_iter().flatten().collect();
                let covered: u32 = all.iter().map(|area| area.area()).sum();
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
