//! What the workbench shows and where the keys go: everything that a person has chosen, and the
//! snapshot that it is shown on.
//!
//! Events go in, [`Effect`]s on the engine come out; drawing only reads. So all of it is tested
//! without a terminal and without an engine.

pub(super) mod filter_line;
pub(super) mod input_line;
pub(super) mod letters;
mod moving;
pub(super) mod overlay;
pub(super) mod revival;
pub(super) mod rows;
mod sending;

use std::sync::Arc;

use bytes::Bytes;
use crossterm::event::{Event, KeyCode, KeyEvent};
use ratatui::layout::Rect;

use super::commands::{Command, command_of};
use super::layout::{Pane, Places, places};
use super::terminal::keys::Key as TerminalKey;
use super::theme::Theme;
use super::words;
use crate::application::Key;
use crate::core::event::EngineEvent;
use crate::core::frames::framing::DEFAULT_FRAME_LIMIT;
use crate::core::frames::trace::Trace;
use crate::core::numbers::PipelineIndex;
use crate::core::topology::{SourcePlan, Topology};
use crate::telemetry::{LogLine, PartitionView, Snapshot};
use input_line::InputLine;
use letters::LetterRows;
use overlay::{Overlay, Palette};
use rows::{PartitionRows, SelectedRow};
use sending::LastRead;

/// What the engine is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Take these bytes as if a source had read them.
    Inject(PipelineIndex, Bytes),
    /// Take no more messages; where none are taken, take them again.
    PauseOrResume,
    /// Take one message.
    Step,
    /// Lose all that is in memory, and recover.
    Crash,
    /// Go on with one worker more, or one less.
    ChangeWorkers {
        /// One more.
        more: bool,
    },
    /// Let a poisoned partition take messages again.
    Revive {
        /// Its state's name.
        state: Arc<str>,
        /// Its key.
        key: Key,
    },
    /// End.
    Quit,
}

/// A short word to the user, shown until the next key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What is said.
    pub text: String,
    /// Whether something is wrong.
    pub bad: bool,
}

/// What the workbench shows and where the keys go.
pub struct Workbench {
    pub(super) topology: Arc<Topology>,
    pub(super) theme: Theme,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) area: Rect,
    pub(super) pane: Pane,
    pub(super) zoomed: bool,
    pub(super) frozen: bool,
    pub(super) overlay: Option<Overlay>,
    pub(super) input: InputLine,
    last_read: LastRead,
    /// The longest payload that the engine takes, in bytes.
    frame_limit: u64,
    /// Which pipeline typed messages go to.
    pub(super) target: PipelineIndex,
    pub(super) partitions: PartitionRows,
    pub(super) trace: SelectedRow<Trace>,
    pub(super) letters: LetterRows,
    pub(super) log_line: SelectedRow<LogLine>,
    pub(super) output_offset: usize,
    pub(super) notice: Option<Notice>,
    /// The last change of the number of workers that was said.
    workers_changed: Option<EngineEvent>,
    /// Whether what is saved goes with this session.
    pub(super) saved_for_now: bool,
}

impl Workbench {
    /// A workbench on this snapshot, with the cursor in the input pane.
    #[must_use]
    pub fn new(topology: Arc<Topology>, theme: Theme, snapshot: Snapshot) -> Self {
        Self {
            topology,
            theme,
            snapshot: Arc::new(snapshot),
            area: Rect::default(),
            pane: Pane::Input,
            zoomed: false,
            frozen: false,
            overlay: None,
            input: InputLine::default(),
            last_read: LastRead::default(),
            frame_limit: DEFAULT_FRAME_LIMIT,
            target: PipelineIndex(0),
            partitions: PartitionRows::default(),
            trace: SelectedRow::default(),
            letters: LetterRows::default(),
            log_line: SelectedRow::default(),
            output_offset: 0,
            notice: None,
            workers_changed: None,
            saved_for_now: false,
        }
    }

    /// The same where what is saved goes with this session, because nobody has named a directory.
    #[must_use]
    pub fn saved_for_now(self) -> Self {
        Self { saved_for_now: true, ..self }
    }

    /// The same with the longest payload that the engine takes, for what is said of typed bytes.
    #[must_use]
    pub fn with_frame_limit(self, frame_limit: u64) -> Self {
        Self { frame_limit, ..self }
    }

    /// Takes note of the screen's size.
    pub fn resize(&mut self, area: Rect) {
        self.area = area;
    }

    /// Shows another snapshot. Of a frozen screen only what the engine is doing changes: it can be
    /// paused and resumed there, crash, and get other workers.
    pub fn show(&mut self, snapshot: Snapshot) {
        self.note_workers(&snapshot);
        if self.frozen {
            let shown = Arc::make_mut(&mut self.snapshot);
            shown.run_state = snapshot.run_state;
            shown.safety = snapshot.safety;
            shown.changing_to = snapshot.changing_to;
        } else {
            self.partitions.settle(&snapshot.partitions);
            self.snapshot = Arc::new(snapshot);
        }
    }

    /// Says it when another number of workers has taken over.
    fn note_workers(&mut self, snapshot: &Snapshot) {
        let is_change = |event: &&EngineEvent| matches!(event, EngineEvent::WorkersChanged { .. });
        let newest = snapshot.events.iter().find(is_change);
        if newest == self.workers_changed.as_ref() {
            return;
        }
        self.workers_changed = newest.cloned();
        let Some(EngineEvent::WorkersChanged { from, to, partitions, moved, .. }) = newest else {
            return;
        };
        if self.notice.as_ref().is_some_and(|notice| notice.bad) {
            return;
        }
        let [to, all] = [(*to, "worker"), (*partitions, "partition")]
            .map(|(count, word)| words::plural(count as u64, word));
        self.notify(format!("{to} instead of {from}: {moved} of {all} moved"), false);
    }

    /// Says that everything is lost; what came back is told when it is [back](Self::crashed).
    pub fn crash(&mut self) {
        self.overlay = Some(Overlay::Crashing);
    }

    /// Tells the story of a crash.
    pub fn crashed(&mut self) {
        self.overlay = Some(Overlay::Safety);
    }

    /// Says something to the user.
    pub fn notify(&mut self, text: String, bad: bool) {
        self.notice = Some(Notice { text: words::one_line(&text).into_owned(), bad });
    }

    /// Where each pane stands on the screen as it was seen last; `None` where that is too small.
    #[must_use]
    pub fn places(&self) -> Option<Places> {
        self.places_in(self.area)
    }

    /// Where each pane stands on a screen of this size. What is drawn goes by the size of the frame that
    /// it is drawn into: the terminal may have changed it since the last event.
    #[must_use]
    pub(super) fn places_in(&self, area: Rect) -> Option<Places> {
        let stateful = !self.topology.states().is_empty();
        let places_of = |zoomed| places(area, stateful, zoomed);
        let all = places_of(self.zoomed.then_some(self.pane))?;
        // A pane that the screen has no room for is shown alone when the keys go to it.
        if all.of(self.pane).is_some() { Some(all) } else { places_of(Some(self.pane)) }
    }

    /// Which partitions are to be shown.
    #[must_use]
    pub fn view(&self) -> PartitionView {
        let height =
            self.places().and_then(|places| places.partitions).map_or(0, |area| area.height);
        // Two lines of border and one of column names.
        self.partitions.view(usize::from(height.saturating_sub(3)))
    }

    /// Which pipeline typed messages go to, and its source.
    pub(super) fn target(&self) -> Option<(PipelineIndex, &SourcePlan)> {
        let plan = self.topology.pipelines().get(self.target.0);
        plan.map(|plan| (self.target, &plan.source))
    }

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
