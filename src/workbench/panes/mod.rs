//! One file a pane, named by what it shows. Each draws from the workbench's state and its snapshot,
//! within the area that it is given, and changes nothing.

mod bars;
pub(super) mod chooser;
mod dead_letter;
mod dead_letters;
mod flow;
mod footer;
mod frame;
mod header;
mod help;
mod input;
mod latency;
mod log;
mod outputs;
mod palette;
mod partition;
mod partitions;
mod routing;
mod safety;
mod throughput;
mod too_small;
mod trace;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::state::Workbench;
use super::state::overlay::Overlay;
use crate::application::is_printable;

/// Draws everything. Returns where the cursor stands, where it is shown.
pub(super) fn render(workbench: &Workbench, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let cursor = draw(workbench, area, buffer);
    make_printable(buffer);
    if workbench.theme.is_ascii() {
        make_ascii(buffer);
    }
    cursor
}

/// Takes away what a terminal would obey, and what cannot be seen. Panes show the most of it as bytes;
/// nothing of it gets past here.
fn make_printable(buffer: &mut Buffer) {
    for cell in buffer.content.iter_mut().filter(|cell| !cell.symbol().chars().all(is_printable)) {
        let symbol: String = cell.symbol().chars().filter(|part| is_printable(*part)).collect();
        cell.set_symbol(if symbol.is_empty() { " " } else { &symbol });
    }
}

/// Replaces what is left outside ASCII: ellipses, and characters of keys and messages.
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
    header::render(workbench, places.header, buffer);
    if let Some(area) = places.partitions {
        partitions::render(workbench, area, buffer);
    }
    if let Some(area) = places.throughput {
        throughput::render(workbench, area, buffer);
    }
    if let Some(area) = places.throughput_histogram {
        throughput::render_histogram(workbench, area, buffer);
    }
    if let Some(area) = places.latency {
        latency::render(workbench, area, buffer);
    }
    if let Some(area) = places.routing {
        routing::render(workbench, area, buffer);
    }
    if let Some(area) = places.outputs {
        outputs::render(workbench, area, buffer);
    }
    if let Some(area) = places.log {
        log::render(workbench, area, buffer);
    }
    if let Some(area) = places.dead_letters {
        dead_letters::render(workbench, area, buffer);
    }
    let cursor = input::render(workbench, places.input, buffer);
    footer::render(workbench, places.footer, buffer);
    match &workbench.overlay {
        None => cursor,
        Some(Overlay::Palette(palette)) => palette::render(workbench, palette, area, buffer),
        Some(Overlay::Help { scroll }) => {
            help::render(workbench, *scroll, area, buffer);
            None
        }
        Some(Overlay::Trace { trace, scroll }) => {
            trace::render(workbench, trace, *scroll, area, buffer);
            None
        }
        Some(Overlay::DeadLetter(letter)) => {
            dead_letter::render(workbench, letter, area, buffer);
            None
        }
        Some(overlay @ (Overlay::Crashing | Overlay::Safety)) => {
            let crashing = matches!(overlay, Overlay::Crashing);
            safety::render(workbench, crashing, area, buffer);
            None
        }
        Some(Overlay::LogLine(line)) => {
            log::render_line(workbench, line, area, buffer);
            None
        }
        Some(Overlay::Partition { key, last }) => {
            partition::render(workbench, key, last, area, buffer);
            None
        }
    }
}
