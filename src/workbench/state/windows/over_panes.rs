//! What keys and clicks do while a window is open over the panes.

use crossterm::event::KeyEvent;

use super::help::Help;
use super::overlay::Overlay;
use super::question::Answer;
use super::themes::Themes;
use crate::workbench::commands::Command;
use crate::workbench::state::loading::Taken;
use crate::workbench::state::{Effect, Workbench};
use crate::workbench::terminal::keys::Key as TerminalKey;
use crate::workbench::theme::Look;

impl Workbench {
    /// Takes a key. The window has been taken off, and is put back if it stays.
    pub(in crate::workbench::state) fn key_on_overlay(
        &mut self,
        overlay: Overlay,
        key: TerminalKey,
        event: KeyEvent,
    ) -> Option<Effect> {
        let command = self.keymap.command_of(key, overlay.pane());
        // What is about the terminal works whatever is open.
        if let Some(command @ (Command::Redraw | Command::Suspend)) = command
            && !key.is_text()
        {
            self.overlay = Some(overlay);
            return self.command(command);
        }
        match overlay {
            Overlay::Palette(palette) => return self.palette_key(palette, key, event),
            Overlay::Breakpoints(window) => return self.key_of_breakpoints(window, key, event),
            Overlay::Held => return self.key_of_held(key, command),
            Overlay::Pasted(pasted) => return self.key_of_pasted(pasted, key),
            Overlay::Seek => return self.key_of_seek(key, event),
            Overlay::WhatIf(window) => return self.key_of_what_if(window, key, event),
            Overlay::Themes(themes) => self.key_of_themes(themes, command),
            Overlay::Question(question) => match question.answer(key, command) {
                None => self.overlay = Some(Overlay::Question(question)),
                Some(answer) => {
                    self.overlay = self.beneath.pop();
                    if answer == Answer::Yes {
                        return self.do_now(question.command);
                    }
                }
            },
            Overlay::Help(mut help) if help.search.editing().is_some() => {
                help.search_key(key, event);
                self.overlay = Some(Overlay::Help(help));
            }
            Overlay::Help(help) => self.key_of_help(help, command),
            Overlay::Detail(detail) => {
                // Letters that end are commands of the window: they close it.
                let ends = command == Some(Command::Quit) && !key.is_text();
                let command = if ends { None } else { command };
                return self.key_of_detail(detail, command);
            }
            Overlay::Shrink(shrink) => return self.key_of_shrink(shrink, (key, event), command),
            Overlay::Load(row) => {
                return match self.key_of_load(row, key, command) {
                    Some(Taken(effect)) => effect,
                    None => self.key_of_window(Overlay::Load(row), key, command),
                };
            }
            window => return self.key_of_window(window, key, command),
        }
        None
    }

    fn key_of_themes(&mut self, mut themes: Themes, command: Option<Command>) {
        match command {
            Some(Command::Open) => self.keep_look(),
            Some(Command::Close | Command::Quit) => self.use_look(themes.before),
            // The key that opened it goes on to the next.
            Some(Command::Themes) => {
                let last = themes.selected + 1 == Look::ALL.len();
                let look = themes.go(if last { Command::First } else { Command::Down });
                self.use_look(look);
                self.overlay = Some(Overlay::Themes(themes));
            }
            other => {
                if let Some(command) = other {
                    let look = themes.go(command);
                    self.use_look(look);
                }
                self.overlay = Some(Overlay::Themes(themes));
            }
        }
    }

    fn key_of_help(&mut self, mut help: Help, command: Option<Command>) {
        match command {
            Some(Command::Close) if help.search.clear() => self.overlay = Some(Overlay::Help(help)),
            Some(Command::Close | Command::Open | Command::Help | Command::Quit) => {
                self.overlay = self.beneath.pop();
            }
            Some(Command::Filter) => {
                help.search.begin();
                self.overlay = Some(Overlay::Help(help));
            }
            Some(command) => {
                help.scroll(command);
                self.overlay = Some(Overlay::Help(help));
            }
            None => self.overlay = Some(Overlay::Help(help)),
        }
    }

    /// A key in a window that shows something.
    pub(in crate::workbench::state) fn key_of_window(
        &mut self,
        shown: Overlay,
        key: TerminalKey,
        command: Option<Command>,
    ) -> Option<Effect> {
        match command {
            Some(Command::Quit) if key.is_text() => None,
            Some(Command::Close | Command::Open) => None,
            Some(Command::Safety) if matches!(shown, Overlay::Safety) => None,
            Some(command) if works_in_windows(command) => {
                self.overlay = Some(shown);
                self.command(command)
            }
            Some(_) | None => {
                self.overlay = Some(shown);
                None
            }
        }
    }

    /// Does what a click on the selected row of a window means.
    pub(in crate::workbench::state) fn choose_in_window(&mut self) -> Option<Effect> {
        match self.overlay.take()? {
            Overlay::Palette(palette) => self.choose(palette),
            Overlay::Detail(detail) => self.open_in_detail(detail),
            Overlay::Themes(_) => {
                self.keep_look();
                None
            }
            Overlay::Load(row) => {
                self.overlay = Some(Overlay::Load(row));
                self.set_load(row.changed(self.load, true, &self.topology))
            }
            other => {
                self.overlay = Some(other);
                None
            }
        }
    }
}

/// Whether a command of the workbench works while any window is open.
pub(in crate::workbench::state) fn works_in_windows(command: Command) -> bool {
    matches!(
        command,
        Command::Pause
            | Command::Step
            | Command::Crash
            | Command::Reset
            | Command::Undo
            | Command::MoreWorkers
            | Command::FewerWorkers
            | Command::MoreLoad
            | Command::LessLoad
            | Command::StopLoad
            | Command::ChangeBefore
            | Command::ChangeAfter
            | Command::MessageBefore
            | Command::MessageAfter
            | Command::GoMessage
            | Command::Find
            | Command::FindBefore
            | Command::FindAfter
            | Command::Fault
            | Command::Breakpoints
            | Command::Held
            | Command::Shrink
            | Command::Test
            | Command::Live
            | Command::WhatIf
            | Command::Help
            | Command::Palette
            | Command::SaveSent
            | Command::Copy
            | Command::CopyScreen
            | Command::Picture
            | Command::Mouse
    )
}
