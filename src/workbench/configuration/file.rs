//! A configuration file, read.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::chosen::{Clipboard, Configuration};
use super::nearest::did_you_mean;
use super::run;
use super::values::{Value, WrongAt, at, one_of, text_of};
use super::windows::windows;
use crate::workbench::commands::{COMMANDS, Command};
use crate::workbench::keymap::Keymap;
use crate::workbench::terminal::keys::Key;
use crate::workbench::theme::Look;

/// What is wrong in a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub reason: String,
}

/// The names of settings.
pub(super) const SETTINGS: [&str; 8] =
    ["theme", "mouse", "clipboard", "history", "columns", "windows", "keys", "run"];

/// Reads a configuration.
pub(super) fn parse(text: &str) -> Result<Configuration, Wrong> {
    let line = |at: usize| text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    let wrong = |(at, reason): WrongAt| Wrong { line: line(at), reason };
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span: Range<usize>| span.start);
        wrong((at, error.message().replace('\n', ", ")))
    })?;
    settings(table.get_ref(), line).map_err(wrong)
}

fn settings(table: &DeTable<'_>, line: impl Fn(usize) -> usize) -> Result<Configuration, WrongAt> {
    let mut configuration = Configuration::default();
    for (name, value) in table {
        match name.get_ref().as_ref() {
            "theme" => configuration.look = theme(value)?,
            "mouse" => configuration.mouse = switch("mouse", value)?,
            "history" => configuration.history = switch("history", value)?,
            "clipboard" => {
                configuration.clipboard = one_of("clipboard", value, &clipboards())?;
            }
            "columns" => configuration.hidden_columns = columns(value)?,
            "windows" => configuration.windows = windows(value)?,
            "keys" => configuration.keymap = keys(value)?,
            "run" => configuration.run = run::options(value, &line)?,
            other => {
                let hint = did_you_mean(other, SETTINGS);
                return Err((name.span().start, format!("unknown setting `{other}`{hint}")));
            }
        }
    }
    Ok(configuration)
}

fn switch(name: &str, value: &Value<'_>) -> Result<bool, WrongAt> {
    match value.get_ref() {
        DeValue::Boolean(on) => Ok(*on),
        _ => Err(at(value, format!("`{name}` is true or false"))),
    }
}

/// The places that copied text may go to, by their names.
fn clipboards() -> [(String, Clipboard); 3] {
    let all =
        [("auto", Clipboard::Auto), ("terminal", Clipboard::Terminal), ("file", Clipboard::File)];
    all.map(|(name, clipboard)| (name.to_owned(), clipboard))
}

fn theme(value: &Value<'_>) -> Result<Option<Look>, WrongAt> {
    match text_of(value) {
        Some("auto") => Ok(None),
        Some(name) => name.parse().map(Some).map_err(|()| {
            let names = Look::ALL.map(Look::name);
            let hint = did_you_mean(name, names);
            let names = names.join(", ");
            at(value, format!("unknown theme `{name}` (there are auto, {names}){hint}"))
        }),
        None => Err(at(value, "`theme` is a name in quotes".to_owned())),
    }
}

fn columns(value: &Value<'_>) -> Result<Vec<String>, WrongAt> {
    let DeValue::Table(table) = value.get_ref() else {
        return Err(at(value, "`columns` is a table: [columns]".to_owned()));
    };
    let mut hidden = Vec::new();
    for (name, value) in table {
        if name.get_ref() != "hidden" {
            let name = (name.span().start, name.get_ref());
            let hint = did_you_mean(name.1, ["hidden"]);
            return Err((name.0, format!("unknown setting `columns.{}`{hint}", name.1)));
        }
        let DeValue::Array(names) = value.get_ref() else {
            return Err(at(value, "`hidden` is a list of columns: [\"share\"]".to_owned()));
        };
        for name in names {
            let text = text_of(name);
            let text = text.ok_or_else(|| at(name, "a column is a name in quotes".to_owned()))?;
            hidden.push(text.to_owned());
        }
    }
    Ok(hidden)
}

fn keys(value: &Value<'_>) -> Result<Keymap, WrongAt> {
    let DeValue::Table(table) = value.get_ref() else {
        return Err(at(value, "`keys` is a table: [keys]".to_owned()));
    };
    let mut changes: Vec<(Command, Vec<Key>)> = Vec::new();
    for (name, value) in table {
        let entry = COMMANDS.iter().find(|entry| entry.key_name() == *name.get_ref());
        let Some(entry) = entry else {
            let names: Vec<String> =
                COMMANDS.iter().map(crate::workbench::commands::Entry::key_name).collect();
            let hint = did_you_mean(name.get_ref(), names.iter().map(String::as_str));
            let reason = format!("unknown command `{}`{hint}", name.get_ref());
            return Err((name.span().start, reason));
        };
        let one = std::slice::from_ref(value);
        let all = match value.get_ref() {
            DeValue::Array(all) => all.iter().collect::<Vec<_>>(),
            _ => one.iter().collect(),
        };
        let mut chosen = Vec::new();
        for key in all {
            let text = text_of(key);
            let text = text.ok_or_else(|| at(key, "a key is written in quotes".to_owned()))?;
            chosen.push(text.parse::<Key>().map_err(|error| at(key, error.to_string()))?);
        }
        changes.push((entry.command, chosen));
    }
    Keymap::with(&changes).map_err(|conflict| {
        // The line of the first of its commands that the file names.
        let first = table.iter().find(|(name, _)| conflict.is_of(name.get_ref()));
        (first.map_or(0, |(name, _)| name.span().start), conflict.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        let Wrong { line, reason } = parse(text).unwrap_err();
        format!("{line}: {reason}")
    }

    #[test]
    fn a_file_says_what_is_different() {
        let text = "theme = \"light\"\nmouse = false\nhistory = false\nclipboard = \"file\"\n\
                    [columns]\nhidden = [\"share\"]\n[keys]\npause = \"P\"\nsort = [\"O\", \"F2\"]\n";
        let configuration = parse(text).unwrap();
        assert_eq!(configuration.look, Some(Look::Light));
        assert_eq!((configuration.mouse, configuration.clipboard), (false, Clipboard::File));
        assert!(!configuration.history);
        assert_eq!(wrong("history = 1"), "1: `history` is true or false");
        assert_eq!(configuration.hidden_columns, ["share"]);
        assert_eq!(configuration.keymap.all_keys(Command::Sort), "O, F2");
        assert_eq!(configuration.keymap.all_keys(Command::Pause), "P");
        assert_eq!(parse("").unwrap(), Configuration::default());
    }

    #[test]
    fn what_is_unknown_is_one_line_with_the_nearest_known_name() {
        assert_eq!(
            wrong("\n[keys]\npasue = \"P\""),
            "3: unknown command `pasue`: did you mean `pause`?"
        );
        assert_eq!(wrong("thme = \"dark\""), "1: unknown setting `thme`: did you mean `theme`?");
        assert_eq!(
            wrong("theme = \"drak\""),
            "1: unknown theme `drak` (there are auto, dark, light, 16, mono): did you mean `dark`?"
        );
        assert_eq!(
            wrong("theme = \"xyz\""),
            "1: unknown theme `xyz` (there are auto, dark, light, 16, mono)"
        );
        assert!(wrong("[columns]\nhiden = []").contains("did you mean `hidden`?"));
        assert!(wrong("[keys]\npause = [\"Hyper-x\"]").starts_with("2: `Hyper-x` is no key"));
    }

    #[test]
    fn a_conflict_is_one_line_that_names_both_commands() {
        assert_eq!(
            wrong("[keys]\nstep = \"f\"\n"),
            "2: the key `f` is both `step` and `freeze`: give one of them another key"
        );
    }

    #[test]
    fn a_conflict_is_at_the_command_that_the_file_names_though_another_name_is_part_of_it() {
        let text = "[keys]\nsend = \"Ctrl-S\"\n\"send letter\" = \"Ctrl-S\"\nstep = \"f\"\n";
        let text = text.replace("\"send letter\"", &Command::SendFrame.entry().unwrap().key_name());
        assert!(wrong(&text).starts_with("4: "), "{}", wrong(&text));
    }

    #[test]
    fn a_file_that_is_no_toml_says_in_which_line() {
        let text = wrong("theme = \"dark\"\nmouse = \n");
        assert!(text.starts_with("2: "), "{text}");
        assert!(!text.contains('\n'), "{text}");
    }
}
