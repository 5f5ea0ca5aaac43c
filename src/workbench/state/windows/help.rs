//! The help: all commands of the table, those of the focused pane first, and a search in them.

use std::cell::Cell;

use crossterm::event::KeyEvent;

use crate::core::text::has;
use crate::workbench::commands::{COMMANDS, Command, Context, Entry};
use crate::workbench::keymap::Keymap;
use crate::workbench::layout::Pane;
use crate::workbench::state::lists::filters::filter_line::FilterLine;
use crate::workbench::state::lists::rows::moved;
use crate::workbench::terminal::keys::Key as TerminalKey;

/// The parts of the help, in order.
const PARTS: [(Context, &str); 5] = [
    (Context::Input, "In the input pane"),
    (Context::Partitions, "In the partitions pane"),
    (Context::Frames, "In the panes of messages and dead letters"),
    (Context::Rows, "In panes with rows"),
    (Context::Everywhere, "Everywhere (letters not while typing)"),
];

/// The help, over whatever was open.
pub struct Help {
    /// How many lines are out of sight above.
    pub scroll: usize,
    /// The most that can be: known when it is drawn.
    pub furthest: Cell<usize>,
    /// Only lines that contain this are shown.
    pub search: FilterLine,
    /// The pane or window from which it was opened.
    pane: Option<Pane>,
}

/// A part of the help: its title and its commands.
pub type Part = (&'static str, Vec<&'static Entry>);

impl Help {
    /// The help for a pane.
    #[must_use]
    pub fn new(pane: Option<Pane>) -> Self {
        Self { scroll: 0, furthest: Cell::new(usize::MAX), search: FilterLine::default(), pane }
    }

    /// The commands that are shown, in parts: first what works where the help was opened.
    #[must_use]
    pub fn parts(&self, keymap: &Keymap) -> Vec<Part> {
        let text = self.search.text();
        let found = |entry: &&Entry| {
            let keys = keymap.all_keys(entry.command);
            [entry.name, entry.about, &keys].iter().any(|shown| has(shown, text))
        };
        let mut parts: Vec<(bool, Part)> = Vec::new();
        for (context, title) in PARTS {
            let of_part = COMMANDS.iter().filter(|entry| entry.context == context);
            let here = of_part.clone().any(|entry| entry.applies(self.pane));
            let entries: Vec<_> = of_part.filter(found).collect();
            if !entries.is_empty() {
                parts.push((here, (title, entries)));
            }
        }
        parts.sort_by_key(|(here, _)| !here);
        parts.into_iter().map(|(_, part)| part).collect()
    }

    /// Moves it.
    pub fn scroll(&mut self, command: Command) {
        let furthest = self.furthest.get();
        self.scroll = moved(self.scroll.min(furthest), command, 10, furthest);
    }

    /// Takes a key while a search is typed.
    pub fn search_key(&mut self, key: TerminalKey, event: KeyEvent) {
        self.search.key(key, event);
        self.scroll = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_works_where_the_help_was_opened_comes_first() {
        let keymap = Keymap::default();
        let first = |pane| Help::new(pane).parts(&keymap).first().map(|(title, _)| *title);
        assert_eq!(first(Some(Pane::Input)), Some("In the input pane"));
        assert_eq!(
            first(Some(Pane::DeadLetters)),
            Some("In the panes of messages and dead letters")
        );
        let all: usize = Help::new(None).parts(&keymap).iter().map(|part| part.1.len()).sum();
        assert_eq!(all, COMMANDS.len());
    }
}
