//! Turns an event of the terminal into a command, and runs commands.

use crossterm::event::{Event, KeyCode, KeyEvent};
use ratatui::layout::Rect;

use super::overlay::{Overlay, Palette};
use super::{Effect, Workbench};
use crate::core::numbers::PipelineIndex;
use crate::workbench::commands::{Command, command_of};
use crate::workbench::layout::Pane;
use crate::workbench::terminal::keys::Key as TerminalKey;

impl Workbench {
    /// Takes an event of the terminal.
    pub fn handle(&mut self, event: &Event) -> Option<Effect> {
        match event {
            Event::Key(key) if key.is_press() || key.is_repeat() => self.key(*key),
            Event::Paste(text) => self.paste(text),
            Event::Resize(width, height) => {
                self.resize(Rect::new(0, 0, *width, *height));
                None
            }
            _ => None,
        }
    }

    fn key(&mut self, event: KeyEvent) -> Option<Effect> {
        let key = TerminalKey::from(event);
        self.notice = None;
        if key == TerminalKey::ctrl('c') {
            return Some(Effect::Quit);
        }
        if let Some(overlay) = self.overlay.take() {
            return self.key_on_overlay(overlay, key, event);
        }
        match self.pane {
            Pane::Partitions if self.partitions.filter().editing().is_some() => {
                self.partitions.filter_key(key, event);
                return None;
            }
            Pane::DeadLetters if self.letters.filter().editing().is_some() => {
                self.letters.filter_key(key, event);
                return None;
            }
            _ => {}
        }
        let command = command_of(key, Some(self.pane));
        if command.is_none()
            && self.pane == Pane::Input
            && let Err(error) = self.input.key(event)
        {
            self.notify(error.to_string(), true);
        }
        command.and_then(|command| self.command(command))
    }

    fn key_on_overlay(
        &mut self,
        overlay: Overlay,
        key: TerminalKey,
        event: KeyEvent,
    ) -> Option<Effect> {
        match overlay {
            Overlay::Palette(mut palette) => match key.code {
                KeyCode::Esc => None,
                KeyCode::Enter => palette.chosen().and_then(|command| self.command(command)),
                _ => {
                    palette.key(key, event);
                    self.overlay = Some(Overlay::Palette(palette));
                    None
                }
            },
            shown @ (Overlay::Help { .. }
            | Overlay::Trace { .. }
            | Overlay::DeadLetter(_)
            | Overlay::LogLine(_)
            | Overlay::Crashing
            | Overlay::Safety
            | Overlay::Partition { .. }) => match command_of(key, shown.pane()) {
                Some(Command::Quit) if key.is_text() => None,
                Some(Command::Close | Command::Open | Command::Help) => None,
                Some(Command::Safety) if matches!(shown, Overlay::Safety) => None,
                Some(
                    command @ (Command::Pause
                    | Command::Step
                    | Command::Revive
                    | Command::Crash
                    | Command::MoreWorkers
                    | Command::FewerWorkers
                    | Command::EditLetter
                    | Command::SendLetter),
                ) => {
                    self.overlay = Some(shown);
                    self.command(command)
                }
                Some(command) => {
                    self.overlay = Some(shown.scrolled(command));
                    None
                }
                None => {
                    self.overlay = Some(shown);
                    None
                }
            },
        }
    }

    /// Does what a command says.
    pub fn command(&mut self, command: Command) -> Option<Effect> {
        match command {
            Command::Send => return self.send(false),
            Command::SendAnyway => return self.send(true),
            Command::Older => self.input.older(),
            Command::Newer => self.input.newer(),
            Command::NextPipeline => {
                let pipelines = self.topology.pipelines().len().max(1);
                self.target = PipelineIndex((self.target.0 + 1) % pipelines);
            }
            Command::LeaveInput => self.leave_input(),
            Command::Type => self.pane = Pane::Input,
            Command::NextPane => self.next_pane(false),
            Command::PreviousPane => self.next_pane(true),
            Command::Up
            | Command::Down
            | Command::PageUp
            | Command::PageDown
            | Command::First
            | Command::Last => self.move_selection(command),
            Command::Open => self.open(),
            Command::Close => self.close(),
            Command::Sort => self.partitions.sort_next(&self.snapshot.partitions),
            Command::Reverse => self.partitions.reverse(),
            Command::Filter if self.pane == Pane::DeadLetters => self.letters.begin_filter(),
            Command::Filter => self.partitions.begin_filter(),
            Command::Revive => return self.revive(),
            Command::EditLetter => {
                if let Some(letter) = self.letter_at_hand() {
                    self.edit_letter(&letter);
                }
            }
            Command::SendLetter => {
                return self.letter_at_hand().and_then(|letter| self.send_letter(&letter));
            }
            Command::NextState => self.partitions.next_state(self.topology.states().len()),
            Command::Zoom => self.zoomed = !self.zoomed && self.pane != Pane::Input,
            Command::Pause => return Some(Effect::PauseOrResume),
            Command::Step => return Some(Effect::Step),
            Command::Crash => return Some(Effect::Crash),
            Command::MoreWorkers => return Some(Effect::ChangeWorkers { more: true }),
            Command::FewerWorkers => return Some(Effect::ChangeWorkers { more: false }),
            Command::Safety => self.overlay = Some(Overlay::Safety),
            Command::Freeze => self.frozen = !self.frozen,
            Command::Palette => self.overlay = Some(Overlay::Palette(Palette::new(self.pane))),
            Command::Help => self.overlay = Some(Overlay::Help { scroll: 0 }),
            Command::Quit => return Some(Effect::Quit),
        }
        None
    }
}
