//! One file per pane, named by what it shows. Each reads the workbench's state and its snapshot, draws
//! within the area that it is given, and changes no state.

mod charts;
pub(super) mod chooser;
mod edges;
mod filter_note;
mod flow;
mod frame;
mod lists;
mod too_small;
mod windows;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::layout::Pane;
use super::state::Workbench;
use super::state::spots::Spot;
use crate::application::is_printable;
use charts::{latency, throughput};
use edges::{footer, header, input, moment};
use lists::{drawer, partitions};

/// Draws everything. Returns where the cursor is; `None` if it is hidden.
pub(super) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let cursor = draw(workbench, area, buffer);
    make_printable(buffer);
    if workbench.theme.is_ascii() {
        make_ascii(buffer);
    }
    cursor
}

/// Removes control characters and invisible characters. Panes show most of them as bytes; this catches
/// the rest.
fn make_printable(buffer: &mut Buffer) {
    for cell in buffer.content.iter_mut().filter(|cell| !cell.symbol().chars().all(is_printable)) {
        let symbol: String = cell.symbol().chars().filter(|part| is_printable(*part)).collect();
        cell.set_symbol(if symbol.is_empty() { " " } else { &symbol });
    }
}

/// Replaces the remaining characters outside ASCII: ellipses, and those of keys and messages.
fn make_ascii(buffer: &mut Buffer) {
    for cell in buffer.content.iter_mut().filter(|cell| !cell.symbol().is_ascii()) {
        let ascii = if cell.symbol() == "…" { "." } else { "?" };
        cell.set_symbol(ascii);
    }
}

fn draw(workbench: &Workbench, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let Some(places) = workbench.places_in(area) else {
        too_small::render(workbench, area, buffer);
        return None;
    };
    workbench.spots.clear();
    header::render(workbench, places.header, buffer);
    if let (Some(place), Some(past)) = (places.moment, &workbench.snapshot.past) {
        moment::render(workbench, past, place, buffer);
    }
    let mut cursor = None;
    for (pane, place) in &places.panes {
        workbench.spots.add(*place, Spot::Pane(*pane));
        match pane {
            Pane::Input => cursor = input::render(workbench, *place, buffer),
            Pane::Flow => flow::render(workbench, *place, buffer),
            Pane::Partitions => partitions::render(workbench, *place, buffer),
            Pane::Throughput => throughput::render(workbench, *place, buffer),
            Pane::Latency => latency::render(workbench, *place, buffer),
            Pane::Messages | Pane::Outputs | Pane::DeadLetters | Pane::Log => {
                drawer::render(workbench, *pane, places.tabs_of(*pane), *place, buffer);
            }
        }
    }
    if let Some(beside) = places.beside {
        windows::detail::beside(workbench, beside, buffer);
    }
    footer::render(workbench, places.footer, buffer);
    match &workbench.overlay {
        None => cursor,
        Some(overlay) => windows::render(workbench, overlay, area, buffer),
    }
}
