//! Turns typed text into bytes for the engine.

use std::rc::Rc;

use bytes::Bytes;

use crate::core::foresight::Foresight;
use crate::core::typed::{self, Typed};
use crate::session::orders::Order;
use crate::telemetry::Draft;
use crate::workbench::state::windows::overlay::Overlay;
use crate::workbench::state::{Effect, Notice, Workbench};
use crate::workbench::words;

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

    /// The message that Enter would send, or Ctrl-X if it is wrong on purpose: what it would do is looked at.
    #[must_use]
    pub fn draft(&self) -> Option<Draft> {
        if let Some(Overlay::Pasted(pasted)) = &self.overlay {
            return pasted.draft();
        }
        let (pipeline, _) = self.target()?;
        let bytes = match &*self.typed() {
            Typed::Frames { frame: bytes, .. }
            | Typed::Raw { bytes, .. }
            | Typed::Wrong { anyway: Some(bytes), .. } => bytes.clone(),
            Typed::Nothing | Typed::Wrong { anyway: None, .. } => return None,
        };
        Some(Draft { revision: self.input.revision(), pipeline, bytes })
    }

    /// What the draft would do, once it is known.
    pub(in crate::workbench) fn foreseen(&self, revision: u64) -> Option<&Foresight> {
        let ahead = self.snapshot.ahead.as_deref()?;
        let same = (ahead.revision, ahead.pipeline) == (revision, self.target);
        same.then_some(&ahead.foresight)
    }

    pub(in crate::workbench::state) fn send(&mut self, anyway: bool) -> Option<Effect> {
        let (pipeline, _) = self.target()?;
        let bytes: Bytes = match &*self.typed() {
            Typed::Nothing => return None,
            Typed::Frames { frame, times, .. } => frame.repeat(*times).into(),
            Typed::Raw { bytes, times, .. } => bytes.repeat(*times).into(),
            Typed::Wrong { anyway: Some(frame), .. } if anyway => frame.clone(),
            Typed::Wrong { reason, .. } => {
                let text = words::one_line(reason).into_owned();
                self.notices.say_of_line(Notice { text, bad: true });
                return None;
            }
        };
        if let Some(number) = self.held_in_place().map(|held| held.number) {
            return self.send_in_place(number, bytes);
        }
        self.input.take();
        Some(Effect::Order(Order::Inject(pipeline, bytes)))
    }
}
