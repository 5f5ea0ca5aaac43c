//! A message that a breakpoint holds: its window, what the keys there do, and what is typed to take its place.

use std::sync::Arc;

use bytes::Bytes;
use crossterm::event::KeyCode;

use super::lists::frame_at_hand::MAX_EDITED;
use super::windows::overlay::Overlay;
use super::{Effect, Notice, Workbench};
use crate::core::foresight::one_frame;
use crate::runtime::RunState;
use crate::session::orders::{HeldOrder, Order};
use crate::telemetry::{HeldShown, Snapshot};
use crate::workbench::commands::Command;
use crate::workbench::layout::Pane;
use crate::workbench::terminal::keys::Key as TerminalKey;
use crate::workbench::words;

impl Workbench {
    /// The message that is held.
    pub(in crate::workbench) fn held(&self) -> Option<&Arc<HeldShown>> {
        self.snapshot.breakpoints.held.as_ref()
    }

    /// Takes note of a message that is held from now on, or that is not any more. Its window opens, unless somebody
    /// types or looks at another one.
    pub(super) fn note_held(&mut self, snapshot: &Snapshot) {
        let before = self.held().map(|held| held.number);
        let now = snapshot.breakpoints.held.as_ref();
        if self.in_place_of.is_some() && self.in_place_of != now.map(|held| held.number) {
            self.in_place_of = None;
            self.notify(
                "this message is not held any more: Enter sends what is typed".to_owned(),
                true,
            );
        }
        match now {
            None if matches!(self.overlay, Some(Overlay::Held)) => {
                self.overlay = self.beneath.pop();
            }
            Some(held) if Some(held.number) != before => {
                self.frozen = false;
                self.remark(held.to_string(), held.unjudged.is_some());
                let is_free =
                    self.overlay.is_none() && !self.is_searching() && self.input.text().is_empty();
                if is_free {
                    self.overlay = Some(Overlay::Held);
                }
            }
            Some(_) | None => {}
        }
    }

    /// What the key of a pause does: it lets the message go that is held, as it is seen here, because that one keeps the
    /// others from entering. Else it is a pause, or ends one.
    pub(super) fn pause_or_let_go(&self) -> Order {
        let undecided = self.held().filter(|held| held.decided.is_none());
        match (self.snapshot.run_state, undecided) {
            (RunState::Running, Some(held)) => Order::Held(HeldOrder::LetGo(held.number)),
            _ => Order::PauseOrResume,
        }
    }

    /// Opens its window.
    pub(super) fn open_held(&mut self) {
        self.beneath.extend(self.overlay.take());
        self.overlay = Some(Overlay::Held);
    }

    /// Takes a key. The window has been taken off, and is put back if it stays.
    pub(super) fn key_of_held(
        &mut self,
        key: TerminalKey,
        command: Option<Command>,
    ) -> Option<Effect> {
        let undecided = self.held().filter(|held| held.decided.is_none()).map(Arc::clone);
        let order = match (key.code, undecided) {
            (KeyCode::Esc, _) => {
                self.overlay = self.beneath.pop();
                return None;
            }
            (KeyCode::Enter, Some(held)) => Some(HeldOrder::LetGo(held.number)),
            (KeyCode::Delete, Some(held)) => Some(HeldOrder::Drop(held.number)),
            (KeyCode::Char('e'), Some(held)) => {
                self.edit_held(&held);
                return None;
            }
            // It is open; and what was decided of the message is being done.
            (KeyCode::Enter | KeyCode::Delete | KeyCode::Char('e'), None) => None,
            _ if command == Some(Command::Held) => None,
            (_, _) => return self.key_of_window(Overlay::Held, key, command),
        };
        self.overlay = Some(Overlay::Held);
        order.map(|order| Effect::Order(Order::Held(order)))
    }

    /// Puts its frame into the input pane, as bytes: what is sent from there takes its place.
    fn edit_held(&mut self, held: &HeldShown) {
        let plan = self.topology.pipelines().get(held.pipeline.0);
        if let Some(plan) = plan.filter(|plan| plan.source.makes_its_messages()) {
            let name = &plan.name;
            let text = format!("{name} makes its messages itself: let this one go, or drop it");
            self.overlay = Some(Overlay::Held);
            return self.notify(text, true);
        }
        if !held.is_whole() || held.frame.len() > MAX_EDITED {
            let most = words::exact(MAX_EDITED as u64);
            let length = words::exact(held.length as u64);
            self.overlay = Some(Overlay::Held);
            return self.notify(
                format!("{length} bytes are too long for a line (the most are {most})"),
                true,
            );
        }
        self.beneath.clear();
        self.zoomed = false;
        self.pane = Pane::Input;
        self.target = held.pipeline;
        self.input.replace(format!("0x {}", words::hex(&held.frame)));
        self.in_place_of = Some(held.number);
    }

    /// The held message whose place what is typed will take.
    pub(in crate::workbench) fn held_in_place(&self) -> Option<&Arc<HeldShown>> {
        let number = self.in_place_of?;
        self.held().filter(|held| held.number == number && held.pipeline == self.target)
    }

    /// Sends these bytes to take the place of the held message, which are one frame.
    pub(super) fn send_in_place(&mut self, number: u64, bytes: Bytes) -> Option<Effect> {
        if self.held().is_some_and(|held| held.decided.is_some()) {
            // What is typed stays.
            let text = "somebody has decided already what becomes of this message".to_owned();
            self.notices.say_of_line(Notice { text, bad: true });
            return None;
        }
        let plan = self.topology.pipelines().get(self.target.0)?;
        if let Err(text) = one_frame(plan, self.frame_limit, &bytes) {
            let text = words::one_line(&text).into_owned();
            self.notices.say_of_line(Notice { text, bad: true });
            return None;
        }
        self.input.take();
        self.in_place_of = None;
        self.overlay = Some(Overlay::Held);
        Some(Effect::Order(Order::Held(HeldOrder::Edit(number, bytes))))
    }

    /// Leaves what was typed for a held message, and goes back to its window. False if nothing was.
    pub(super) fn leave_edit(&mut self) -> bool {
        if self.in_place_of.take().is_none() {
            return false;
        }
        self.input.set(String::new());
        self.overlay = Some(Overlay::Held);
        true
    }
}
