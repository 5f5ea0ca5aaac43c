//! Pasted text goes where text is typed, and nowhere else: keys of commands would do harm, and what is sent
//! cannot be taken back.

use crossterm::event::KeyCode;

use super::pasted_lines::PastedLines;
use super::sent::Origin;
use crate::core::figures::{counted, exact};
use crate::session::orders::Order;
use crate::workbench::layout::Pane;
use crate::workbench::state::windows::overlay::Overlay;
use crate::workbench::state::windows::shrink::Shrink;
use crate::workbench::state::{Effect, Workbench};
use crate::workbench::terminal::keys::Key as TerminalKey;

impl Workbench {
    /// Gives pasted text to the line that is being typed.
    pub(in crate::workbench::state) fn pasted(&mut self, text: &str) -> Option<Effect> {
        self.notices.key();
        self.notices.line_changed();
        // A line that is typed has no line breaks.
        let line = text.trim_end_matches(['\n', '\r']);
        let first = line.split(['\n', '\r']).next().unwrap_or_default();
        match &mut self.overlay {
            Some(Overlay::Palette(palette)) => {
                // What there is no room for is left out.
                let _ = palette.line.insert(first);
                palette.selected = 0;
                return None;
            }
            Some(Overlay::Seek) => {
                self.seeking.paste(first);
                return None;
            }
            Some(Overlay::Breakpoints(window)) => {
                window.paste(first);
                return None;
            }
            Some(Overlay::Help(help)) if help.search.editing().is_some() => {
                help.search.paste(first);
                return None;
            }
            Some(Overlay::WhatIf(window)) if window.writing.is_some() => {
                if let Some(writing) = &mut window.writing {
                    writing.error = writing.line.insert(first).err().map(|error| error.to_string());
                }
                return None;
            }
            Some(Overlay::Shrink(Shrink { asking: Some(asking), .. })) => {
                asking.paste(first);
                return None;
            }
            Some(_) => {}
            None if self.partitions.filter().editing().is_some() => {
                self.partitions.filter_paste(first);
                return None;
            }
            None if self.letters.filter().editing().is_some() => {
                self.letters.filter_paste(first);
                return None;
            }
            None if self.pane == Pane::Input => return self.paste(text),
            None => {
                if let Some(search) =
                    self.searches.of_mut(self.pane).filter(|search| search.editing().is_some())
                {
                    search.paste(first);
                    return None;
                }
            }
        }
        self.notify("nothing is typed here: `i` goes to the input line".to_owned(), false);
        None
    }

    /// Inserts one pasted line as typed text. Several lines are looked at first.
    fn paste(&mut self, text: &str) -> Option<Effect> {
        self.overlay = None;
        let mut lines = text.split(['\n', '\r']).filter(|line| !line.trim().is_empty());
        let first = lines.next()?;
        if lines.next().is_none() {
            if let Err(error) = self.input.insert(first) {
                self.notify(format!("not pasted: {error}"), true);
            }
            return None;
        }
        let (pipeline, source) = self.target()?;
        let pasted = PastedLines::read(text, pipeline, source, self.frame_limit);
        self.overlay = Some(Overlay::Pasted(pasted));
        None
    }

    /// Takes a key of the window that shows what was pasted.
    pub(in crate::workbench::state) fn key_of_pasted(
        &mut self,
        pasted: PastedLines,
        key: TerminalKey,
    ) -> Option<Effect> {
        match key.code {
            KeyCode::Enter | KeyCode::Char('y') => {}
            KeyCode::Esc | KeyCode::Char('n' | 'q') => {
                self.notify("nothing of what was pasted is sent".to_owned(), false);
                return None;
            }
            _ => {
                self.overlay = Some(Overlay::Pasted(pasted));
                return None;
            }
        }
        let PastedLines { pipeline, bytes, good, wrong, .. } = pasted;
        let sent = counted(good as u64, "pasted line");
        match wrong {
            0 => self.notify(format!("{sent} sent"), false),
            wrong => {
                self.notify(format!("{sent} sent, {} left out", exact(wrong as u64)), good == 0);
            }
        }
        self.origin = Some(Origin::Pasted);
        (!bytes.is_empty()).then(|| Effect::Order(Order::Inject(pipeline, bytes.into())))
    }
}
