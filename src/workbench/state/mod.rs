//! The state of the workbench: what the user has chosen (pane, rows, filters, typed text), and the
//! snapshot that is shown.
//!
//! Events go in, [`Effect`]s on the engine come out; drawing only reads. So all of it is tested
//! without a terminal and without an engine.

mod applications;
mod breaking;
mod copying;
mod dispatch;
mod effect;
mod holding;
mod known_fields;
pub(super) mod lists;
mod loading;
mod moving;
pub(super) mod notices;
mod pointer;
mod refusal;
mod rescaling;
mod rows_shown;
mod seeking;
pub(super) mod sideways;
pub(super) mod spots;
mod travelling;
pub(super) mod typing;
mod undoing;
pub(super) mod windows;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use ratatui::layout::Rect;

use super::keymap::Keymap;
use super::layout::{Pane, Places, Shape, places};
use super::theme::{Look, Theme};
use super::words;
use crate::core::event::EngineEvent;
use crate::core::frames::framing::DEFAULT_FRAME_LIMIT;
use crate::core::frames::trace::Trace;
use crate::core::load::settings::LoadSettings;
use crate::core::numbers::PipelineIndex;
use crate::core::topology::{SourcePlan, Topology};
use crate::core::typed::Typed;
use crate::telemetry::{LogLine, OutputShown, Snapshot, TimeWindow};
pub use applications::Offer;
pub use effect::{Effect, Notice};
use lists::filters::searches::Searches;
use lists::letters::LetterRows;
use lists::rows::{PartitionRows, SelectedRow};
use lists::seen::Seen;
use notices::Notices;
use sideways::{ChartCursor, Sideways};
use spots::{Mouse, Spots};
use typing::input_line::InputLine;
use typing::sent::{Origin, Sent};
use windows::overlay::Overlay;
use windows::reset_files::ResetFiles;
use windows::seek::Seeking;
use windows::what_if::Changes;

/// The last parsed line: its revision, its pipeline, and the result.
type LastRead = RefCell<Option<(u64, PipelineIndex, Rc<Typed>)>>;

/// The state of the workbench: what the user has chosen, and the snapshot that is shown.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Workbench {
    pub(super) topology: Arc<Topology>,
    pub(super) theme: Theme,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) area: Rect,
    pub(super) pane: Pane,
    /// The panes that had the keys, the last one first.
    pub(super) visited: Vec<Pane>,
    pub(super) zoomed: bool,
    /// The time that charts and percentiles are of.
    pub(super) window: TimeWindow,
    pub(super) frozen: bool,
    pub(super) overlay: Option<Overlay>,
    /// The windows to which the help and a question come back.
    pub(super) beneath: Vec<Overlay>,
    /// Why what the open window waits for does not come; `None` while it may.
    pub(in crate::workbench) refused: Option<String>,
    pub(super) input: InputLine,
    last_read: LastRead,
    /// The longest payload that the engine takes, in bytes.
    frame_limit: u64,
    /// Which pipeline typed messages go to.
    pub(super) target: PipelineIndex,
    pub(super) partitions: PartitionRows,
    pub(super) trace: SelectedRow<Trace>,
    /// Whether the newest message is marked, because it was taken by a step.
    pub(super) spotlight: bool,
    pub(super) letters: LetterRows,
    pub(super) log_line: SelectedRow<LogLine>,
    pub(super) output: SelectedRow<OutputShown>,
    pub(super) searches: Searches,
    pub(super) notices: Notices,
    /// Which key does what.
    pub(super) keymap: Keymap,
    /// What has been looked at of the lists that ask for a look.
    pub(super) seen: Seen,
    /// Whose the mouse is.
    pub(super) mouse: Mouse,
    /// Columns of the partitions that are not shown.
    pub(super) hidden_columns: Vec<String>,
    /// How far the tables are scrolled sideways.
    pub(super) partition_columns: Sideways,
    pub(super) message_columns: Sideways,
    /// Where somebody looks at in the chart of the throughput.
    pub(super) cursor: ChartCursor,
    /// What is where on the screen, as it was drawn last.
    pub(super) spots: Spots,
    /// The names of what was chosen in the palette, the last first.
    pub(super) recent: Vec<String>,
    /// All that was sent from here.
    pub(super) sent: Sent,
    /// Where the bytes come from that are about to be sent.
    origin: Option<Origin>,
    /// The applications that can be gone on with, and which of them this is.
    pub(super) applications: Vec<Offer>,
    pub(super) application: usize,
    /// The last change of the number of workers that the user was told of.
    workers_changed: Option<Arc<EngineEvent>>,
    /// Whether the saved state is deleted at the end of the session.
    pub(super) saved_for_now: bool,
    /// What the load is, or will be when it begins.
    pub(super) load: LoadSettings,
    /// The files that a reset begins anew.
    pub(super) reset_files: ResetFiles,
    /// What is looked for in the past.
    pub(super) seeking: Seeking,
    /// What a branch of the recording does differently.
    pub(super) changes: Changes,
    /// The held message, by its number, whose place what is typed will take.
    in_place_of: Option<u64>,
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
            visited: Vec::new(),
            window: TimeWindow::default(),
            seen: Seen::default(),
            zoomed: false,
            frozen: false,
            overlay: None,
            beneath: Vec::new(),
            refused: None,
            input: InputLine::default(),
            last_read: LastRead::default(),
            frame_limit: DEFAULT_FRAME_LIMIT,
            target: PipelineIndex(0),
            partitions: PartitionRows::default(),
            trace: SelectedRow::default(),
            spotlight: false,
            letters: LetterRows::default(),
            log_line: SelectedRow::default(),
            output: SelectedRow::default(),
            searches: Searches::default(),
            notices: Notices::default(),
            keymap: Keymap::default(),
            mouse: Mouse::Terminal,
            hidden_columns: Vec::new(),
            partition_columns: Sideways::default(),
            message_columns: Sideways::default(),
            cursor: ChartCursor::default(),
            spots: Spots::default(),
            recent: Vec::new(),
            sent: Sent::default(),
            origin: None,
            applications: Vec::new(),
            application: 0,
            workers_changed: None,
            saved_for_now: false,
            load: LoadSettings::default(),
            reset_files: ResetFiles::default(),
            seeking: Seeking::default(),
            changes: Changes::default(),
            in_place_of: None,
        }
    }

    /// Says that the saved state is deleted at the end, because the user named no directory.
    #[must_use]
    pub fn saved_for_now(self) -> Self {
        Self { saved_for_now: true, ..self }
    }

    /// Sets the longest payload that the engine takes, in bytes.
    #[must_use]
    pub fn with_frame_limit(self, frame_limit: u64) -> Self {
        Self { frame_limit, ..self }
    }

    /// Sets which key does what, and whether the mouse is listened to.
    #[must_use]
    pub fn with_hands(self, keymap: Keymap, mouse: bool) -> Self {
        let mut workbench = Self { keymap, ..self };
        workbench.use_mouse(mouse);
        workbench
    }

    /// Says whether the mouse is listened to.
    pub fn use_mouse(&mut self, ours: bool) {
        self.mouse = if ours { Mouse::Ours } else { Mouse::Terminal };
    }

    /// Sets the applications that can be gone on with, and which of them this is.
    #[must_use]
    pub fn among(self, applications: Vec<Offer>, application: usize) -> Self {
        Self { applications, application, ..self }
    }

    /// Sets the columns of the partitions that are not shown.
    #[must_use]
    pub fn with_columns(self, hidden_columns: Vec<String>) -> Self {
        Self { hidden_columns, ..self }
    }

    /// The application's name.
    #[must_use]
    pub fn application_name(&self) -> &str {
        self.topology.name()
    }

    /// Its colours and symbols.
    #[must_use]
    pub fn theme(&self) -> Theme {
        self.theme
    }

    /// Draws in other colours from now on.
    pub fn use_look(&mut self, look: Look) {
        self.theme = self.theme.with_look(look);
    }

    /// Sets the size of the screen.
    pub fn resize(&mut self, area: Rect) {
        self.area = area;
    }

    /// Shows another snapshot. A frozen screen keeps all but the state of the engine, which can still be
    /// paused, resumed, crashed and rescaled.
    pub fn show(&mut self, snapshot: Snapshot) {
        self.note_workers(&snapshot);
        self.note_load(&snapshot);
        self.note_hit(&snapshot);
        self.note_held(&snapshot);
        self.note_shrunk(&snapshot);
        self.note_undone(&snapshot);
        if self.frozen {
            let shown = Arc::make_mut(&mut self.snapshot);
            shown.run_state = snapshot.run_state;
            shown.waits = snapshot.waits;
            shown.safety = snapshot.safety;
            shown.changing_to = snapshot.changing_to;
            shown.ahead = snapshot.ahead;
            shown.load = snapshot.load;
            shown.breakpoints = snapshot.breakpoints;
            shown.branch = snapshot.branch;
            shown.undo = snapshot.undo;
            shown.shrinking = snapshot.shrinking;
            shown.partitions.found = snapshot.partitions.found;
        } else {
            self.partitions.settle(&snapshot.partitions);
            self.partitions.set_all_messages(snapshot.totals.stateful);
            self.snapshot = Arc::new(snapshot);
            self.note_seen();
        }
        self.note_found();
    }

    /// Shows that everything is lost. [`crashed`](Self::crashed) shows what came back.
    pub fn crash(&mut self) {
        self.overlay = Some(Overlay::Crashing);
    }

    /// Shows what a crash lost and what came back.
    pub fn crashed(&mut self) {
        self.overlay = Some(Overlay::Safety);
    }

    /// Shows a notice until the next key, and long enough to be read. It is in the log, too.
    pub fn notify(&mut self, text: String, bad: bool) {
        self.notices.say(Notice { text: words::one_line(&text).into_owned(), bad });
    }

    /// Puts a line into the log of what the screen shows by itself.
    pub(super) fn log(&mut self, text: &str) {
        self.notices.log(text.to_owned());
    }

    /// Shows a notice of what the log says in other words.
    pub(super) fn remark(&mut self, text: String, bad: bool) {
        self.notices.show(Notice { text: words::one_line(&text).into_owned(), bad });
    }

    /// The place of each pane on the screen; `None` if the screen is too small.
    #[must_use]
    pub fn places(&self) -> Option<Places> {
        self.places_in(self.area)
    }

    /// The place of each pane on a screen of this size. Drawing uses the size of its frame, because the
    /// terminal may have changed since the last event.
    #[must_use]
    pub(super) fn places_in(&self, area: Rect) -> Option<Places> {
        let shape = Shape {
            stateful: !self.topology.states().is_empty(),
            flow: self.flow_rows(),
            visited: &self.visited,
            past: self.is_past(),
        };
        let places_of = |zoomed| places(area, shape, zoomed);
        let all = places_of(self.zoomed.then_some(self.pane))?;
        // If the screen has no room for the focused pane, that pane is shown alone.
        if all.of(self.pane).is_some() { Some(all) } else { places_of(Some(self.pane)) }
    }

    /// Which pipeline typed messages go to, and its source.
    pub(super) fn target(&self) -> Option<(PipelineIndex, &SourcePlan)> {
        let plan = self.topology.pipelines().get(self.target.0);
        plan.map(|plan| (self.target, &plan.source))
    }
}
