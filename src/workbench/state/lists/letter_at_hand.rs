//! The dead letter that the keys are about, and how it is sent again.

use std::sync::Arc;

use crate::core::frames::dead_letter::DeadLetter;
use crate::workbench::layout::Pane;
use crate::workbench::state::windows::overlay::Overlay;
use crate::workbench::state::{Effect, Workbench};
use crate::workbench::words;

/// The longest dead letter that can be edited, header included: 4 KiB are 12 288 characters.
const MAX_EDITED: usize = 4 * 1024;

impl Workbench {
    /// The selected letter of the pane.
    pub(crate) fn selected_letter(&self) -> Option<Arc<DeadLetter>> {
        self.letters.selected(&self.snapshot.dead_letters)
    }

    /// The letter that the keys are about: the opened one, or the selected one.
    pub(crate) fn letter_at_hand(&self) -> Option<Arc<DeadLetter>> {
        match &self.overlay {
            Some(Overlay::DeadLetter(letter)) => Some(Arc::clone(letter)),
            _ => self.selected_letter(),
        }
    }

    /// Puts a letter's frame into the input pane, for its own pipeline. It is put there as bytes, because
    /// the text that the user typed cannot be computed from them.
    pub(crate) fn edit_letter(&mut self, letter: &DeadLetter) {
        let Some(pipeline) = self.topology.pipeline_index(&letter.pipeline) else { return };
        let frame = letter.frame();
        // The notice would be hidden by the window.
        self.overlay = None;
        if frame.len() > MAX_EDITED {
            let (length, most) =
                (words::grouped(frame.len() as u64), words::grouped(MAX_EDITED as u64));
            let text = format!(
                "{length} bytes are too long for a line (the most are {most}): send them again as they are"
            );
            return self.notify(text, true);
        }
        self.zoomed = false;
        self.pane = Pane::Input;
        self.target = pipeline;
        self.input.replace(format!("0x {}", words::hex(&frame)));
    }

    /// Sends a letter's frame again as it is, however long.
    pub(crate) fn send_letter(&mut self, letter: &DeadLetter) -> Option<Effect> {
        let pipeline = self.topology.pipeline_index(&letter.pipeline)?;
        self.overlay = None;
        self.notify(format!("dead letter {} is sent again", letter.sequence), false);
        Some(Effect::Inject(pipeline, letter.frame().into()))
    }
}
