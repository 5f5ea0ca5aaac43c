//! Finds what the window "What if" is about.

use std::sync::Arc;

use super::here::{Here, HereMessage, HerePartition};
use super::window::WhatIfWindow;
use crate::core::frames::dead_letter::{Cause, DeadLetter};
use crate::core::frames::trace::Trace;
use crate::core::numbers::PipelineIndex;
use crate::session::what_if::{MessageName, Spot};
use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;
use crate::workbench::state::windows::detail::{Detail, Subject};
use crate::workbench::state::windows::overlay::Overlay;

impl Workbench {
    /// What a window is about: another moment of the past may be shown than when it was opened.
    pub(in crate::workbench) fn here_of(&self, window: &WhatIfWindow) -> Here {
        let shown = self.snapshot.past.as_ref().map(|past| past.message);
        if shown == window.here.shown { window.here.clone() } else { self.here() }
    }

    /// What the window is about, if these windows are below it.
    pub(in crate::workbench::state) fn here(&self) -> Here {
        let below = match &self.overlay {
            Some(Overlay::WhatIf(_)) | None => self.beneath.last(),
            open => open.as_ref(),
        };
        let subject = match below {
            Some(Overlay::Detail(Detail { subject, .. })) => Some(subject),
            _ => None,
        };
        let selected = self.message_of(subject);
        let past = self.snapshot.past.as_ref();
        let of_past =
            past.and_then(|past| past.trace.as_deref()).and_then(|trace| self.message(trace));
        let after = |message: &HereMessage| Spot::After(message.name);
        let moment = match (past, &selected) {
            (Some(_), _) => of_past.as_ref().map_or(Spot::Beginning, after),
            (None, Some(message)) => after(message),
            (None, None) => Spot::End,
        };
        Here {
            message: selected.or(of_past),
            moment,
            shown: past.map(|past| past.message),
            partition: self.partition_of(subject),
        }
    }

    /// The message that is open or selected.
    fn message_of(&self, subject: Option<&Subject>) -> Option<HereMessage> {
        match (subject, self.pane) {
            (Some(Subject::Message(trace)), _) => self.message(trace),
            (Some(Subject::DeadLetter(letter)), _) => self.letter(letter),
            (None, Pane::Messages) => self.message(self.trace.of(&self.shown_traces())?),
            (None, Pane::DeadLetters) => self.letter(&*self.selected_letter()?),
            (Some(_) | None, _) => None,
        }
    }

    fn message(&self, trace: &Trace) -> Option<HereMessage> {
        let pipeline = self.topology.pipeline_index(&trace.pipeline)?;
        let name = MessageName { pipeline, sequence: trace.sequence };
        let is_whole = trace.frame.len() == trace.frame_length;
        Some(HereMessage { name, frame: is_whole.then(|| trace.frame.clone()) })
    }

    fn letter(&self, letter: &DeadLetter) -> Option<HereMessage> {
        let pipeline = self.topology.pipeline_index(&letter.pipeline)?;
        // Bytes that are no frame have not entered.
        let is_frame = letter.cause != Cause::Framing;
        let name = MessageName { pipeline, sequence: letter.sequence };
        is_frame.then(|| HereMessage { name, frame: Some(letter.frame()) })
    }

    fn partition_of(&self, subject: Option<&Subject>) -> Option<HerePartition> {
        let states = self.topology.states();
        let (state, row) = if let Some(Subject::Partition { state, key, last }) = subject {
            (*state, self.opened_row(*state, key).or(last.as_deref())?)
        } else {
            let shown = &self.snapshot.partitions;
            (shown.view.state, self.partitions.selected_row(shown)?)
        };
        let (key, value) = (row.row.key.clone(), row.row.value.clone());
        Some(HerePartition {
            state: Arc::clone(&states.get(state)?.name),
            key,
            poisoned: row.row.poisoned,
            value,
        })
    }

    /// What a message is called: `#3`, and its pipeline if there are several.
    pub(in crate::workbench) fn name_of(&self, name: MessageName) -> String {
        let MessageName { pipeline, sequence } = name;
        match self.topology.pipelines() {
            [_] => sequence.to_string(),
            _ => format!("{sequence} of {}", self.pipeline_name(pipeline)),
        }
    }

    pub(in crate::workbench) fn pipeline_name(&self, pipeline: PipelineIndex) -> &str {
        let plan = self.topology.pipelines().get(pipeline.0);
        plan.map_or("another pipeline", |plan| &plan.name)
    }

    /// What a moment is called.
    pub(in crate::workbench) fn spot_in_words(&self, spot: Spot) -> String {
        match spot {
            Spot::Beginning => "at the beginning".to_owned(),
            Spot::Before(name) => format!("before {}", self.name_of(name)),
            Spot::After(name) => format!("after {}", self.name_of(name)),
            Spot::End => "now".to_owned(),
        }
    }
}
