//! The tour of a workbench to which nothing has been sent: lines to try, each with a number key that sends it.

use crossterm::event::KeyCode;

use crate::core::frames::wrapping::Wrapping;
use crate::core::typed::payload;
use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;
use crate::workbench::state::loading::Taken;
use crate::workbench::state::typing::sent::Origin;
use crate::workbench::terminal::keys::Key as TerminalKey;
use crate::workbench::words;

/// A line of the tour.
pub(in crate::workbench) struct Stop {
    /// What is typed.
    pub text: String,
    /// What it is.
    pub about: &'static str,
    /// Whether it is sent as it is, though it is no message.
    anyway: bool,
}

impl Workbench {
    /// What can be sent first: the application's own example, many of it, a part of it, and nonsense. Nothing if
    /// there are partitions, or something has been sent.
    pub(in crate::workbench) fn tour(&self) -> Vec<Stop> {
        let snapshot = &self.snapshot;
        let has_begun = snapshot.totals.messages_in > 0 || snapshot.partitions.total > 0;
        if has_begun || snapshot.past.is_some() {
            return Vec::new();
        }
        let source = self.target().map(|(_, source)| source);
        let Some((source, typed)) =
            source.and_then(|source| Some((source, source.typed.as_ref()?)))
        else {
            return Vec::new();
        };
        let example = typed.example();
        let frame = |payload: Vec<u8>| source.framing.frame(&payload).ok();
        let half = payload(typed, example).ok().and_then(frame).map(|whole| {
            // The beginning of a line is a line.
            if source.framing.wrapping() == Wrapping::Line {
                return ("0x 0a".to_owned(), "an empty line", false);
            }
            let half = whole.get(..whole.len().div_ceil(2)).unwrap_or_default();
            (format!("0x {}", words::hex(half)), "half a frame: a dead letter", false)
        });
        let all = [
            Some((example.to_owned(), "a message", false)),
            Some((format!("{example} x1000"), "a thousand of them", false)),
            half,
            payload(typed, "nonsense").is_err().then(|| {
                ("nonsense".to_owned(), "as it is, to see what becomes of it (Ctrl-X)", true)
            }),
        ];
        let stop = |(text, about, anyway)| Stop { text, about, anyway };
        all.into_iter().flatten().map(stop).collect()
    }

    /// A number key in the pane of the tour sends that line of it. `None` if the key is another one: the numbers
    /// after those of the tour go to panes.
    pub(in crate::workbench::state) fn key_of_tour(&mut self, key: TerminalKey) -> Option<Taken> {
        let KeyCode::Char(digit) = key.code else { return None };
        if self.pane != Pane::Partitions || !key.is_text() {
            return None;
        }
        let at = usize::try_from(digit.to_digit(10)?).ok()?.checked_sub(1)?;
        let stop = self.tour().into_iter().nth(at)?;
        // What is being typed stays.
        let typed = self.input.text().to_owned();
        self.input.set(stop.text.clone());
        let effect = self.send(stop.anyway);
        self.input.set(typed);
        self.origin = effect.is_some().then(|| Origin::typed(&stop.text));
        Some(Taken(effect))
    }
}
