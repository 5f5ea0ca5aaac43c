//! What can be lost if there are several processes: one of them, or what all have in memory.

use super::overlay::Overlay;
use super::palette::{Choose, Item, Palette};
use crate::core::numbers::ProcessIndex;
use crate::telemetry::ProcessesShown;
use crate::workbench::state::Workbench;
use crate::workbench::words;

impl Workbench {
    /// Asks what is to be lost, if there are processes that can be killed. False if there are none.
    pub(in crate::workbench::state) fn open_victims(&mut self) -> bool {
        let processes = self.snapshot.processes.as_ref().filter(|all| all.are_children);
        let Some(processes) = processes else { return false };
        let all = Item {
            name: "crash".to_owned(),
            keys: String::new(),
            about: "lose what all processes have in memory, and see it recover".to_owned(),
            refusal: None,
            choose: Choose::LoseAll,
        };
        // The first one has the engine: without it, nobody would be here to see it.
        let victims = (1..processes.count()).map(|process| victim(processes, process));
        self.overlay = Some(Overlay::Palette(Palette::new(victims.chain([all]).collect())));
        true
    }
}

fn victim(processes: &ProcessesShown, process: usize) -> Item {
    let address = processes.named.get(process).and_then(|named| named.address.as_ref());
    let at = address.map(|address| format!(" at {address}")).unwrap_or_default();
    let workers = processes.workers(ProcessIndex(process));
    let workers = match workers.len() {
        1 => format!("worker {}", workers.start),
        2 => format!("workers {} and {}", workers.start, workers.start + 1),
        _ => format!("workers {} to {}", workers.start, workers.end.saturating_sub(1)),
    };
    Item {
        name: format!("kill process {process}"),
        keys: String::new(),
        about: format!("kill -9 it, with {workers}{at}: all go back to what is saved"),
        refusal: None,
        choose: Choose::Kill(ProcessIndex(process)),
    }
}

/// So many workers, in each process if there are several.
pub(in crate::workbench) fn workers_in_words(
    all: usize,
    processes: Option<&ProcessesShown>,
) -> String {
    let text = words::counted(all as u64, "worker");
    match processes.map(ProcessesShown::count) {
        None => text,
        Some(processes) => format!("{text}, {} in each process", all / processes.max(1)),
    }
}
