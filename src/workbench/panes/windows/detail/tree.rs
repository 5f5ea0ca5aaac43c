//! A state or a message as a tree: a line for each field, nested ones further to the right, and what has
//! changed beside what it was.

use std::borrow::Cow;

use ratatui::text::Span;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::sheet::{Flow, Row};
use crate::workbench::state::windows::detail::folds::{Branch, Folds};
use crate::workbench::theme::Theme;
use crate::workbench::words;

/// The most lines of a tree: a state may be of any size.
const MOST: usize = 2_000;

/// The most bytes of a text that is shown as a whole at once: a text may have millions.
const LONG: usize = 400;

/// The columns of a long text while it is folded.
const SHORT: usize = 120;

/// How much further to the right the fields of a field are.
const INDENT: usize = 2;

/// A tree while it is made.
struct Tree<'a> {
    theme: Theme,
    folds: &'a Folds,
    /// The columns before the names.
    label: usize,
    rows: Vec<Row>,
    left_out: usize,
    /// The names that lead to the fields that are being told; `None` if nobody asks.
    at: Option<Vec<String>>,
}

/// A value's lines, with a name in this many columns beside the first. With a value from before, what has changed
/// is said. `root` tells the trees of a window apart.
pub(super) fn rows(
    theme: Theme,
    name: &str,
    columns: usize,
    value: &Value,
    before: Option<&Value>,
    (folds, root): (&Folds, &str),
) -> Vec<Row> {
    Tree::of(theme, columns, folds).told((name, columns), value, before, root)
}

/// The lines of a partition's state, each of which knows its field.
pub(super) fn of_state(
    theme: Theme,
    name: &str,
    columns: usize,
    value: &Value,
    (folds, root): (&Folds, &str),
) -> Vec<Row> {
    let tree = Tree { at: Some(Vec::new()), ..Tree::of(theme, columns, folds) };
    tree.told((name, columns), value, None, root)
}

/// A text, behind its name if it has one, which is folded at first if it is long.
pub(super) fn text_row(
    theme: Theme,
    name: &str,
    columns: usize,
    text: Span<'static>,
    (folds, root): (&Folds, &str),
) -> Row {
    let label = if name.is_empty() { String::new() } else { format!("{name:<columns$} ") };
    if text.content.len() <= LONG {
        return Row::new(vec![Span::styled(label, theme.quiet())], vec![text], Flow::Wrap);
    }
    let branch = folds.folded_branch(root, name);
    let mark = fold_mark(theme, branch.folded);
    let head = Span::styled(format!("{label}{mark} "), theme.quiet());
    let short = branch.folded.then(|| Span::styled(theme.fit(&text.content, SHORT), text.style));
    Row::new(vec![head], vec![short.unwrap_or(text)], Flow::Wrap).folds(Some(branch))
}

/// The fields of an object or of an array, each with its name.
fn fields(value: &Value) -> Option<Vec<(Cow<'_, str>, &Value)>> {
    match value {
        Value::Object(fields) => {
            Some(fields.iter().map(|(name, value)| (name.into(), value)).collect())
        }
        Value::Array(values) => {
            let named = values.iter().enumerate();
            Some(named.map(|(at, value)| (at.to_string().into(), value)).collect())
        }
        _ => None,
    }
}

/// Whether a value is told in its own line: it is no object, or small and of one kind.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(values) => {
            values.len() <= 8 && values.iter().all(|value| !value.is_object() && !value.is_array())
        }
        _ => true,
    }
}

/// Whether a value is a text that is folded at first.
fn is_long(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() > LONG)
}

/// A value in one line.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Array(values) if values.is_empty() => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
        Value::Array(_) => format!("[{}]", words::plain(value)),
        Value::String(text) => {
            format!("\"{}\"", words::plain(&Value::String(text.clone())).trim_matches('"'))
        }
        _ => words::plain(value),
    }
}

impl<'a> Tree<'a> {
    fn of(theme: Theme, columns: usize, folds: &'a Folds) -> Self {
        Self { theme, folds, label: columns + 1, rows: Vec::new(), left_out: 0, at: None }
    }

    /// The lines of a value, and how many there are no lines for.
    fn told(
        mut self,
        (name, columns): (&str, usize),
        value: &Value,
        before: Option<&Value>,
        root: &str,
    ) -> Vec<Row> {
        self.value(name, value, before, root);
        if self.left_out > 0 {
            let left_out = words::exact(self.left_out as u64);
            let text = format!("{left_out} more lines: y copies all of it");
            let head = Span::raw(" ".repeat(columns + 1));
            self.rows.push(Row::new(
                vec![head],
                vec![Span::styled(text, self.theme.quiet())],
                Flow::Wrap,
            ));
        }
        self.rows
    }

    /// A value whose name stands at the left of the whole tree.
    fn value(&mut self, name: &str, value: &Value, before: Option<&Value>, root: &str) {
        let label = format!("{name:<width$}", width = self.label);
        match fields(value).filter(|_| !is_plain(value)) {
            None => self.line(label, String::new(), (root, ""), value, before),
            Some(fields) => self.fields(label, (0, root), &fields, before),
        }
    }

    fn fields(
        &mut self,
        mut label: String,
        (depth, path): (usize, &str),
        fields: &[(Cow<'_, str>, &Value)],
        before: Option<&Value>,
    ) {
        let shown = |name: &str| words::one_line(name).into_owned();
        let widest = fields.iter().map(|(name, _)| shown(name).width()).max().unwrap_or(0).min(24);
        for (exact, value) in fields {
            let name = &shown(exact);
            if let Some(at) = &mut self.at {
                at.push(exact.to_string());
            }
            let old = before.map(|before| match before {
                Value::Object(fields) => fields.get(&**exact),
                Value::Array(values) => exact.parse().ok().and_then(|at: usize| values.get(at)),
                _ => None,
            });
            let label = std::mem::replace(&mut label, " ".repeat(self.label));
            let indent = " ".repeat(depth * INDENT);
            if let Some(nested) = self::fields(value).filter(|_| !is_plain(value)) {
                let count = words::counted(
                    nested.len() as u64,
                    if value.is_array() { "value" } else { "field" },
                );
                let head = vec![
                    self.label(label),
                    Span::styled(format!("{indent}{name}  "), self.theme.text()),
                ];
                let branch = self.folds.branch(path, name);
                let below = (!branch.folded).then(|| branch.path.clone());
                let count = format!("{} {count}", fold_mark(self.theme, branch.folded));
                self.push(head, vec![Span::styled(count, self.theme.quiet())], Some(branch));
                // A field that is new has nothing to be compared with.
                let old = old.map(|old| old.unwrap_or(&Value::Null));
                if let Some(path) = below {
                    self.fields(" ".repeat(self.label), (depth + 1, &path), &nested, old);
                }
            } else {
                let padding = " ".repeat((widest + 2).saturating_sub(name.width()).max(1));
                self.line(
                    label,
                    format!("{indent}{name}{padding}"),
                    (path, name),
                    value,
                    old.map(|old| old.unwrap_or(&Value::Null)),
                );
            }
            if let Some(at) = &mut self.at {
                at.pop();
            }
        }
    }

    fn line(
        &mut self,
        label: String,
        name: String,
        (above, field): (&str, &str),
        value: &Value,
        before: Option<&Value>,
    ) {
        let theme = self.theme;
        let is_long = [Some(value), before].into_iter().flatten().any(is_long);
        let branch = is_long.then(|| self.folds.folded_branch(above, field));
        let folded = branch.as_ref().is_some_and(|branch| branch.folded);
        let text = |value| if folded { theme.fit(&text(value), SHORT) } else { text(value) };
        let mut head = vec![self.label(label), Span::styled(name, theme.quiet())];
        if is_long {
            head.push(Span::styled(format!("{} ", fold_mark(theme, folded)), theme.quiet()));
        }
        let body = match before {
            None => vec![Span::styled(text(value), theme.text())],
            Some(before) if before == value => vec![Span::styled(text(value), theme.quiet())],
            Some(Value::Null) => vec![Span::styled(format!("new: {}", text(value)), theme.good())],
            Some(before) => vec![
                Span::styled(text(before), theme.text()),
                Span::styled(theme.symbol(" → ", " -> "), theme.quiet()),
                Span::styled(text(value), theme.good()),
                Span::styled(difference(before, value), theme.quiet()),
            ],
        };
        self.push(head, body, branch);
    }

    fn label(&self, label: String) -> Span<'static> {
        Span::styled(label, self.theme.quiet())
    }

    fn push(&mut self, head: Vec<Span<'static>>, body: Vec<Span<'static>>, branch: Option<Branch>) {
        if self.rows.len() < MOST {
            let row = Row::new(head, body, Flow::Wrap).folds(branch).shows(self.at.clone());
            self.rows.push(row);
        } else {
            self.left_out += 1;
        }
    }
}

/// The mark of a branch: whether what stands below it is folded away.
pub(super) fn fold_mark(theme: Theme, folded: bool) -> &'static str {
    if folded { theme.symbol("▸", ">") } else { theme.symbol("▾", "v") }
}

/// By how much a number has changed.
fn difference(before: &Value, after: &Value) -> String {
    match (before.as_i64(), after.as_i64()) {
        (Some(before), Some(after)) => {
            after.checked_sub(before).map(|change| format!("   {change:+}")).unwrap_or_default()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_has_a_line_for_each_field_and_says_how_many_it_leaves_out() {
        let theme = Theme::new(true, true);
        let value = serde_json::json!({ "a": 1, "b": { "c": "x", "d": [] }, "e": [{ "f": null }] });
        let of = |value: &Value, folds: &Folds| {
            rows(theme, "state", 5, value, None, (folds, "state")).len()
        };
        let mut folds = Folds::default();
        assert_eq!(of(&value, &folds), 7);
        // Without the two lines below `b`, and those below `e`.
        folds.set(folds.branch("state", "b"), true);
        assert_eq!(of(&value, &folds), 5);
        folds.set(folds.branch("state", "e"), true);
        assert_eq!(of(&value, &folds), 3);
        let long = Value::from(vec![Value::from(Vec::<Value>::new()); 3 * MOST]);
        assert_eq!(of(&long, &folds), MOST + 1);
    }
}
