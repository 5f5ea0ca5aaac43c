//! The place of each pane on a screen of any size.

use ratatui::layout::{Constraint, Layout, Rect};

/// The smallest screen that the panes fit on.
pub const MIN_WIDTH: u16 = 60;
/// The smallest screen that the panes fit on.
pub const MIN_HEIGHT: u16 = 18;

/// From this size on, the lists are beside each other.
const WIDE: u16 = 160;
const WIDE_HEIGHT: u16 = 40;

/// From this height of all panes on, the flow has room for its picture.
const ROOM_FOR_LANES: u16 = 22;

/// From this height of the charts on, there is room for two.
const TWO_CHARTS: u16 = 8;

/// The lists of the one drawer, if there is no room for more.
const ONE_DRAWER: &[&[Pane]] = &[&[Pane::Messages, Pane::Outputs, Pane::DeadLetters, Pane::Log]];
/// Where they are beside each other: a column, and two that share another one.
const THREE_DRAWERS: &[&[Pane]] =
    &[&[Pane::Messages], &[Pane::Outputs], &[Pane::DeadLetters, Pane::Log]];

/// A pane that keys can go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// Where messages are typed.
    Input,
    /// The steps, and the workers' shares.
    Flow,
    /// The partitions of a state.
    Partitions,
    /// Messages in each second.
    Throughput,
    /// The time from frame to output.
    Latency,
    /// What happened to recent messages.
    Messages,
    /// What the sinks were given.
    Outputs,
    /// Messages that could not be processed.
    DeadLetters,
    /// What happens to sources and sinks.
    Log,
}

impl Pane {
    /// All panes, in the order of the eye. Their places here are their keys.
    pub const ALL: [Self; 9] = [
        Self::Input,
        Self::Flow,
        Self::Partitions,
        Self::Throughput,
        Self::Latency,
        Self::Messages,
        Self::Outputs,
        Self::DeadLetters,
        Self::Log,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "Input",
            Self::Flow => "Flow",
            Self::Partitions => "Partitions",
            Self::Throughput => "Throughput",
            Self::Latency => "Latency",
            Self::Messages => "Messages",
            Self::Outputs => "Outputs",
            Self::DeadLetters => "Dead letters",
            Self::Log => "Log",
        }
    }

    /// The key that goes there.
    #[must_use]
    pub fn number(self) -> usize {
        Self::ALL.iter().position(|pane| *pane == self).unwrap_or(0)
    }

    /// Whether it has rows, or takes text: Tab goes only there.
    #[must_use]
    pub fn has_rows(self) -> bool {
        !matches!(self, Self::Flow | Self::Throughput | Self::Latency)
    }
}

/// What the places depend on beside the size.
#[derive(Debug, Clone, Copy)]
pub struct Shape<'a> {
    /// Whether there are partitions to show.
    pub stateful: bool,
    /// How many rows the flow has if there is room.
    pub flow: u16,
    /// Whether a moment of the past is shown.
    pub past: bool,
    /// The panes that had the keys, the last one first: a drawer shows the first that it has.
    pub visited: &'a [Pane],
}

/// The place of each pane. A pane without a place is not drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    /// Whether it runs, and the figures that matter most.
    pub header: Rect,
    /// Where the moment is in the recording, if it is one of the past.
    pub moment: Option<Rect>,
    /// The panes.
    pub panes: Vec<(Pane, Rect)>,
    /// The column with all of what is selected, on a large screen: it needs no window then.
    pub beside: Option<Rect>,
    /// Which lists share a place: the others are tabs there.
    drawers: &'static [&'static [Pane]],
    /// The keys.
    pub footer: Rect,
}

impl Places {
    /// The place of a pane.
    #[must_use]
    pub fn of(&self, pane: Pane) -> Option<Rect> {
        self.panes.iter().find(|(shown, _)| *shown == pane).map(|(_, place)| *place)
    }

    /// The panes that have the same place as this one, itself included.
    #[must_use]
    pub fn tabs_of(&self, pane: Pane) -> &'static [Pane] {
        self.drawers.iter().find(|tabs| tabs.contains(&pane)).copied().unwrap_or_default()
    }
}

/// The place of each pane. `None` if the screen is too small. A zoomed pane takes the room of all others.
#[must_use]
pub fn places(area: Rect, shape: Shape<'_>, zoomed: Option<Pane>) -> Option<Places> {
    if area.width < MIN_WIDTH || area.height < MIN_HEIGHT {
        return None;
    }
    let [header, moment, body, input, footer] = area.layout(&Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(u16::from(shape.past)),
        Constraint::Fill(1),
        Constraint::Length(3),
        Constraint::Length(1),
    ]));
    let wide = area.width >= WIDE && area.height >= WIDE_HEIGHT && zoomed.is_none();
    let drawers = if wide { THREE_DRAWERS } else { ONE_DRAWER };
    let (mut panes, beside) = match zoomed.filter(|pane| *pane != Pane::Input) {
        Some(pane) => (vec![(pane, body)], None),
        None => unzoomed(body, shape, drawers),
    };
    panes.push((Pane::Input, input));
    let moment = shape.past.then_some(moment);
    Some(Places { header, moment, panes, beside, drawers, footer })
}

/// The panes below each other and in columns, and the column beside the partitions if the lists are beside each
/// other too.
fn unzoomed(
    body: Rect,
    shape: Shape<'_>,
    drawers: &[&[Pane]],
) -> (Vec<(Pane, Rect)>, Option<Rect>) {
    let most = if body.height < ROOM_FOR_LANES { 2 } else { body.height / 6 };
    let [flow, rest] = body.layout(&Layout::vertical([
        Constraint::Length(1 + shape.flow.min(most)),
        Constraint::Fill(1),
    ]));
    let [top, bottom] =
        rest.layout(&Layout::vertical([Constraint::Fill(50), Constraint::Fill(50)]));
    let mut panes = vec![(Pane::Flow, flow)];
    let mut beside = None;
    let charts = if shape.stateful && drawers.len() > 1 {
        let [partitions, column, charts] = columns(top, [44, 30, 26]);
        panes.push((Pane::Partitions, partitions));
        beside = Some(column);
        charts
    } else if shape.stateful {
        let [partitions, charts] = columns(top, [62, 38]);
        panes.push((Pane::Partitions, partitions));
        charts
    } else {
        top
    };
    if charts.height >= TWO_CHARTS {
        let [throughput, latency] =
            charts.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]));
        panes.extend([(Pane::Throughput, throughput), (Pane::Latency, latency)]);
    } else {
        panes.push((Pane::Throughput, charts));
    }
    // A list that shares its place with others is the one that had the keys last.
    let shown = |tabs: &[Pane]| {
        let last = shape.visited.iter().find(|pane| tabs.contains(pane));
        last.or(tabs.first()).copied().unwrap_or(Pane::Messages)
    };
    match drawers {
        [left, upper, lower] => {
            let [messages, others] = columns(bottom, [62, 38]);
            let [outputs, letters] =
                others.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]));
            let all = [(left, messages), (upper, outputs), (lower, letters)];
            panes.extend(all.map(|(tabs, place)| (shown(tabs), place)));
        }
        drawers => panes.extend(drawers.first().map(|tabs| (shown(tabs), bottom))),
    }
    (panes, beside)
}

/// Columns with a blank one between any two.
fn columns<const N: usize>(area: Rect, shares: [u16; N]) -> [Rect; N] {
    area.layout(&Layout::horizontal(shares.map(Constraint::Fill)).spacing(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn panes_are_on_the_screen_and_do_not_overlap(
            width: u8, height: u8, stateful: bool, past: bool, flow in 1_u16..40, at in 0_usize..9,
            zoomed: bool,
        ) {
            let area = Rect::new(0, 0, width.into(), height.into());
            let visited = [Pane::ALL[at]];
            let shape = Shape { stateful, flow, past, visited: &visited };
            if let Some(places) = places(area, shape, zoomed.then_some(visited[0])) {
                let panes = places.panes.iter().map(|(_, place)| *place);
                let others = [places.header, places.footer].into_iter();
                let others = others.chain(places.beside).chain(places.moment);
                let all: Vec<Rect> = panes.chain(others).collect();
                for (at, one) in all.iter().enumerate() {
                    prop_assert_eq!(one.intersection(area), *one);
                    prop_assert!(!one.is_empty());
                    for other in &all[at + 1..] {
                        prop_assert!(!one.intersects(*other), "{:?} {:?}", one, other);
                    }
                }
            }
        }
    }

    #[test]
    fn a_drawer_shows_the_list_that_had_the_keys_last() {
        let shown = |width, visited: &[Pane]| {
            let shape = Shape { stateful: true, flow: 3, past: false, visited };
            let places = places(Rect::new(0, 0, width, 60), shape, None).unwrap();
            [Pane::Messages, Pane::Outputs, Pane::DeadLetters, Pane::Log]
                .map(|pane| places.of(pane).is_some())
        };
        assert_eq!(shown(120, &[]), [true, false, false, false]);
        assert_eq!(shown(120, &[Pane::Input, Pane::Log]), [false, false, false, true]);
        assert_eq!(shown(200, &[]), [true, true, true, false]);
        assert_eq!(shown(200, &[Pane::Messages, Pane::Log]), [true, true, false, true]);
    }
}
