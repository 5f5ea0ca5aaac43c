//! The options of a run in a configuration file: the table `[run]`.
//!
//! Their names are those of the command line, which alone knows which there are and what they take.

use toml::Spanned;
use toml::de::DeValue;

/// The options of a run that a file gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// The line of the table, from 1.
    pub line: usize,
    /// The options, in the order of their names.
    pub options: Vec<RunOption>,
}

/// An option of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOption {
    /// Its name, as on the command line, without `--`.
    pub name: String,
    /// Its value.
    pub value: RunValue,
    /// Its line, from 1.
    pub line: usize,
}

/// The value of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunValue {
    /// `true` or `false`.
    Flag(bool),
    /// A text or a number, as text.
    One(String),
    /// Several of these.
    List(Vec<String>),
}

/// Reads the table. `line` says in which line a byte is.
pub(super) fn options(
    value: &Spanned<DeValue<'_>>,
    line: impl Fn(usize) -> usize,
) -> Result<RunOptions, (usize, String)> {
    let DeValue::Table(table) = value.get_ref() else {
        return Err((value.span().start, "`run` is a table: [run]".to_owned()));
    };
    let option = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let name: &str = std::borrow::Cow::as_ref(name.get_ref());
        let value_of = value_of(value.get_ref()).ok_or_else(|| {
            let reason = format!("`{name}` is a text in quotes, a number, true, false or a list");
            (value.span().start, reason)
        })?;
        Ok(RunOption { name: name.to_owned(), value: value_of, line: line(value.span().start) })
    };
    let options = table.iter().map(option).collect::<Result<_, _>>()?;
    Ok(RunOptions { line: line(value.span().start), options })
}

fn value_of(value: &DeValue<'_>) -> Option<RunValue> {
    match value {
        DeValue::Boolean(flag) => Some(RunValue::Flag(*flag)),
        DeValue::Array(values) => values
            .iter()
            .map(|value| text_of(value.get_ref()))
            .collect::<Option<_>>()
            .map(RunValue::List),
        one => text_of(one).map(RunValue::One),
    }
}

/// A text, or the digits of a number.
fn text_of(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.clone().into_owned()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        _ => None,
    }
}
