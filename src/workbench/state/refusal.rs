//! Why a command can do nothing now, in a sentence: for the palette, and for the notice when its key is pressed.

use super::Workbench;
use super::windows::load::loaded;
use super::windows::overlay::Overlay;
use crate::workbench::commands::Command;
use crate::workbench::layout::Pane;
use crate::workbench::words;

impl Workbench {
    /// An order was refused: the window that waits for what was to come of it says so.
    pub fn refused(&mut self, why: String) {
        self.not_crashed();
        self.refused = Some(why.clone());
        self.notify(why, true);
    }

    /// No crash comes: one that was asked for is refused.
    pub(super) fn not_crashed(&mut self) {
        if matches!(self.overlay, Some(Overlay::Crashing)) {
            self.overlay = None;
        }
    }

    /// Why a command can do nothing now; `None` if it can.
    #[must_use]
    pub(in crate::workbench) fn refusal(&self, command: Command) -> Option<String> {
        let reason = match command {
            Command::NextPipeline => {
                let only = self.topology.pipelines().len() < 2;
                only.then_some("the application has no other pipeline")
            }
            Command::NextState => match self.topology.states().len() {
                0 => Some("the application has no state"),
                1 => Some("the application has no other state"),
                _ => None,
            },
            Command::GoPartitions | Command::Sort | Command::Reverse => {
                self.topology.states().is_empty().then_some("the application has no state")
            }
            Command::Open if self.pane == Pane::Partitions => return self.nothing_to_open(),
            Command::Revive if self.is_past() => Some("this is the past: go back to now first"),
            Command::Revive => return self.no_revival(),
            Command::Undo => {
                self.snapshot.undo.is_busy().then_some("a message is being taken back already")
            }
            Command::Live => (!self.is_past() && !self.snapshot.replaying).then_some("this is now"),
            Command::FindBefore | Command::FindAfter if self.seeking.wanted().is_none() => {
                let key = self.keymap.all_keys(Command::Find);
                return Some(format!("nothing was looked for yet: {key} types what to find"));
            }
            Command::Fault => self.nobody_to_blame(),
            Command::ChangeAfter | Command::MessageAfter | Command::FindAfter => {
                let is_now = !self.is_past() && !self.snapshot.replaying;
                is_now.then_some("this is now: nothing comes after it")
            }
            Command::Held => self.held().is_none().then_some("no message is held"),
            Command::Pin => {
                self.partition_at_hand().is_none().then_some("no partition is selected")
            }
            Command::EditFrame | Command::SendFrame => match self.frame_at_hand() {
                None if self.pane == Pane::Messages => Some("there is no message"),
                None => Some("there is no dead letter"),
                Some(at_hand) => return at_hand.refusal(),
            },
            Command::Load => {
                let none = loaded(&self.topology).next().is_none();
                none.then_some("no pipeline of the application has a generator of messages")
            }
            Command::MoreLoad | Command::LessLoad | Command::StopLoad => {
                (!self.has_load()).then_some("there is no load")
            }
            Command::FewerWorkers => {
                let (workers, processes) = (&self.snapshot.workers, &self.snapshot.processes);
                match processes {
                    None => (workers.len() < 2).then_some("one worker is the least"),
                    Some(processes) => (processes.workers_each.get() < 2)
                        .then_some("one worker in each process is the least"),
                }
            }
            Command::Zoom => {
                let typing = self.pane == Pane::Input && !self.zoomed;
                typing.then_some("the input line has no larger form: go to a pane first")
            }
            Command::Left | Command::Right if self.overlay.is_none() => {
                return self.no_way_sideways(command);
            }
            Command::Open if self.pane == Pane::Latency && self.overlay.is_none() => {
                self.slowest().is_none().then_some("no message is traced that could be opened")
            }
            Command::Open | Command::Filter if self.overlay.is_none() => {
                let rows = self.pane.has_rows();
                (!rows).then_some("this pane has no rows: go to a list first")
            }
            Command::SaveSent => self.sent.is_empty().then_some("nothing has been sent from here"),
            Command::Test => return self.no_test(),
            Command::Copy => self.selected_json().is_none().then_some("nothing is selected"),
            Command::Applications => {
                (self.applications.len() < 2).then_some("the program has no other application")
            }
            _ => None,
        };
        reason.map(str::to_owned)
    }

    /// Why no partition can be opened.
    fn nothing_to_open(&self) -> Option<String> {
        let key = self.partitions.out_of_sight(&self.snapshot.partitions)?;
        let key = words::key(key);
        Some(format!(
            "`{key}` is selected and out of sight: Up or Down selects a row that is in sight"
        ))
    }

    fn no_revival(&self) -> Option<String> {
        match self.partition_at_hand() {
            None => Some("no partition is selected".to_owned()),
            Some(row) if row.row.poisoned => None,
            Some(row) => Some(format!("partition `{}` is not poisoned", words::key(&row.row.key))),
        }
    }
}
