//! Load: its window, and what begins, changes and ends it.

use crossterm::event::KeyCode;

use super::windows::load::LoadRow;
use super::windows::overlay::Overlay;
use super::{Effect, Workbench};
use crate::core::load::settings::LoadSettings;
use crate::session::orders::Order;
use crate::telemetry::Snapshot;
use crate::workbench::commands::Command;
use crate::workbench::state::lists::rows::moved;
use crate::workbench::terminal::keys::Key;

/// A key that the window of the load has taken, and what it leads to.
pub(super) struct Taken(pub Option<Effect>);

impl Workbench {
    /// Takes note of the load of a snapshot, which a search changes too, and says what it has found.
    pub(super) fn note_load(&mut self, snapshot: &Snapshot) {
        let Some(load) = &snapshot.load else { return };
        self.load = load.settings;
        let known = self.snapshot.load.as_ref().and_then(|load| load.finding);
        if let Some(finding) = load.finding
            && known != Some(finding)
        {
            self.notify(finding.to_string(), false);
        }
    }

    /// Whether there is load.
    pub(in crate::workbench) fn has_load(&self) -> bool {
        self.snapshot.load.is_some()
    }

    /// Sets what the load is, and changes the one that there is.
    pub(super) fn set_load(&mut self, settings: LoadSettings) -> Option<Effect> {
        self.load = settings;
        self.has_load().then_some(Effect::Order(Order::Load(settings)))
    }

    /// Begins the load, or ends it.
    fn begin_or_end_load(&self) -> Effect {
        if self.has_load() {
            Effect::Order(Order::StopLoad)
        } else {
            Effect::Order(Order::Load(self.load))
        }
    }

    /// The row of the window after a command that moves.
    pub(super) fn load_row(&self, row: LoadRow, command: Command) -> LoadRow {
        let rows = LoadRow::of(&self.load, &self.topology);
        let at = rows.iter().position(|other| *other == row).unwrap_or(0);
        let next = moved(at, command, rows.len(), rows.len().saturating_sub(1));
        rows.get(next).copied().unwrap_or(row)
    }

    /// A key while the window of the load is open. `None` if it is not one of the window's own.
    pub(super) fn key_of_load(
        &mut self,
        row: LoadRow,
        key: Key,
        command: Option<Command>,
    ) -> Option<Taken> {
        let stays = |workbench: &mut Self, row| workbench.overlay = Some(Overlay::Load(row));
        match (key.code, command) {
            (KeyCode::Left | KeyCode::Right, _) => {
                let up = key.code == KeyCode::Right;
                let effect = self.set_load(row.changed(self.load, up, &self.topology));
                stays(self, row);
                Some(Taken(effect))
            }
            (_, Some(Command::Open)) => {
                stays(self, row);
                Some(Taken(Some(self.begin_or_end_load())))
            }
            (_, Some(Command::Load)) => Some(Taken(None)),
            (_, Some(command @ (Command::MoreLoad | Command::LessLoad | Command::StopLoad))) => {
                stays(self, row);
                Some(Taken(self.command(command)))
            }
            (_, Some(command)) => {
                let next = self.load_row(row, command);
                (next != row).then(|| {
                    stays(self, next);
                    Taken(None)
                })
            }
            (_, None) => None,
        }
    }
}
