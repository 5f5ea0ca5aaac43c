//! A state or a message as a tree: a line for each field, nested ones further to the right, and what has
//! changed beside what it was.

use ratatui::text::Span;
use serde_json::{Map, Value};
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
    let mut tree = Tree { theme, folds, label: columns + 1, rows: Vec::new(), left_out: 0 };
    tree.value(name, value, before, root);
    if tree.left_out > 0 {
        let left_out = words::exact(tree.left_out as u64);
        let text = format!("{left_out} more lines: y copies all of it");
        let head = Span::raw(" ".repeat(columns + 1));
        tree.rows.push(Row::new(vec![head], vec![Span::styled(text, theme.quiet())], Flow::Wrap));
    }
    tree.rows
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
fn fields(value: &Value) -> Option<Vec<(String, &Value)>> {
    match value {
        Value::Object(fields) => Some(of_object(fields)),
        Value::Array(values) => {
            Some(values.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect())
        }
        _ => None,
    }
}

fn of_object(fields: &Map<String, Value>) -> Vec<(String, &Value)> {
    fields.iter().map(|(name, value)| (words::one_line(name).into_owned(), value)).collect()
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

fn text(value: &Value) -> String {
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

/// What has changed from one state to the next, field by field, in one line: `counts.all 1 → 2`.
pub(super) fn changes(theme: Theme, created: bool, before: &str, after: &str) -> String {
    let arrow = theme.symbol("→", "->");
    let parse = |json: &str| serde_json::from_str::<Value>(json).ok();
    let (Some(before_value), Some(after_value)) = (parse(before), parse(after)) else {
        // Too long, and cut.
        return words::change(before, after, arrow);
    };
    let mut changed = Vec::new();
    // Of a new state, what it was before its first message is of no interest.
    let old =
        |value: &Value| if created { String::new() } else { format!("{} {arrow} ", text(value)) };
    compare("", &before_value, &after_value, &old, &mut changed);
    match (changed.is_empty(), created) {
        (true, true) => "new".to_owned(),
        (true, false) => words::UNCHANGED.to_owned(),
        (false, true) => format!("new: {}", changed.join(", ")),
        (false, false) => changed.join(", "),
    }
}

/// Adds a text for each field that is another one, or new.
fn compare(
    path: &str,
    before: &Value,
    after: &Value,
    old: &impl Fn(&Value) -> String,
    changed: &mut Vec<String>,
) {
    if before == after {
        return;
    }
    let name = if path.is_empty() { String::new() } else { format!("{path} ") };
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (field, value) in after {
                let field_path =
                    if path.is_empty() { field.clone() } else { format!("{path}.{field}") };
                match before.get(field) {
                    Some(before) => compare(&field_path, before, value, old, changed),
                    None => changed.push(format!("{field_path} {}", text(value))),
                }
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() != after.len() => {
            let (before, after) = (Value::from(before.len()), Value::from(after.len()));
            let unit = if after == 1 { "value" } else { "values" };
            changed.push(format!("{name}{}{} {unit}", old(&before), text(&after)));
        }
        _ => changed.push(format!("{name}{}{}", old(before), text(after))),
    }
}

impl Tree<'_> {
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
        fields: &[(String, &Value)],
        before: Option<&Value>,
    ) {
        let widest = fields.iter().map(|(name, _)| name.width()).max().unwrap_or(0).min(24);
        for (name, value) in fields {
            let old = before.map(|before| match before {
                Value::Object(fields) => fields.get(name),
                Value::Array(values) => name.parse().ok().and_then(|at: usize| values.get(at)),
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
            self.rows.push(Row::new(head, body, Flow::Wrap).folds(branch));
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

    fn told(created: bool, before: &str, after: &str) -> String {
        changes(Theme::new(true, true), created, before, after)
    }

    #[test]
    fn changes_name_the_fields_that_changed_at_any_depth() {
        let before = r#"{"word":"the","counts":{"all":1,"share":0.5},"list":[1]}"#;
        let after = r#"{"word":"the","counts":{"all":2,"share":0.5},"list":[1,2],"new":true}"#;
        assert_eq!(told(false, before, after), "counts.all 1 → 2, list 1 → 2 values, new true");
        assert_eq!(told(true, before, after), "new: counts.all 2, list 2 values, new true");
        assert_eq!([told(false, "1", "2"), told(true, "1", "2")], ["1 → 2", "new: 2"]);
        assert_eq!([told(false, "1", "1"), told(true, "1", "1")], ["unchanged", "new"]);
    }

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
