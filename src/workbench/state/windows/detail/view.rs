//! Where one looks in a window that is longer or wider than its place: the line of the cursor, the first line
//! in sight, the columns out of sight to the left, and the byte under the cursor.

use crate::workbench::commands::Command;
use crate::workbench::state::lists::rows::moved;

/// By how many columns one move to the side scrolls.
const SIDE: usize = 8;

/// Where one looks in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct View {
    /// The line of the cursor.
    pub cursor: usize,
    /// The first line in sight.
    pub top: usize,
    /// How many columns are out of sight to the left, in lines that are wider than the window.
    pub left: usize,
    /// The byte under the cursor, within its line of bytes.
    pub byte: usize,
}

/// How much a window has to show, and how much of it is in sight at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extent {
    /// All lines.
    pub lines: usize,
    /// How many lines are in sight.
    pub height: usize,
    /// How many columns lines that are not wrapped may go to the left.
    pub beyond: usize,
    /// The lines of bytes.
    pub bytes: Vec<ByteLines>,
    /// The byte of the first of them that is wrong.
    pub wrong: Option<usize>,
}

/// Lines of bytes: so many bytes a line, from a line on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteLines {
    /// The first line.
    pub first: usize,
    /// The bytes of a full line.
    pub a_line: usize,
    /// All bytes.
    pub count: usize,
}

impl ByteLines {
    fn lines(&self) -> usize {
        self.count.div_ceil(self.a_line.max(1))
    }

    fn has(&self, line: usize) -> bool {
        (self.first..self.first + self.lines()).contains(&line)
    }
}

impl Extent {
    fn bytes_at(&self, line: usize) -> Option<&ByteLines> {
        self.bytes.iter().find(|bytes| bytes.has(line))
    }
}

impl View {
    /// The view after a command that moves.
    #[must_use]
    pub fn moved(mut self, command: Command, extent: &Extent) -> Self {
        let bytes = extent.bytes_at(self.cursor);
        match (command, bytes) {
            (Command::Left, Some(bytes)) => {
                let at = self.byte_in(bytes).saturating_sub(1);
                self.go_to_byte_in(at, bytes);
            }
            (Command::Right, Some(bytes)) => {
                let at = self.byte_in(bytes).saturating_add(1);
                self.go_to_byte_in(at, bytes);
            }
            (Command::Left, None) => self.left = self.left.saturating_sub(SIDE),
            (Command::Right, None) => self.left = (self.left + SIDE).min(extent.beyond),
            _ => {
                let page = extent.height.saturating_sub(1).max(1);
                let last = extent.lines.saturating_sub(1);
                self.cursor = moved(self.cursor, command, page, last);
            }
        }
        self.within(extent)
    }

    /// The view with the cursor on one of the lines, and in sight.
    #[must_use]
    pub fn within(mut self, extent: &Extent) -> Self {
        let height = extent.height.max(1);
        self.cursor = self.cursor.min(extent.lines.saturating_sub(1));
        self.top = self.top.min(extent.lines.saturating_sub(height));
        self.top = self.top.min(self.cursor).max((self.cursor + 1).saturating_sub(height));
        self.left = self.left.min(extent.beyond);
        self
    }

    /// The view on a byte of the first bytes of the window.
    #[must_use]
    pub fn at_byte(mut self, at: usize, extent: &Extent) -> Self {
        if let Some(bytes) = extent.bytes.first() {
            self.go_to_byte_in(at, bytes);
        }
        self.within(extent)
    }

    /// The byte under the cursor, if the cursor is on these lines.
    #[must_use]
    pub fn byte_of(&self, bytes: &ByteLines) -> Option<usize> {
        bytes.has(self.cursor).then(|| self.byte_in(bytes))
    }

    fn byte_in(&self, bytes: &ByteLines) -> usize {
        let line = self.cursor.saturating_sub(bytes.first);
        let column = self.byte.min(bytes.a_line.saturating_sub(1));
        (line * bytes.a_line + column).min(bytes.count.saturating_sub(1))
    }

    fn go_to_byte_in(&mut self, at: usize, bytes: &ByteLines) {
        let at = at.min(bytes.count.saturating_sub(1));
        self.cursor = bytes.first + at / bytes.a_line.max(1);
        self.byte = at % bytes.a_line.max(1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOVES: [Command; 8] = [
        Command::Up,
        Command::Down,
        Command::PageUp,
        Command::PageDown,
        Command::First,
        Command::Last,
        Command::Left,
        Command::Right,
    ];

    proptest! {
        #[test]
        fn the_cursor_is_on_a_line_and_in_sight_after_any_moves(
            lines in 0_usize..50,
            height in 0_usize..12,
            beyond in 0_usize..30,
            moves in proptest::collection::vec(0_usize..MOVES.len(), 0..40),
        ) {
            let bytes = vec![ByteLines { first: 3, a_line: 8, count: 100 }];
            let extent = Extent { lines, height, beyond, bytes, wrong: None };
            let mut view = View::default();
            for at in moves {
                view = view.moved(MOVES[at], &extent);
                prop_assert!(view.cursor < lines.max(1));
                prop_assert!((view.top..view.top + height.max(1)).contains(&view.cursor));
                prop_assert!(view.left <= beyond);
            }
        }
    }

    #[test]
    fn bytes_are_gone_through_one_by_one_over_the_ends_of_lines() {
        let bytes = ByteLines { first: 2, a_line: 8, count: 20 };
        let extent = Extent { lines: 5, height: 5, bytes: vec![bytes], ..Extent::default() };
        let mut view = View::default().at_byte(7, &extent);
        assert_eq!((view.cursor, view.byte_of(&bytes)), (2, Some(7)));
        view = view.moved(Command::Right, &extent);
        assert_eq!((view.cursor, view.byte_of(&bytes)), (3, Some(8)));
        view = view.moved(Command::Left, &extent).moved(Command::Last, &extent);
        assert_eq!((view.cursor, view.byte_of(&bytes)), (4, Some(19)));
        view = view.moved(Command::Right, &extent).moved(Command::Down, &extent);
        assert_eq!(view.byte_of(&bytes), Some(19));
    }
}
