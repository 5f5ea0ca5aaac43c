//! What keys do in the window "What if".

use crossterm::event::{KeyCode, KeyEvent};

use super::changes::Change;
use super::here::HereMessage;
use super::window::WhatIfWindow;
use super::writing::{MAX_LENGTH, What, Writing};
use crate::core::numbers::PipelineIndex;
use crate::session::orders::Order;
use crate::session::what_if::{Spot, WhatIf};
use crate::workbench::commands::Command;
use crate::workbench::state::lists::frame_at_hand::MAX_EDITED;
use crate::workbench::state::lists::rows::moved;
use crate::workbench::state::windows::detail::Subject;
use crate::workbench::state::windows::over_panes::works_in_windows;
use crate::workbench::state::windows::overlay::Overlay;
use crate::workbench::state::windows::question::Question;
use crate::workbench::state::{Effect, Workbench};
use crate::workbench::terminal::keys::Key as TerminalKey;
use crate::workbench::words;

/// How far the list moves at once.
const PAGE: usize = 8;

impl Workbench {
    /// Opens the window over what is open.
    pub(in crate::workbench::state) fn open_what_if(&mut self) {
        let here = self.here();
        let selected = self.changes.all().len().saturating_sub(1);
        self.beneath.extend(self.overlay.take());
        self.overlay = Some(Overlay::WhatIf(WhatIfWindow { here, selected, writing: None }));
    }

    /// A key in the window, which has been taken off, and is put back if it stays.
    pub(in crate::workbench::state) fn key_of_what_if(
        &mut self,
        mut window: WhatIfWindow,
        key: TerminalKey,
        event: KeyEvent,
    ) -> Option<Effect> {
        if let Some(writing) = window.writing.take() {
            self.key_of_writing(&mut window, writing, key, event);
            self.overlay = Some(Overlay::WhatIf(window));
            return None;
        }
        window.here = self.here_of(&window);
        let command = self.keymap.command_of(key, None);
        match (key.code, command) {
            (KeyCode::Esc, _) => {
                self.overlay = self.beneath.pop();
                return None;
            }
            (KeyCode::Enter, _) => return self.run_branch(window),
            (KeyCode::Delete | KeyCode::Backspace, _) => self.drop_change(&mut window),
            (KeyCode::Char('q' | 'x'), _) if key.is_text() => {
                self.overlay = self.beneath.pop();
                return None;
            }
            (KeyCode::Char('o'), _) if key.is_text() => self.leave_out(&mut window),
            (KeyCode::Char('e'), _) if key.is_text() => self.edit_message(&mut window),
            (KeyCode::Char('p'), _) if key.is_text() => self.put_in(&mut window, false),
            (KeyCode::Char('P'), _) if key.is_text() => self.put_in(&mut window, true),
            (KeyCode::Char('s'), _) if key.is_text() => self.set_state(&mut window),
            (KeyCode::Char('d'), _) if key.is_text() => self.drop_change(&mut window),
            (KeyCode::Char('R'), _) if key.is_text() => return self.ask_to_send(window),
            (
                _,
                Some(
                    command @ (Command::Up
                    | Command::Down
                    | Command::PageUp
                    | Command::PageDown
                    | Command::First
                    | Command::Last),
                ),
            ) => self.move_in_changes(&mut window, command),
            (_, Some(command)) if works_in_windows(command) => {
                self.overlay = Some(Overlay::WhatIf(window));
                return self.command(command);
            }
            _ => {}
        }
        self.overlay = Some(Overlay::WhatIf(window));
        None
    }

    /// Moves the selection.
    pub(in crate::workbench::state) fn move_in_changes(
        &self,
        window: &mut WhatIfWindow,
        command: Command,
    ) {
        let last = self.changes.all().len().saturating_sub(1);
        window.selected = moved(window.selected, command, PAGE, last);
    }

    fn add_change(&mut self, window: &mut WhatIfWindow, change: Change) {
        match self.changes.add(change) {
            Some(at) => window.selected = at,
            None => self.notify("a branch has no room for more changes".to_owned(), true),
        }
    }

    /// The message of the window; says so if there is none, or if none can take its place.
    fn message_here(&mut self, window: &WhatIfWindow, edits: bool) -> Option<HereMessage> {
        let Some(message) = window.here.message.clone() else {
            let text = "no message is selected: go to the past, or select one of the messages";
            self.notify(text.to_owned(), false);
            return None;
        };
        if edits && !self.takes_frames(message.name.pipeline) {
            return None;
        }
        Some(message)
    }

    /// Whether messages can be put into a pipeline; says so if not.
    fn takes_frames(&mut self, pipeline: PipelineIndex) -> bool {
        let plan = self.topology.pipelines().get(pipeline.0);
        let makes = plan.is_some_and(|plan| plan.source.makes_its_messages());
        if makes {
            let name = self.pipeline_name(pipeline);
            let text = format!("{name} makes its messages itself: none can be put in or edited");
            self.notify(text, false);
        }
        !makes
    }

    fn drop_change(&mut self, window: &mut WhatIfWindow) {
        self.changes.remove(window.selected);
        window.selected = window.selected.min(self.changes.all().len().saturating_sub(1));
    }

    fn leave_out(&mut self, window: &mut WhatIfWindow) {
        let Some(message) = self.message_here(window, false) else { return };
        let text = format!("{} is left out", self.name_of(message.name));
        let edit = WhatIf::LeaveOut(message.name);
        self.add_change(window, Change { edit, text, typed: String::new() });
    }

    fn edit_message(&mut self, window: &mut WhatIfWindow) {
        let Some(message) = self.message_here(window, true) else { return };
        let HereMessage { name, frame } = message;
        let text = match &frame {
            None => Err("not all of this message is kept".to_owned()),
            Some(frame) => match self.sent.typed_as(name.pipeline, frame) {
                Some(typed) => Ok(typed.to_owned()),
                None if frame.len() <= MAX_EDITED => Ok(format!("0x {}", words::hex(frame))),
                None => Err(format!("this message has {} bytes", words::exact(frame.len() as u64))),
            },
        };
        window.writing = Some(begun(What::Instead(name), text));
    }

    fn put_in(&mut self, window: &mut WhatIfWindow, before: bool) {
        let message = window.here.message.as_ref().map(|message| message.name);
        let at = match message {
            Some(name) if before => Spot::Before(name),
            Some(name) => Spot::After(name),
            None if before => Spot::Beginning,
            None => window.here.moment,
        };
        let pipeline = message.map_or(self.target, |name| name.pipeline);
        if self.takes_frames(pipeline) {
            window.writing = Some(Writing::new(What::PutIn(at, pipeline), String::new()));
        }
    }

    fn set_state(&mut self, window: &mut WhatIfWindow) {
        let Some(partition) = window.here.partition.clone() else {
            let text = "no partition is selected: select one of the partitions first";
            return self.notify(text.to_owned(), false);
        };
        let json = partition.value.to_string();
        let length = words::exact(json.len() as u64);
        let text = if json.len() <= MAX_LENGTH {
            Ok(json)
        } else {
            Err(format!("this state has {length} bytes"))
        };
        window.writing = Some(begun(What::State(window.here.moment, partition), text));
    }

    /// A key while something is typed.
    fn key_of_writing(
        &mut self,
        window: &mut WhatIfWindow,
        mut writing: Writing,
        key: TerminalKey,
        event: KeyEvent,
    ) {
        let anyway = self.keymap.of(Command::SendAnyway).contains(&key);
        match key.code {
            KeyCode::Esc => return,
            KeyCode::Tab if matches!(writing.what, What::PutIn(..)) => {
                self.next_target(&mut writing);
            }
            _ if key.code == KeyCode::Enter || anyway => match self.written(&writing, anyway) {
                Ok(change) => return self.add_change(window, change),
                Err(error) => writing.error = Some(error),
            },
            _ => {
                let typed = writing.line.key(event);
                writing.error = typed.err().map(|error| error.to_string());
            }
        }
        window.writing = Some(writing);
    }

    /// Puts in for the next pipeline.
    fn next_target(&self, writing: &mut Writing) {
        if let What::PutIn(_, pipeline) = &mut writing.what {
            let all = self.topology.pipelines();
            let next = (1..=all.len()).map(|by| (pipeline.0 + by) % all.len().max(1));
            let mut takes = next
                .filter(|at| all.get(*at).is_some_and(|plan| !plan.source.makes_its_messages()));
            if let Some(next) = takes.next() {
                *pipeline = PipelineIndex(next);
            }
        }
    }

    /// Does the branch, and opens the window of what it makes different.
    fn run_branch(&mut self, window: WhatIfWindow) -> Option<Effect> {
        let edits = self.changes.edits();
        self.overlay = Some(Overlay::WhatIf(window));
        if edits.is_empty() {
            let text = "nothing is changed yet: leave a message out, edit one, or set a state";
            self.notify(text.to_owned(), false);
            return None;
        }
        self.refused = None;
        self.open_detail(Subject::Branch);
        Some(Effect::Order(Order::WhatIf(edits)))
    }

    /// Asks whether the frames of the selected change are to be sent.
    fn ask_to_send(&mut self, window: WhatIfWindow) -> Option<Effect> {
        let selected = window.selected;
        self.overlay = Some(Overlay::WhatIf(window));
        let Some((pipeline, bytes)) = self.changes.frames(selected) else {
            let text = "this change puts no message in: select one that does";
            self.notify(text.to_owned(), false);
            return None;
        };
        let typed = self
            .changes
            .all()
            .get(selected)
            .map(|change| words::one_line(&change.typed).into_owned());
        let (typed, bytes) =
            (typed.unwrap_or_default(), words::counted(bytes.len() as u64, "byte"));
        let name = self.pipeline_name(pipeline);
        let lines = vec![
            format!(
                "{typed}   ({bytes}) enters {name} now, for real: after all that has happened,"
            ),
            "and not where it stands in the branch. It cannot be taken out again.".to_owned(),
        ];
        self.ask(Question { title: "Send it?", lines, command: Command::SendFrame });
        None
    }

    /// Sends the frames of the selected change of the window.
    pub(in crate::workbench::state) fn send_of_branch(&mut self) -> Option<Effect> {
        let Some(Overlay::WhatIf(window)) = &self.overlay else { return None };
        let (pipeline, bytes) = self.changes.frames(window.selected)?;
        self.notify("it is sent".to_owned(), false);
        Some(Effect::Order(Order::Inject(pipeline, bytes)))
    }
}

/// A line that begins with a text, or that is empty and says why.
fn begun(what: What, text: Result<String, String>) -> Writing {
    match text {
        Ok(text) => Writing::new(what, text),
        Err(why) => Writing {
            error: Some(format!(
                "{why}, which is too much for this line: type what is to be instead"
            )),
            ..Writing::new(what, String::new())
        },
    }
}
