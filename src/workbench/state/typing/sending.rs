//! Turns typed or pasted text into bytes for the engine.

use std::rc::Rc;

use crate::core::typed::{self, Typed};
use crate::workbench::layout::Pane;
use crate::workbench::state::{Effect, Workbench};

impl Workbench {
    /// The typed text as bytes. A line is parsed once and not per frame drawn, because it may be long.
    pub(in crate::workbench) fn typed(&self) -> Rc<Typed> {
        let Some((pipeline, source)) = self.target() else { return Rc::new(Typed::Nothing) };
        let revision = self.input.revision();
        let mut last = self.last_read.borrow_mut();
        match &*last {
            Some((of, target, typed)) if (*of, *target) == (revision, pipeline) => Rc::clone(typed),
            _ => {
                let typed = typed::read(self.input.text(), source, self.frame_limit);
                let typed = Rc::new(typed);
                *last = Some((revision, pipeline, Rc::clone(&typed)));
                typed
            }
        }
    }

    pub(in crate::workbench::state) fn send(&mut self, anyway: bool) -> Option<Effect> {
        let (pipeline, _) = self.target()?;
        let bytes = match &*self.typed() {
            Typed::Nothing => return None,
            Typed::Frames { frame, times, .. } => frame.repeat(*times),
            Typed::Raw { bytes, times, .. } => bytes.repeat(*times),
            Typed::Wrong { anyway: Some(frame), .. } if anyway => frame.clone(),
            Typed::Wrong { reason, .. } => {
                self.notify(reason.clone(), true);
                return None;
            }
        };
        self.input.take();
        Some(Effect::Inject(pipeline, bytes.into()))
    }

    /// Inserts one pasted line as typed text; sends several lines, each as its own message.
    pub(in crate::workbench::state) fn paste(&mut self, text: &str) -> Option<Effect> {
        self.notice = None;
        self.overlay = None;
        let lines: Vec<&str> =
            text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()).collect();
        if let [line] = lines.as_slice() {
            self.pane = Pane::Input;
            if let Err(error) = self.input.insert(line) {
                self.notify(format!("not pasted: {error}"), true);
            }
            return None;
        }
        let (pipeline, source) = self.target()?;
        let mut bytes = Vec::new();
        let mut first_wrong = None;
        let mut sent = 0;
        for (number, line) in lines.iter().enumerate() {
            let (meant, times) = match typed::read(line, source, self.frame_limit) {
                Typed::Frames { frame, times, .. } => (frame, times),
                Typed::Raw { bytes, whole: true, times, .. } => (bytes, times),
                // Bytes that are not a whole frame would swallow the lines after them.
                Typed::Raw { note, .. } => {
                    first_wrong.get_or_insert((number + 1, note));
                    continue;
                }
                Typed::Wrong { reason, .. } => {
                    first_wrong.get_or_insert((number + 1, reason));
                    continue;
                }
                Typed::Nothing => continue,
            };
            // Each line has a limit of its own, but there may be any number of them.
            if bytes.len() + meant.len() * times > typed::MAX_BYTES_TOGETHER {
                let reason = format!("more than {} bytes at once", typed::MAX_BYTES_TOGETHER);
                first_wrong.get_or_insert((number + 1, reason));
                break;
            }
            bytes.extend(meant.repeat(times));
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
