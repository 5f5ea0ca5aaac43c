//! Turns an event of the terminal into a command, and runs commands.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

use super::lists::filters::filter_line::FilterLine;
use super::lists::rows::SelectedRow;
use super::loading::Taken;
use super::spots::Mouse;
use super::typing::sent::Origin;
use super::windows::detail::Subject;
use super::windows::help::Help;
use super::windows::load::LoadRow;
use super::windows::overlay::Overlay;
use super::windows::question::Question;
use super::windows::themes::Themes;
use super::{Effect, Notice, Workbench};
use crate::core::numbers::PipelineIndex;
use crate::session::orders::Order;
use crate::session::past::Travel;
use crate::workbench::commands::Command;
use crate::workbench::layout::Pane;
use crate::workbench::terminal::keys::Key as TerminalKey;

impl Workbench {
    /// Takes an event of the terminal.
    pub fn handle(&mut self, event: &Event) -> Option<Effect> {
        self.origin = matches!(event, Event::Paste(_)).then_some(Origin::Pasted);
        let effect = match event {
            Event::Key(key) if key.is_press() || key.is_repeat() => self.key(*key),
            Event::Paste(text) => self.pasted(text),
            Event::Mouse(mouse) if self.mouse == Mouse::Ours => self.mouse(*mouse),
            Event::Resize(width, height) => {
                self.resize(Rect::new(0, 0, *width, *height));
                None
            }
            _ => None,
        };
        if let Some(Effect::Order(Order::Inject(pipeline, bytes))) = &effect {
            let origin = self.origin.take().unwrap_or(Origin::Other);
            self.sent.push(*pipeline, bytes.clone(), origin);
        }
        effect
    }

    fn key(&mut self, event: KeyEvent) -> Option<Effect> {
        let key = TerminalKey::from(event);
        self.notices.key();
        // Also directly after Esc, when a terminal reports both as one key with Alt.
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return Some(Effect::Quit);
        }
        if let Some(overlay) = self.overlay.take() {
            return self.key_on_overlay(overlay, key, event);
        }
        self.beneath.clear();
        if self.key_of_filter(key, event) {
            return None;
        }
        if let Some(Taken(effect)) = self.key_of_tour(key) {
            return effect;
        }
        let command = self.keymap.command_of(key, Some(self.pane));
        if command.is_none() && self.pane == Pane::Input {
            let before = self.input.revision();
            if let Err(error) = self.input.key(event) {
                self.notices.say_of_line(Notice { text: error.to_string(), bad: true });
            } else if self.input.revision() != before {
                self.notices.line_changed();
            }
        }
        command.and_then(|command| self.command(command))
    }

    /// A key of the filter that is being typed in the focused pane. False if none is.
    fn key_of_filter(&mut self, key: TerminalKey, event: KeyEvent) -> bool {
        match self.pane {
            Pane::Partitions if self.partitions.filter().editing().is_some() => {
                self.partitions.filter_key(key, event);
            }
            Pane::DeadLetters if self.letters.filter().editing().is_some() => {
                self.letters.filter_key(key, event);
            }
            pane => match self.searches.of_mut(pane) {
                Some(search) if search.editing().is_some() => {
                    search.key(key, event);
                }
                _ => return false,
            },
        }
        true
    }

    /// The filter of a pane; `None` if the pane has none.
    pub(in crate::workbench) fn filter_of(&self, pane: Pane) -> Option<&FilterLine> {
        match pane {
            Pane::Partitions => Some(self.partitions.filter()),
            Pane::DeadLetters => Some(self.letters.filter()),
            other => self.searches.of(other),
        }
    }

    /// Whether text is typed that is no message: a filter, a search, or the palette's line.
    pub(in crate::workbench) fn is_searching(&self) -> bool {
        self.filter_of(self.pane).is_some_and(|line| line.editing().is_some())
    }

    /// Does what a command says, or says why it cannot, or asks before it does what cannot be taken back.
    pub fn command(&mut self, command: Command) -> Option<Effect> {
        if let Some(reason) = self.refusal(command) {
            self.notify(reason, false);
            return None;
        }
        let question = match command {
            Command::Crash if self.open_victims() => return None,
            Command::Crash => Question::crash(),
            Command::Reset => self.reset_question(),
            Command::Undo if self.outputs_leave() => Question::undo(),
            _ => return self.do_now(command),
        };
        self.ask(question);
        None
    }

    /// Asks a question over what is open.
    pub(super) fn ask(&mut self, question: Question) {
        self.beneath.extend(self.overlay.take());
        self.overlay = Some(Overlay::Question(question));
    }

    pub(super) fn do_now(&mut self, command: Command) -> Option<Effect> {
        match command {
            Command::Send | Command::SendAnyway => {
                let typed = Origin::typed(self.input.text());
                let effect = self.send(command == Command::SendAnyway);
                self.origin = effect.is_some().then_some(typed);
                return effect;
            }
            Command::Older => self.input.older(),
            Command::Newer => self.input.newer(),
            Command::NextPipeline => {
                let pipelines = self.topology.pipelines().len().max(1);
                self.target = PipelineIndex((self.target.0 + 1) % pipelines);
            }
            Command::LeaveInput if self.leave_edit() => {}
            Command::LeaveInput => self.leave_input(),
            Command::Type => self.go_to(Pane::Input),
            Command::GoFlow => self.go_to(Pane::Flow),
            Command::GoThroughput => self.go_to(Pane::Throughput),
            Command::GoLatency => self.go_to(Pane::Latency),
            Command::GoPartitions => self.go_to(Pane::Partitions),
            Command::GoMessages => self.go_to(Pane::Messages),
            Command::GoOutputs => self.go_to(Pane::Outputs),
            Command::GoLetters => self.go_to(Pane::DeadLetters),
            Command::GoLog => self.go_to(Pane::Log),
            Command::NextPane => self.next_pane(false),
            Command::PreviousPane => self.next_pane(true),
            Command::Up
            | Command::Down
            | Command::PageUp
            | Command::PageDown
            | Command::First
            | Command::Last => self.move_selection(command),
            Command::Left => self.go_sideways(false),
            Command::Right => self.go_sideways(true),
            Command::NextItem => self.move_selection(Command::Down),
            Command::PreviousItem => self.move_selection(Command::Up),
            Command::Open => self.open(),
            Command::Close if self.is_looking_back() => return Some(Effect::Travel(Travel::Stay)),
            Command::Close => self.close(),
            Command::Sort => self.partitions.sort_next(&self.snapshot.partitions),
            Command::Reverse => self.partitions.reverse(),
            Command::Filter => self.begin_filter(),
            Command::EditFrame => {
                if let Some(at_hand) = self.frame_at_hand() {
                    self.edit_frame(&at_hand);
                }
            }
            Command::NextState => self.partitions.next_state(self.topology.states().len()),
            Command::Zoom => self.zoomed = !self.zoomed && self.pane != Pane::Input,
            Command::Window => self.window = self.window.next(),
            Command::Shrink => self.open_shrink(),
            Command::Safety => self.overlay = Some(Overlay::Safety),
            Command::Breakpoints => self.open_breakpoints(),
            Command::Held => self.open_held(),
            Command::Load => self.overlay = Some(Overlay::Load(LoadRow::Rate)),
            Command::Freeze => {
                self.frozen = !self.frozen;
                self.log(if self.frozen { "screen frozen" } else { "screen not frozen any more" });
            }
            Command::Themes => {
                self.overlay = Some(Overlay::Themes(Themes::new(self.theme.look())));
            }
            Command::Palette | Command::Applications => {
                let is_branch = matches!(
                    &self.overlay,
                    Some(Overlay::Detail(detail)) if matches!(detail.subject, Subject::Branch)
                );
                if command == Command::Palette {
                    self.open_palette();
                } else {
                    self.open_applications();
                }
                // It takes the place of the branch's window.
                return is_branch.then_some(Effect::Order(Order::EndWhatIf));
            }
            Command::GoMessage => self.type_message_number(),
            Command::Find => self.open_seek(),
            Command::WhatIf => self.open_what_if(),
            Command::Help => {
                let pane = self.overlay.as_ref().map_or(Some(self.pane), Overlay::pane);
                self.beneath.extend(self.overlay.take());
                self.overlay = Some(Overlay::Help(Help::new(pane)));
            }
            other => return self.effect_of(other),
        }
        None
    }

    /// What a command asks of the engine or of the terminal.
    fn effect_of(&mut self, command: Command) -> Option<Effect> {
        match command {
            Command::Revive => self.revive(),
            Command::Pin => self.pin(),
            Command::SendFrame if matches!(self.overlay, Some(Overlay::WhatIf(_))) => {
                self.send_of_branch()
            }
            Command::SendFrame => {
                let at_hand = self.frame_at_hand()?;
                self.send_frame(&at_hand)
            }
            Command::Pause => {
                self.spotlight = false;
                Some(Effect::Order(self.pause_or_let_go()))
            }
            Command::Step => {
                // The selection follows the newest message, which is the one that is taken.
                (self.trace, self.spotlight) = (SelectedRow::default(), true);
                Some(Effect::Order(Order::Step))
            }
            Command::MoreLoad => self.set_load(self.load.faster()),
            Command::LessLoad => self.set_load(self.load.slower()),
            Command::StopLoad => Some(Effect::Order(Order::StopLoad)),
            Command::Crash => Some(Effect::Order(Order::Crash)),
            Command::Reset => Some(Effect::Order(Order::Reset)),
            Command::Undo => Some(Effect::Order(Order::Undo)),
            Command::MoreWorkers => Some(Effect::Order(Order::ChangeWorkers { more: true })),
            Command::FewerWorkers => Some(Effect::Order(Order::ChangeWorkers { more: false })),
            Command::Test => self.make_test(),
            Command::Copy => self.copy(),
            Command::CopyScreen => Some(self.copy_screen()),
            Command::Picture => Some(self.picture()),
            Command::SaveSent => Some(Effect::Save { files: self.sent.files(&self.topology) }),
            Command::Mouse => {
                let (mouse, text) = match self.mouse {
                    Mouse::Ours => {
                        (Mouse::Terminal, "the mouse is the terminal's: mark text with it")
                    }
                    Mouse::Terminal => {
                        (Mouse::Ours, "the mouse is the workbench's: click panes, rows and columns")
                    }
                };
                self.mouse = mouse;
                self.notify(text.to_owned(), false);
                Some(Effect::Mouse(mouse == Mouse::Ours))
            }
            Command::ChangeBefore
            | Command::ChangeAfter
            | Command::MessageBefore
            | Command::MessageAfter
            | Command::FindBefore
            | Command::FindAfter
            | Command::Fault
            | Command::Live => self.travel(command),
            Command::Redraw => Some(Effect::Redraw),
            Command::Suspend => Some(Effect::Suspend),
            Command::Quit => Some(Effect::Quit),
            _ => None,
        }
    }

    fn begin_filter(&mut self) {
        match self.pane {
            Pane::Partitions => self.partitions.begin_filter(),
            Pane::DeadLetters => self.letters.begin_filter(),
            pane => {
                if let Some(search) = self.searches.of_mut(pane) {
                    search.begin();
                }
            }
        }
    }
}
