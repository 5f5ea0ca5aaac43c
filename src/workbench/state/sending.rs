//! What is typed or pasted becomes bytes for the engine.

use super::super::typed::{self, Typed};
use super::{Effect, Workbench};
use crate::workbench::layout::Pane;

impl Workbench {
    pub(super) fn send(&mut self, anyway: bool) -> Option<Effect> {
        let (pipeline, _) = self.target()?;
        let (bytes, times) = match self.typed() {
            Typed::Nothing => return None,
            Typed::Frames { frame, times, .. } => (frame, times),
            Typed::Raw { bytes, times, .. } => (bytes, times),
            Typed::Wrong { anyway: Some(frame), .. } if anyway => (frame, 1),
            Typed::Wrong { reason, .. } => {
                self.notify(reason, true);
                return None;
            }
        };
        self.input.take();
        Some(Effect::Inject(pipeline, bytes.repeat(times).into()))
    }

    /// One pasted line is text like any other; several lines are sent, each for itself.
    pub(super) fn paste(&mut self, text: &str) -> Option<Effect> {
        self.notice = None;
        self.overlay = None;
        let lines: Vec<&str> =
            text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()).collect();
        if let [line] = lines.as_slice() {
            self.pane = Pane::Input;
            self.input.insert(line);
            return None;
        }
        let (pipeline, source) = self.target()?;
        let mut bytes = Vec::new();
        let mut first_wrong = None;
        let mut sent = 0;
        for (number, line) in lines.iter().enumerate() {
            match typed::read(line, source, self.frame_limit) {
                Typed::Frames { frame, times, .. } => bytes.extend(frame.repeat(times)),
                Typed::Raw { bytes: raw, whole: true, times, .. } => {
                    bytes.extend(raw.repeat(times));
                }
                // Bytes that are no whole frame would swallow the lines after them.
                Typed::Raw { note, .. } => {
                    first_wrong.get_or_insert((number + 1, note));
                    continue;
                }
                Typed::Wrong { reason, .. } => {
                    first_wrong.get_or_insert((number + 1, reason));
                    continue;
                }
                Typed::Nothing => continue,
            }
            sent += 1;
        }
        let total = lines.len();
        match first_wrong {
            None => self.notify(format!("{sent} pasted lines sent"), false),
            Some((number, reason)) => {
                let text = format!("{sent} of {total} pasted lines sent; line {number}: {reason}");
                self.notify(text, true);
            }
        }
        (!bytes.is_empty()).then(|| Effect::Inject(pipeline, bytes.into()))
    }
}
