//! What a window shows, as lines of any number and width: rows of text that are wrapped with a hanging
//! indent or scrolled sideways, and bytes. Only the lines in sight are made of bytes.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::hex::Hex;
use super::wrapping::{MIN_BODY, shifted, wrapped};
use crate::application::Key;
use crate::core::frames::trace::Trace;
use crate::workbench::state::windows::detail::folds::Branch;
use crate::workbench::state::windows::detail::view::{ByteLines, Extent, View};
use crate::workbench::theme::Theme;
use crate::workbench::words::one_line;

/// What Enter on a row opens.
#[derive(Debug, Clone)]
pub(in crate::workbench) enum Target {
    /// A partition of a state, by the state's place in the topology.
    Partition(usize, Key),
    /// A message.
    Message(std::sync::Arc<Trace>),
    /// The moment of a message of the recording.
    Moment(u64),
    /// More changes of a partition than are listed.
    Changes(usize, Key),
}

impl Target {
    /// What Enter does.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Partition(..) => "Enter: the partition",
            Self::Message(_) => "Enter: the message",
            Self::Moment(_) => "Enter goes there",
            Self::Changes(..) => "Enter lists them",
        }
    }
}

/// What becomes of a row that is wider than the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// It goes on in the next line, below its own beginning.
    Wrap,
    /// It is scrolled sideways.
    Scroll,
}

/// A row: what stays at the left, and the text beside it.
pub(super) struct Row {
    head: Vec<Span<'static>>,
    body: Vec<Span<'static>>,
    flow: Flow,
    target: Option<Target>,
    branch: Option<Branch>,
    /// The field that it shows of a partition's state: the names that lead to it.
    field: Option<Vec<String>>,
}

impl Row {
    /// A row of text.
    pub fn new(head: Vec<Span<'static>>, body: Vec<Span<'static>>, flow: Flow) -> Self {
        Self {
            head,
            body: body.into_iter().map(printable).collect(),
            flow,
            target: None,
            branch: None,
            field: None,
        }
    }

    /// A name in this many columns, and a text that is wrapped.
    pub fn named(
        theme: Theme,
        name: &str,
        columns: usize,
        value: impl Into<Span<'static>>,
    ) -> Self {
        let head = Span::styled(format!("{name:<columns$} "), theme.quiet());
        Self::new(vec![head], vec![value.into()], Flow::Wrap)
    }

    /// A row without a name.
    pub fn text(text: impl Into<String>, style: Style) -> Self {
        Self::new(Vec::new(), vec![Span::styled(text.into(), style)], Flow::Wrap)
    }

    /// An empty row.
    pub fn empty() -> Self {
        Self::new(Vec::new(), Vec::new(), Flow::Wrap)
    }

    /// The row with what Enter on it opens.
    pub fn opens(self, target: Option<Target>) -> Self {
        Self { target, ..self }
    }

    /// The row as a branch of a tree.
    pub fn folds(self, branch: Option<Branch>) -> Self {
        Self { branch, ..self }
    }

    /// The row as a field of a partition's state.
    pub fn shows(self, field: Option<Vec<String>>) -> Self {
        Self { field, ..self }
    }

    fn lines(&self, width: usize) -> Vec<Line<'static>> {
        let head_width = self.head.iter().map(Span::width).sum::<usize>();
        if self.flow == Flow::Scroll {
            let mut spans = self.head.clone();
            spans.extend(self.body.iter().cloned());
            return vec![Line::from(spans)];
        }
        // On a very narrow screen the name gives way.
        let indent = if head_width + MIN_BODY <= width { head_width } else { 0 };
        let mut lines = Vec::new();
        if indent == 0 && head_width > 0 {
            lines.push(Line::from(self.head.clone()));
        }
        for (at, body) in wrapped(&self.body, width - indent).into_iter().enumerate() {
            let mut spans = match (indent, at) {
                (0, _) => Vec::new(),
                (_, 0) => self.head.clone(),
                (indent, _) => vec![Span::raw(" ".repeat(indent))],
            };
            spans.extend(body);
            lines.push(Line::from(spans));
        }
        lines
    }
}

/// A part of a window.
pub(super) enum Part<'a> {
    /// A row of text.
    Row(Row),
    /// Bytes.
    Hex(Hex<'a>),
}

impl From<Row> for Part<'_> {
    fn from(row: Row) -> Self {
        Self::Row(row)
    }
}

/// What a window shows.
pub(super) struct Sheet<'a> {
    /// What it is about.
    pub title: String,
    /// The keys that do something here, beside those that move and close.
    pub keys: String,
    /// Whether the window keeps its height whatever it shows, because that changes while one looks.
    pub live: bool,
    /// From the top to the bottom.
    pub parts: Vec<Part<'a>>,
}

/// A sheet in this many columns.
pub(super) struct Laid<'a> {
    theme: Theme,
    width: usize,
    blocks: Vec<Block<'a>>,
    /// The first line of each block.
    starts: Vec<usize>,
    lines: usize,
}

enum Block<'a> {
    Lines {
        lines: Vec<Line<'static>>,
        head: usize,
        flow: Flow,
        target: Option<Target>,
        branch: Option<Branch>,
        field: Option<Vec<String>>,
    },
    Hex {
        hex: Hex<'a>,
        a_line: usize,
    },
}

impl<'a> Laid<'a> {
    /// Lays parts out.
    pub fn new(theme: Theme, parts: Vec<Part<'a>>, width: usize) -> Self {
        let width = width.max(1);
        let (mut blocks, mut starts, mut lines) = (Vec::new(), Vec::new(), 0);
        for part in parts {
            starts.push(lines);
            let block = match part {
                Part::Row(row) => Block::Lines {
                    lines: row.lines(width),
                    head: row.head.iter().map(Span::width).sum(),
                    flow: row.flow,
                    target: row.target,
                    branch: row.branch,
                    field: row.field,
                },
                Part::Hex(hex) => {
                    let a_line = hex.bytes_a_line(width);
                    Block::Hex { hex, a_line }
                }
            };
            lines += match &block {
                Block::Lines { lines, .. } => lines.len(),
                Block::Hex { hex, a_line } => hex.len().div_ceil(*a_line),
            };
            blocks.push(block);
        }
        Self { theme, width, blocks, starts, lines }
    }

    /// How much there is, of which so many lines are in sight.
    pub fn extent(&self, height: usize) -> Extent {
        let widest = self.blocks.iter().map(|block| match block {
            Block::Lines { lines, flow: Flow::Scroll, .. } => {
                lines.iter().map(Line::width).max().unwrap_or(0)
            }
            Block::Lines { .. } | Block::Hex { .. } => 0,
        });
        let bytes = self.starts.iter().zip(&self.blocks).filter_map(|(first, block)| match block {
            Block::Hex { hex, a_line } => {
                Some(ByteLines { first: *first, a_line: *a_line, count: hex.len() })
            }
            Block::Lines { .. } => None,
        });
        Extent {
            lines: self.lines,
            height,
            beyond: widest.max().unwrap_or(0).saturating_sub(self.width),
            bytes: bytes.collect(),
            wrong: self.blocks.iter().find_map(|block| match block {
                Block::Hex { hex, .. } => hex.wrong,
                Block::Lines { .. } => None,
            }),
        }
    }

    /// Whether the cursor does anything here: a line to open, a byte to look at, or more than is in sight.
    pub fn has_cursor(&self, height: usize) -> bool {
        let of_block = |block: &Block<'_>| match block {
            Block::Lines { target, branch, field, .. } => {
                target.is_some() || branch.is_some() || field.is_some()
            }
            Block::Hex { hex, .. } => hex.len() > 0,
        };
        self.lines > height || self.blocks.iter().any(of_block)
    }

    /// What Enter on a line opens.
    pub fn target(&self, line: usize) -> Option<&Target> {
        match self.block(line)? {
            (Block::Lines { target, .. }, _) => target.as_ref(),
            (Block::Hex { .. }, _) => None,
        }
    }

    /// The branch of a tree that a line is.
    pub fn branch(&self, line: usize) -> Option<&Branch> {
        match self.block(line)? {
            (Block::Lines { branch, .. }, _) => branch.as_ref(),
            (Block::Hex { .. }, _) => None,
        }
    }

    /// The field of a partition's state that a line shows.
    pub fn field(&self, line: usize) -> Option<&Vec<String>> {
        match self.block(line)? {
            (Block::Lines { field, .. }, _) => field.as_ref(),
            (Block::Hex { .. }, _) => None,
        }
    }

    /// What is known of the byte under the cursor.
    pub fn told(&self, view: &View) -> Option<String> {
        let (Block::Hex { hex, a_line }, first) = self.block(view.cursor)? else { return None };
        let bytes = ByteLines { first, a_line: *a_line, count: hex.len() };
        view.byte_of(&bytes).map(|at| hex.told(at))
    }

    /// The block of a line, and the block's first line.
    fn block(&self, line: usize) -> Option<(&Block<'a>, usize)> {
        let at = self.starts.partition_point(|start| *start <= line).checked_sub(1)?;
        let found = (self.blocks.get(at)?, *self.starts.get(at)?);
        (line < self.lines).then_some(found)
    }

    /// A line as it is in sight.
    pub fn line(&self, line: usize, view: &View) -> Line<'static> {
        match self.block(line) {
            None => Line::default(),
            Some((Block::Hex { hex, a_line }, first)) => {
                let bytes = ByteLines { first, a_line: *a_line, count: hex.len() };
                hex.line(self.theme, line - first, *a_line, view.byte_of(&bytes))
            }
            Some((Block::Lines { lines, head, flow, .. }, first)) => {
                let line = lines.get(line - first).cloned().unwrap_or_default();
                match flow {
                    Flow::Wrap => line,
                    Flow::Scroll => shifted(self.theme, &line, *head, view.left, self.width),
                }
            }
        }
    }
}

/// A text without control characters.
fn printable(mut span: Span<'static>) -> Span<'static> {
    if let std::borrow::Cow::Owned(text) = one_line(&span.content) {
        span.content = text.into();
    }
    span
}
