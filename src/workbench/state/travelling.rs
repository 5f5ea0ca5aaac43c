//! The past: which moment the keys go to.

use super::windows::detail::{Detail, Subject};
use super::windows::overlay::Overlay;
use super::windows::palette::Palette;
use super::{Effect, Workbench};
use crate::core::replay::Direction;
use crate::session::past::Travel;
use crate::telemetry::PartitionName;
use crate::workbench::commands::Command;
use crate::workbench::layout::Pane;

impl Workbench {
    /// Goes to another moment.
    pub(super) fn travel(&mut self, command: Command) -> Option<Effect> {
        let travel = match command {
            Command::ChangeBefore => Travel::Change(Direction::Back, self.partition_of_changes()),
            Command::ChangeAfter => Travel::Change(Direction::Forth, self.partition_of_changes()),
            Command::MessageBefore => Travel::Message(Direction::Back),
            Command::MessageAfter => Travel::Message(Direction::Forth),
            Command::FindBefore => Travel::Find(Direction::Back, self.seeking.wanted()?),
            Command::FindAfter => Travel::Find(Direction::Forth, self.seeking.wanted()?),
            Command::Fault => {
                let field = self.field_at_cursor();
                Travel::Fault(self.partition_of_changes()?, field)
            }
            Command::Live => Travel::Live,
            _ => return None,
        };
        self.frozen = false;
        Some(Effect::Travel(travel))
    }

    /// Whether the recording is looked through for a moment.
    pub(super) fn is_looking_back(&self) -> bool {
        self.snapshot.search.is_some()
    }

    /// The field of the opened partition's state under the cursor; empty for all of the state.
    fn field_at_cursor(&self) -> Vec<String> {
        match &self.overlay {
            Some(Overlay::Detail(detail)) => self.field_of(detail).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// Why it cannot be looked for whose fault something is.
    pub(super) fn nobody_to_blame(&self) -> Option<&'static str> {
        let has_partition = match &self.overlay {
            Some(Overlay::Detail(detail)) => matches!(detail.subject, Subject::Partition { .. }),
            Some(_) => false,
            None => self.pane == Pane::Partitions && !self.snapshot.partitions.rows.is_empty(),
        };
        (!has_partition).then_some("select a partition first, or open it and go to a field")
    }

    /// Whether a moment of the past is shown.
    pub(in crate::workbench) fn is_past(&self) -> bool {
        self.snapshot.past.is_some()
    }

    /// The partition whose changes are gone through: the one that is open, or the selected one of the focused pane.
    fn partition_of_changes(&mut self) -> Option<PartitionName> {
        match &self.overlay {
            Some(Overlay::Detail(Detail {
                subject: Subject::Partition { state, key, .. },
                ..
            })) => Some((*state, key.clone())),
            None if self.pane == Pane::Partitions => {
                // It stays selected where the order of the rows is another one.
                self.partitions.select(&self.snapshot.partitions)
            }
            _ => None,
        }
    }

    /// Lets the number of a message be typed.
    pub(super) fn type_message_number(&mut self) {
        self.open_palette();
        if let Some(Overlay::Palette(palette)) = &mut self.overlay {
            palette.begin(Palette::MESSAGE);
        }
    }
}
