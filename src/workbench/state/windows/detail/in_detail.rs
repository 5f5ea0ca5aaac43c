//! What keys do in the window with all of one thing.

use super::folds::Folds;
use super::view::View;
use super::{Detail, Opens, Subject};
use crate::core::foresight::{FrameField, fields_of};
use crate::session::orders::Order;
use crate::telemetry::PartitionName;
use crate::workbench::commands::Command;
use crate::workbench::state::windows::over_panes::works_in_windows;
use crate::workbench::state::windows::overlay::Overlay;
use crate::workbench::state::{Effect, Workbench};

/// The bytes of a dead letter among which fields are looked for: longer ones have none.
const SHORT: usize = 4 * 1024;

impl Workbench {
    /// Opens a window. A window that is open waits beneath it.
    pub(in crate::workbench::state) fn open_detail(&mut self, subject: Subject) {
        let fields = self.fields_of(&subject);
        let mut detail = Detail { subject, view: View::default(), folds: Folds::default(), fields };
        let extent = self.extent_of(&detail);
        if let Some(at) = extent.wrong {
            detail.view = detail.view.at_byte(at, &extent);
        }
        self.beneath.extend(self.overlay.replace(Overlay::Detail(detail)));
    }

    /// What is known of the bytes of a frame.
    fn fields_of(&self, subject: &Subject) -> Vec<FrameField> {
        let (pipeline, frame) = match subject {
            Subject::Message(trace) => (&trace.pipeline, trace.frame.clone()),
            Subject::DeadLetter(letter) if !letter.header.is_empty() => {
                let bytes = letter.bytes.get(..SHORT).unwrap_or(&letter.bytes);
                (&letter.pipeline, [&*letter.header, bytes].concat())
            }
            _ => return Vec::new(),
        };
        let plan = self.topology.pipelines().iter().find(|plan| plan.name == *pipeline);
        plan.map(|plan| fields_of(&plan.source, &frame)).unwrap_or_default()
    }

    /// The partition whose window is open, or that is beside the lists.
    pub(in crate::workbench::state) fn opened_partition(&self) -> Option<PartitionName> {
        let has_room = || self.places().is_some_and(|places| places.beside.is_some());
        let subject = match &self.overlay {
            Some(Overlay::Detail(Detail { subject, .. })) => Some(subject.clone()),
            _ if has_room() => self.beside(),
            _ => None,
        };
        match subject? {
            Subject::Partition { state, key, .. } => Some((state, key)),
            _ => None,
        }
    }

    /// A key in the window. It has been taken off, and is put back if it stays.
    pub(in crate::workbench::state) fn key_of_detail(
        &mut self,
        detail: Detail,
        command: Option<Command>,
    ) -> Option<Effect> {
        match command {
            Some(Command::Close) if self.is_looking_back() => {
                self.overlay = Some(Overlay::Detail(detail));
                return self.command(Command::Close);
            }
            Some(Command::Close | Command::Quit) => {
                self.overlay = self.beneath.pop();
                // It may still be done, and takes memory.
                let is_branch = matches!(detail.subject, Subject::Branch);
                return is_branch.then_some(Effect::Order(Order::EndWhatIf));
            }
            Some(Command::Open) => return self.open_in_detail(detail),
            Some(Command::NextItem | Command::PreviousItem) => {
                let back = command == Some(Command::PreviousItem);
                self.neighbour(detail, back);
            }
            Some(
                command @ (Command::Up
                | Command::Down
                | Command::PageUp
                | Command::PageDown
                | Command::First
                | Command::Last
                | Command::Left
                | Command::Right),
            ) => self.move_in_detail(detail, command),
            Some(command) if works_here(command) => {
                self.overlay = Some(Overlay::Detail(detail));
                return self.command(command);
            }
            _ => self.overlay = Some(Overlay::Detail(detail)),
        }
        None
    }

    /// Moves the cursor of the window, which has been taken off. On a branch of a tree, to the left folds it,
    /// and to the right unfolds it.
    pub(in crate::workbench::state) fn move_in_detail(
        &mut self,
        mut detail: Detail,
        command: Command,
    ) {
        let branch = self.branch_at_cursor(&detail);
        match (command, branch) {
            (Command::Left, Some(branch)) if !branch.folded => detail.folds.set(branch, true),
            (Command::Right, Some(branch)) if branch.folded => detail.folds.set(branch, false),
            _ => detail.view = detail.view.moved(command, &self.extent_of(&detail)),
        }
        self.overlay = Some(Overlay::Detail(detail));
    }

    /// Opens what the line under the cursor is about, or folds or unfolds its branch. If it is about nothing else,
    /// the window closes.
    pub(in crate::workbench::state) fn open_in_detail(
        &mut self,
        mut detail: Detail,
    ) -> Option<Effect> {
        match (self.subject_at_cursor(&detail), self.branch_at_cursor(&detail)) {
            (Some(Opens::Window(subject)), _) => {
                self.overlay = Some(Overlay::Detail(detail));
                self.open_detail(subject);
            }
            (Some(Opens::Moment(travel)), _) => {
                self.overlay = Some(Overlay::Detail(detail));
                self.frozen = false;
                return Some(Effect::Travel(travel));
            }
            (None, Some(branch)) => {
                let folded = !branch.folded;
                detail.folds.set(branch, folded);
                self.overlay = Some(Overlay::Detail(detail));
            }
            (None, None) => self.overlay = self.beneath.pop(),
        }
        None
    }

    /// Goes to the next or the previous row of the list from which the window was opened.
    fn neighbour(&mut self, detail: Detail, back: bool) {
        if detail.subject.pane() == Some(self.pane) && self.beneath.is_empty() {
            self.move_selection(if back { Command::Up } else { Command::Down });
            self.open();
            if let Some(Overlay::Detail(next)) = &mut self.overlay {
                next.folds.clone_from(&detail.folds);
            }
        }
        if self.overlay.is_none() {
            self.overlay = Some(Overlay::Detail(detail));
        }
    }
}

/// Whether a command works while the window is open.
fn works_here(command: Command) -> bool {
    let of_subject =
        matches!(command, Command::Revive | Command::Pin | Command::EditFrame | Command::SendFrame);
    of_subject || works_in_windows(command)
}
