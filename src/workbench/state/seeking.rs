//! Finds in the past: the keys of the line in which a condition is typed.

use crossterm::event::{KeyCode, KeyEvent};

use super::windows::overlay::Overlay;
use super::{Effect, Workbench};
use crate::core::replay::Direction;
use crate::session::past::Travel;
use crate::workbench::commands::Command;
use crate::workbench::terminal::keys::Key as TerminalKey;

impl Workbench {
    /// Lets be typed what is to be found.
    pub(super) fn open_seek(&mut self) {
        let fields = self.known_fields();
        self.seeking.begin(fields);
        self.beneath.extend(self.overlay.replace(Overlay::Seek));
    }

    /// A key while it is typed. The window has been taken off, and is put back if it stays.
    pub(in crate::workbench::state) fn key_of_seek(
        &mut self,
        key: TerminalKey,
        event: KeyEvent,
    ) -> Option<Effect> {
        match key.code {
            KeyCode::Esc => self.overlay = self.beneath.pop(),
            KeyCode::Enter => match self.seeking.take() {
                // What is wrong stays open: there is nothing to look for.
                None => self.overlay = Some(Overlay::Seek),
                Some(wanted) => {
                    self.overlay = self.beneath.pop();
                    self.frozen = false;
                    return Some(Effect::Travel(Travel::Find(Direction::Back, wanted)));
                }
            },
            _ => {
                self.seeking.key(key, event);
                self.overlay = Some(Overlay::Seek);
            }
        }
        None
    }

    /// The keys that find it again, as the window names them.
    #[must_use]
    pub(in crate::workbench) fn keys_of_finding(&self) -> [String; 2] {
        let shown = |command| self.keymap.shown_key(command, None).map(|key| key.to_string());
        [Command::FindBefore, Command::FindAfter].map(|command| shown(command).unwrap_or_default())
    }
}
