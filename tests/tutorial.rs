//! The tutorial in `apps/README.md`, done as it is written: its code is cut out of the text, built as
//! a crate of its own, and run; what is shown of its outputs and of the workbench is what is seen.
//!
//! Fenced blocks are taken in order. `toml` is `Cargo.toml`. `rust` is appended to `src/main.rs`; a
//! block that begins with the same `fn` line as an earlier one takes its place. `console` is run:
//! commands after `$ `, and their outputs, where `...` stands for anything. At a table whose heading is
//! "type | and see", the command before it is run in a terminal, and each line typed; if it is "append in
//! another shell | and see", each line is run beside it. Another `toml` begins another crate.
//!
//! The crate is built by Cargo into this package's own target folder: nearly all of it is there.

#![cfg(feature = "workbench")]
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "tutorial/demonstration.rs"]
mod demonstration;
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::terminal::Terminal;

const TUTORIAL: &str = include_str!("../apps/README.md");

/// This package's folder.
const PACKAGE: &str = env!("CARGO_MANIFEST_DIR");

/// Cargo's own: nothing is fetched, and what this package has built is used again.
const ENVIRONMENT: [(&str, &str); 3] = [
    ("CARGO_NET_OFFLINE", "true"),
    ("CARGO_TARGET_DIR", TARGET),
    // As this package's own profile says.
    ("CARGO_PROFILE_DEV_DEBUG", "line-tables-only"),
];

/// This package's target folder, as seen from the folder for the tests' files in it.
const TARGET: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/..");

/// What only the tests' own dependencies make different in those of the library. Without it, Cargo would build all that
/// depends on these once more for the reader's crate.
const BUILT_ALREADY: &str =
    "\nlibc = { version = \"0.2\", features = [\"extra_traits\"] }\nunicode-ident = \"1\"\n";

/// The reader's crate.
struct Reader {
    folder: PathBuf,
    rust: Vec<String>,
}

/// A part of the text that the reader does something with.
#[derive(Default)]
struct Part<'a> {
    kind: &'a str,
    lines: Vec<&'a str>,
}

/// The tables that the reader works through, by their headings.
const TABLES: [(&str, &str); 2] =
    [("| type | and see |", "table"), ("| append in another shell | and see |", "table beside")];

/// The fenced and indented blocks and the tables, in order.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            let lines = lines.by_ref().take_while(|line| *line != "```").collect();
            parts.push(Part { kind, lines });
        } else if let Some(command) = line.strip_prefix("    ") {
            parts.push(Part { kind: "command", lines: vec![command] });
        } else if let Some(kind) =
            TABLES.iter().find_map(|(title, kind)| (line == *title).then_some(kind))
        {
            let rows = lines.by_ref().skip(1).take_while(|line| line.starts_with('|')).collect();
            parts.push(Part { kind, lines: rows });
        }
    }
    parts
}

impl Reader {
    /// A crate without code, with the dependencies that this package has.
    fn new(manifest: &[&str]) -> Self {
        let name = manifest.iter().find_map(|line| line.strip_prefix("name = "));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name.unwrap().trim_matches('"'));
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::copy(Path::new(PACKAGE).join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        let manifest = manifest.join("\n");
        assert!(manifest.contains("\"../wallaroo-tui\""));
        let manifest = manifest.replace("\"../wallaroo-tui\"", &format!("{PACKAGE:?}"));
        fs::write(folder.join("Cargo.toml"), manifest + BUILT_ALREADY).unwrap();
        Self { folder, rust: Vec::new() }
    }

    fn write_rust(&mut self, lines: &[&str]) {
        let block = lines.join("\n") + "\n";
        let replaced = self.rust.iter().position(|earlier| {
            lines[0].starts_with("fn ") && earlier.lines().next() == Some(lines[0])
        });
        match replaced {
            Some(place) => self.rust[place] = block,
            None => self.rust.push(block),
        }
        fs::write(self.folder.join("src/main.rs"), self.rust.join("\n")).unwrap();
    }

    /// What a shell runs: a command in the reader's folder, as the reader types it.
    fn script(&self, command: &str) -> String {
        format!("cd '{}' && {command}", self.folder.display())
    }

    /// Runs commands and compares their outputs with those shown.
    fn run(&self, lines: &[&str]) {
        let session = lines.join("\n");
        for step in session.split("$ ").skip(1) {
            let (command, shown) = step.split_once('\n').unwrap_or((step, ""));
            // One stream, as in a terminal.
            let script = format!("exec 2>&1; {}", self.script(command));
            let mut shell = Command::new("/bin/sh");
            let ended = shell.args(["-c", &script]).envs(ENVIRONMENT).output().unwrap();
            let output = String::from_utf8(ended.stdout).unwrap();
            assert!(ended.status.success(), "{command}\n{output}");
            // The compiler has nothing to say; what the program itself says is compared below.
            assert!(!output.contains("--> src/"), "{command}\n{output}");
            let (shown, seen) = (shown.trim(), output.trim());
            assert!(matches(shown, seen), "{command}\nshown:\n{shown}\nseen:\n{seen}");
        }
    }

    /// Types the lines of a table into the workbench or runs them `beside` it, and sees what it says.
    fn watch(&self, command: &str, rows: &[&str], beside: bool) {
        let script = self.script(&format!("exec {command}"));
        let mut terminal = Terminal::start_with("bash", &["-c", &script], &ENVIRONMENT, 40, 120);
        terminal.wait_for("Ctrl-C quit");
        for row in rows {
            // Every second piece stands between backquotes.
            let mut quoted = row.split('`').skip(1).step_by(2);
            let line = quoted.next().unwrap();
            if beside {
                self.run(&[&format!("$ {line}")]);
            } else {
                terminal.send(format!("{line}\r"));
            }
            for seen in quoted {
                terminal.wait_for(seen);
            }
        }
        terminal.send("\x03"); // Ctrl-C
        assert!(terminal.wait_exit().success());
    }
}

/// Whether a text is what is shown, where `...` stands for anything.
fn matches(shown: &str, text: &str) -> bool {
    let Some((start, rest)) = shown.split_once("...") else { return shown == text };
    let Some(text) = text.strip_prefix(start) else { return false };
    rest.is_empty() || text.char_indices().any(|(at, _)| matches(rest, &text[at..]))
}

#[test]
fn the_tutorial_does_what_it_says() {
    let mut readers: Vec<Reader> = Vec::new();
    let mut command = "";
    let mut done = Vec::new();
    for part in parts(TUTORIAL) {
        match (part.kind, readers.last_mut()) {
            ("toml", _) => readers.push(Reader::new(&part.lines)),
            ("command", _) => command = part.lines[0],
            ("rust", Some(reader)) => reader.write_rust(&part.lines),
            ("console", Some(reader)) => reader.run(&part.lines),
            ("table", Some(reader)) => reader.watch(command, &part.lines, false),
            ("table beside", Some(reader)) => reader.watch(command, &part.lines, true),
            (other, _) => panic!("what is to be done with a block of {other:?}?"),
        }
        done.push(part.kind);
    }
    for kind in ["toml", "rust", "console", "table", "table beside"] {
        assert!(done.contains(&kind), "no {kind} in the tutorial");
    }
}
