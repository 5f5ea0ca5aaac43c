//! The frame that the keys are about, of a message or of a dead letter, and how it is sent again.

use std::sync::Arc;

use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::session::orders::Order;
use crate::workbench::layout::Pane;
use crate::workbench::state::typing::sent::Origin;
use crate::workbench::state::windows::detail::{Detail, Subject};
use crate::workbench::state::windows::overlay::Overlay;
use crate::workbench::state::{Effect, Workbench};
use crate::workbench::words;

/// The longest frame that can be edited, header included: 4 KiB are 12 288 characters.
pub(in crate::workbench::state) const MAX_EDITED: usize = 4 * 1024;

/// Whose frame the keys are about.
pub(crate) enum AtHand {
    /// A dead letter's.
    Letter(Arc<DeadLetter>),
    /// A message's.
    Message(Arc<Trace>),
    /// That of a message of the smallest input.
    Shrunk {
        /// Its number in the run.
        number: u64,
        /// The name of its pipeline.
        pipeline: Arc<str>,
        /// The frame.
        frame: Vec<u8>,
    },
}

impl AtHand {
    fn pipeline(&self) -> &str {
        match self {
            Self::Letter(letter) => &letter.pipeline,
            Self::Message(trace) => &trace.pipeline,
            Self::Shrunk { pipeline, .. } => pipeline,
        }
    }

    fn frame(&self) -> Vec<u8> {
        match self {
            Self::Letter(letter) => letter.frame(),
            Self::Message(trace) => trace.frame.clone(),
            Self::Shrunk { frame, .. } => frame.clone(),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Letter(letter) => format!("dead letter {}", letter.sequence),
            Self::Message(trace) => format!("message {}", trace.sequence),
            Self::Shrunk { number, .. } => format!("the message for #{number}"),
        }
    }

    fn origin(&self) -> Origin {
        match self {
            Self::Letter(letter) => Origin::DeadLetter(letter.sequence.0),
            Self::Message(trace) => Origin::Message(trace.sequence.0),
            Self::Shrunk { number, .. } => Origin::Message(*number),
        }
    }

    /// Why it cannot be sent again; `None` if it can.
    pub fn refusal(&self) -> Option<String> {
        match self {
            Self::Message(trace) if trace.frame.len() < trace.frame_length => Some(format!(
                "of its {} bytes only the first {} are kept",
                words::exact(trace.frame_length as u64),
                words::exact(trace.frame.len() as u64),
            )),
            Self::Message(_) | Self::Letter(_) | Self::Shrunk { .. } => None,
        }
    }
}

impl Workbench {
    /// The selected letter of the pane.
    pub(crate) fn selected_letter(&self) -> Option<Arc<DeadLetter>> {
        self.letters.selected(&self.snapshot.dead_letters)
    }

    /// Whose frame the keys are about: the opened one's, or the selected one's.
    pub(crate) fn frame_at_hand(&self) -> Option<AtHand> {
        match &self.overlay {
            Some(Overlay::Detail(Detail { subject: Subject::DeadLetter(letter), .. })) => {
                Some(AtHand::Letter(Arc::clone(letter)))
            }
            Some(Overlay::Detail(Detail { subject: Subject::Message(trace), .. })) => {
                Some(AtHand::Message(Arc::clone(trace)))
            }
            Some(Overlay::Shrink(shrink)) => self.shrunk_at_hand(shrink.selected),
            _ if self.pane == Pane::Messages => {
                let trace = self.trace.of(&self.shown_traces()).map(Arc::clone);
                trace.map(AtHand::Message)
            }
            _ => self.selected_letter().map(AtHand::Letter),
        }
    }

    /// The selected message of the smallest input.
    fn shrunk_at_hand(&self, selected: usize) -> Option<AtHand> {
        let found = self.found_input()?;
        let message = found.input.messages.get(selected)?;
        let plan = self.topology.pipelines().get(message.pipeline.0)?;
        let frame = plan.source.framing.frame(&message.payload).ok()?;
        Some(AtHand::Shrunk { number: message.number, pipeline: Arc::clone(&plan.name), frame })
    }

    /// Puts a frame into the input pane, for its own pipeline. It is put there as bytes, because the text that
    /// the user typed cannot be computed from them.
    pub(crate) fn edit_frame(&mut self, at_hand: &AtHand) {
        let Some(pipeline) = self.topology.pipeline_index(at_hand.pipeline()) else { return };
        let frame = at_hand.frame();
        // The notice would be hidden by the window.
        self.close_windows();
        if frame.len() > MAX_EDITED {
            let (length, most) =
                (words::exact(frame.len() as u64), words::exact(MAX_EDITED as u64));
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

    /// Sends a frame again as it is, however long.
    pub(crate) fn send_frame(&mut self, at_hand: &AtHand) -> Option<Effect> {
        let pipeline = self.topology.pipeline_index(at_hand.pipeline())?;
        // The others of the smallest input may be sent after it.
        if !matches!(at_hand, AtHand::Shrunk { .. }) {
            self.close_windows();
        }
        self.origin = Some(at_hand.origin());
        self.notify(format!("{} is sent again", at_hand.name()), false);
        Some(Effect::Order(Order::Inject(pipeline, at_hand.frame().into())))
    }

    fn close_windows(&mut self) {
        self.overlay = None;
        self.beneath.clear();
    }
}
