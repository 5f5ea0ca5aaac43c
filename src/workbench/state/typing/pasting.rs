//! Pasted text goes where text is typed, and nowhere else: keys of commands would do harm, and what is sent
//! cannot be taken back.

use crate::workbench::layout::Pane;
use crate::workbench::state::windows::overlay::Overlay;
use crate::workbench::state::{Effect, Workbench};

impl Workbench {
    /// Gives pasted text to the line that is being typed.
    pub(in crate::workbench::state) fn pasted(&mut self, text: &str) -> Option<Effect> {
        self.notice = None;
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
            Some(Overlay::Help(help)) if help.search.editing().is_some() => {
                help.search.paste(first);
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
}
