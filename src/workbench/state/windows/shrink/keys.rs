//! What keys do in the window of the smallest input.

use crossterm::event::{KeyCode, KeyEvent};

use super::Shrink;
use super::asking::Asking;
use super::selection::Suggested;
use crate::core::replay::smallest::Found;
use crate::session::orders::Order;
use crate::telemetry::{ShrinkShown, ShrinkStage, Snapshot};
use crate::workbench::commands::Command;
use crate::workbench::state::lists::frame_at_hand::AtHand;
use crate::workbench::state::windows::over_panes::works_in_windows;
use crate::workbench::state::windows::overlay::Overlay;
use crate::workbench::state::windows::question::Question;
use crate::workbench::state::{Effect, Workbench};
use crate::workbench::terminal::keys::Key as TerminalKey;
use crate::workbench::words;

/// What is asked for if nothing is selected.
const ANY: &str = "dead";

impl Workbench {
    /// Opens the window: the search that is under way, or what it has found of what is selected; else asks for a
    /// condition.
    pub(in crate::workbench::state) fn open_shrink(&mut self) {
        let suggested = self.suggested();
        let is_shown = self.snapshot.shrinking.as_ref().is_some_and(|shrinking| {
            let same = |suggested: &Suggested| *shrinking.when == suggested.when;
            shrinking.is_searching() || suggested.as_ref().is_none_or(same)
        });
        let shrink = if is_shown { Shrink::showing() } else { self.asking(suggested) };
        self.beneath.extend(self.overlay.replace(Overlay::Shrink(shrink)));
    }

    /// A window that asks for a condition.
    fn asking(&self, suggested: Option<Suggested>) -> Shrink {
        let last = self.snapshot.shrinking.as_ref().map(|shrinking| shrinking.when.to_string());
        let (when, of) = match suggested {
            Some(Suggested { when, of }) => (when, Some(of)),
            None => (last.unwrap_or_else(|| ANY.to_owned()), None),
        };
        let asking = Asking::new(when, of, self.known_fields());
        Shrink { asking: Some(asking), selected: 0 }
    }

    /// A key in the window. It has been taken off, and is put back if it stays.
    pub(in crate::workbench::state) fn key_of_shrink(
        &mut self,
        shrink: Shrink,
        (key, event): (TerminalKey, KeyEvent),
        command: Option<Command>,
    ) -> Option<Effect> {
        match shrink {
            Shrink { asking: Some(asking), selected } => {
                self.key_of_asking(asking, selected, (key, event))
            }
            showing => self.key_of_result(showing, key, command),
        }
    }

    fn key_of_asking(
        &mut self,
        mut asking: Asking,
        selected: usize,
        (key, event): (TerminalKey, KeyEvent),
    ) -> Option<Effect> {
        let has_result = self.snapshot.shrinking.is_some();
        match key.code {
            KeyCode::Esc => {
                self.overlay = self.beneath.pop();
                return None;
            }
            KeyCode::Tab if has_result => {
                self.overlay = Some(Overlay::Shrink(Shrink::showing()));
                return None;
            }
            KeyCode::Enter => {
                if let Some(when) = asking.condition().map(str::to_owned) {
                    self.refused = None;
                    self.overlay = Some(Overlay::Shrink(Shrink::showing()));
                    let order = Order::Shrink(when.as_str().into());
                    return (!self.is_known(&when)).then_some(Effect::Order(order));
                }
            }
            _ => asking.key(event),
        }
        self.overlay = Some(Overlay::Shrink(Shrink { asking: Some(asking), selected }));
        None
    }

    /// Whether the smallest input for a condition is being looked for, or is known for all that is recorded.
    fn is_known(&self, when: &str) -> bool {
        let known = self.snapshot.shrinking.as_ref().filter(|known| *known.when == *when);
        known.is_some_and(|known| match &known.stage {
            ShrinkStage::Searching(_) => true,
            ShrinkStage::Found(found) => {
                found.input.complete && found.recorded == self.snapshot.totals.messages_in
            }
            ShrinkStage::Nothing(_) => false,
        })
    }

    fn key_of_result(
        &mut self,
        mut shrink: Shrink,
        key: TerminalKey,
        command: Option<Command>,
    ) -> Option<Effect> {
        let found = self.found_input();
        let is_searching = self.snapshot.shrinking.as_ref().is_some_and(ShrinkShown::is_searching);
        match command {
            Some(Command::Close) => {
                self.overlay = self.beneath.pop();
                return None;
            }
            Some(Command::Quit) if key.is_text() => {
                self.overlay = self.beneath.pop();
                return None;
            }
            Some(Command::Open) if is_searching => {
                self.overlay = Some(Overlay::Shrink(shrink));
                return Some(Effect::Order(Order::EndShrink));
            }
            // The condition as it is, to be changed.
            Some(Command::Shrink) => shrink = self.asking(None),
            Some(Command::EditFrame | Command::SendFrame | Command::SaveSent)
                if found.is_some() =>
            {
                self.overlay = Some(Overlay::Shrink(shrink));
                return command.and_then(|command| self.of_input(command));
            }
            Some(command) if works_in_windows(command) => {
                self.overlay = Some(Overlay::Shrink(shrink));
                return self.command(command);
            }
            Some(command) => {
                shrink.go(command, found.as_deref());
            }
            None => {}
        }
        self.overlay = Some(Overlay::Shrink(shrink));
        None
    }

    /// Does something with the result, or with its selected message.
    fn of_input(&mut self, command: Command) -> Option<Effect> {
        match command {
            Command::SaveSent => self.save_input(),
            Command::SendFrame => {
                let Some(AtHand::Shrunk { number, pipeline, .. }) = self.frame_at_hand() else {
                    self.notify("no message is selected".to_owned(), false);
                    return None;
                };
                let lines = vec![format!(
                    "The message that is shown for #{number} enters {pipeline} now, as if its source had read it."
                )];
                self.ask(Question { title: "Send it?", lines, command });
                None
            }
            other => self.command(other),
        }
    }

    /// What the search has found.
    pub(in crate::workbench) fn found_input(&self) -> Option<std::sync::Arc<Found>> {
        self.snapshot.shrinking.as_ref().and_then(|shrinking| shrinking.found().cloned())
    }

    /// Says that the search has ended, if its window is not open.
    pub(in crate::workbench::state) fn note_shrunk(&mut self, snapshot: &Snapshot) {
        let was_searching = self.snapshot.shrinking.as_ref().is_some_and(ShrinkShown::is_searching);
        let is_open =
            matches!(&self.overlay, Some(Overlay::Shrink(shrink)) if shrink.asking.is_none());
        let Some(now) = snapshot.shrinking.as_ref().filter(|_| was_searching && !is_open) else {
            return;
        };
        match &now.stage {
            ShrinkStage::Searching(_) => {}
            ShrinkStage::Found(found) => {
                let left = words::counted(found.input.messages.len() as u64, "message");
                let key = self.keymap.all_keys(Command::Shrink);
                self.notify(format!("the smallest input has {left}: {key} shows it"), false);
            }
            ShrinkStage::Nothing(why) => self.notify(why.to_string(), true),
        }
    }
}
