//! The values of a configuration file, and what is wrong with them.

use toml::Spanned;
use toml::de::DeValue;

use super::nearest::did_you_mean;

/// What is wrong in a file, before lines are counted: the byte at which it is, and the reason.
pub(super) type WrongAt = (usize, String);

/// A value of a file, with its place.
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// What is wrong with a value.
pub(super) fn at(value: &Value<'_>, reason: String) -> WrongAt {
    (value.span().start, reason)
}

/// The value, if it is a text.
pub(super) fn text_of<'a>(value: &'a Value<'_>) -> Option<&'a str> {
    match value.get_ref() {
        DeValue::String(text) => Some(text),
        _ => None,
    }
}

/// The value with this name.
pub(super) fn one_of<T: Copy>(
    what: &str,
    value: &Value<'_>,
    known: &[(String, T)],
) -> Result<T, WrongAt> {
    let names = || known.iter().map(|(name, _)| name.as_str());
    let all = names().collect::<Vec<_>>().join(", ");
    let Some(text) = text_of(value) else {
        return Err(at(value, format!("a {what} is a name in quotes: there are {all}")));
    };
    let found = known.iter().find(|(name, _)| name == text);
    found.map(|(_, found)| *found).ok_or_else(|| {
        let hint = did_you_mean(text, names());
        at(value, format!("unknown {what} `{text}` (there are {all}){hint}"))
    })
}
