//! What a message has changed of a state, in words.

use serde_json::Value;

use super::tree::text;
use crate::workbench::theme::Theme;
use crate::workbench::words;

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
}
