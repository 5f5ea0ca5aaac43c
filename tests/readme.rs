//! The README's table of keys says what the program does.
//!
//! `UPDATE_README=1 cargo test --test readme` writes it anew.

#![cfg(feature = "workbench")]
#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail where the test itself may")]

use std::fmt::Write;
use std::path::Path;

use wallaroo::workbench::{COMMANDS, Context};

const BEGIN: &str = "<!-- keys: from the table of commands -->\n";
const END: &str = "<!-- end of keys -->\n";

fn place(context: Context) -> &'static str {
    match context {
        Context::Everywhere => "everywhere",
        Context::Input => "input pane",
        Context::Rows => "panes and windows with rows",
        Context::Partitions => "partitions",
        Context::Frames => "messages, dead letters",
    }
}

fn table() -> String {
    let mut table = "| keys | where | what |\n|---|---|---|\n".to_owned();
    for entry in COMMANDS {
        let keys: Vec<String> = entry.keys.iter().map(|key| format!("`{key}`")).collect();
        let (keys, place) = (keys.join(" "), place(entry.context));
        writeln!(table, "| {keys} | {place} | {} |", entry.about).unwrap();
    }
    table
}

#[test]
fn the_keys_in_the_readme_are_those_of_the_program() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (kept, after) = rest.split_once(END).unwrap();
    let table = table();
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(&path, [before, BEGIN, &table, END, after].concat()).unwrap();
        return;
    }
    assert_eq!(kept, table, "write it anew with `UPDATE_README=1 cargo test --test readme`");
}
