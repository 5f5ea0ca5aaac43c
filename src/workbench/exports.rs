//! What comes of an effect, and what leaves the workbench with it: texts onto the clipboard, and files in the current
//! directory.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::configuration::Clipboard;
use super::desk::Desk;
use super::state::Effect;
use super::terminal::screen::Screen;
use super::terminal::signals::stop_job;
use super::{Hands, Leave, WorkbenchError, words};
use crate::session::orders::{Order, TestMade};

/// Terminals take no longer text in one sequence, some of them less.
const MAX_COPIED: usize = 56_000;

/// How many files of one application and one end there may be in a directory.
const MAX_FILES: u32 = 10_000;

impl Hands {
    /// Does what an effect asks for, of the engine, the terminal or the files. Gives back why the application is left, if
    /// it is.
    pub(super) fn apply(
        &mut self,
        desk: &mut Desk,
        effect: Effect,
    ) -> Result<Option<Leave>, WorkbenchError> {
        let workbench = &mut desk.workbench;
        match effect {
            Effect::Copy { text, name } => {
                let (said, bad) = self.copy(workbench.application_name(), &text, name)?;
                workbench.notify(said, bad);
            }
            Effect::Save { files } => {
                let (said, bad) = match save(Path::new("."), workbench.application_name(), &files) {
                    Ok(paths) => (format!("saved {}", names(&paths)), false),
                    Err(error) => (format!("not saved: {error}"), true),
                };
                workbench.notify(said, bad);
            }
            Effect::SaveTest(test) => {
                let (said, bad) =
                    match save_test(Path::new("."), workbench.application_name(), &test) {
                        Ok(path) => (about_test(&path, &test), false),
                        Err(error) => (format!("not saved: {error}"), true),
                    };
                workbench.notify(said, bad);
            }
            Effect::Mouse(mouse) => self.screen.set_mouse(mouse)?,
            Effect::Redraw => self.screen.redraw()?,
            Effect::Suspend => {
                // The signal is heard by this program too.
                if !stop_job() {
                    let text = "there is no shell that could bring it back".to_owned();
                    workbench.notify(text, false);
                }
            }
            Effect::Order(order) => {
                if order == Order::Crash {
                    // The loss is drawn before the recovery, which may take seconds.
                    workbench.crash();
                    self.screen.draw(|frame| workbench.draw(frame.area(), frame.buffer_mut()))?;
                }
                desk.order(order)?;
            }
            Effect::Travel(travel) => desk.travel(travel),
            Effect::Quit => return Ok(Some(Leave::End)),
            Effect::Switch(to) => return Ok(Some(Leave::Switch(to))),
        }
        Ok(None)
    }

    /// Copies a text. Returns what to say, and whether something is wrong.
    fn copy(&self, application: &str, text: &str, name: &str) -> io::Result<(String, bool)> {
        let size = words::counted(text.len() as u64, "byte");
        let refused = match self.clipboard {
            Clipboard::Terminal => None,
            Clipboard::File => Some("as configured"),
            Clipboard::Auto if text.len() > MAX_COPIED => Some("too long for the clipboard"),
            Clipboard::Auto => refusing_terminal(|name| std::env::var(name).ok()),
        };
        let Some(reason) = refused else {
            Screen::copy(text)?;
            return Ok((format!("copied {size} onto the terminal's clipboard"), false));
        };
        let file = [(name.to_owned(), text.as_bytes().to_vec())];
        Ok(match save(Path::new("."), application, &file) {
            Ok(paths) => (format!("{size} in {} ({reason})", names(&paths)), false),
            Err(error) => (format!("not copied: {error}"), true),
        })
    }
}

/// Why the terminal would not take a text; `None` if it may.
fn refusing_terminal(variable: impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    let terminal = variable("TERM").unwrap_or_default();
    let refuses = matches!(terminal.as_str(), "" | "linux" | "dumb")
        || variable("TERM_PROGRAM").as_deref() == Some("Apple_Terminal")
        || variable("VTE_VERSION").is_some();
    refuses.then_some("this terminal has no clipboard")
}

/// Writes files beside each other under the first number that is free for all: `alphabet-1.frames`. They are
/// for their owner alone.
fn save(
    directory: &Path,
    application: &str,
    files: &[(String, Vec<u8>)],
) -> io::Result<Vec<PathBuf>> {
    let application = words::file_name(application);
    save_numbered(files, |number, end| {
        directory.join(format!("{application}-{number}.{}", end.replace(['/', '\0'], "-")))
    })
}

/// Writes a test under the first number that is free: `alphabet_test_1.rs`, which a module may be called.
fn save_test(directory: &Path, application: &str, test: &TestMade) -> io::Result<PathBuf> {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    let name: String = application.to_ascii_lowercase().chars().map(letter).collect();
    // No name begins with a digit.
    let before = if name.starts_with(|first: char| first.is_ascii_digit()) { "_" } else { "" };
    let files = [(String::new(), test.file.clone().into_bytes())];
    let paths = save_numbered(&files, |number, _| {
        directory.join(format!("{before}{name}_test_{number}.rs"))
    })?;
    paths.into_iter().next().ok_or_else(|| io::Error::other("no file was written"))
}

/// What is said of a test that was saved.
fn about_test(path: &Path, test: &TestMade) -> String {
    let module = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    let messages = words::counted(test.messages as u64, "message");
    let red = if test.is_red { ", red until mended" } else { "" };
    format!(
        "saved {module}.rs: a test of {messages}{red}; `#[cfg(test)] mod {module};` in src, `cargo test {module}`"
    )
}

/// Writes files under the first number for which none of their paths exists.
fn save_numbered(
    files: &[(String, Vec<u8>)],
    path: impl Fn(u32, &str) -> PathBuf,
) -> io::Result<Vec<PathBuf>> {
    for number in 1..=MAX_FILES {
        let paths: Vec<PathBuf> = files.iter().map(|(end, _)| path(number, end)).collect();
        if paths.iter().any(|path| path.symlink_metadata().is_ok()) {
            continue;
        }
        for (path, (_, bytes)) in paths.iter().zip(files) {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            let told = |error: io::Error| {
                let text = format!("cannot write {}: {error}", path.display());
                io::Error::new(error.kind(), text)
            };
            file.and_then(|mut file| file.write_all(bytes)).map_err(told)?;
        }
        return Ok(paths);
    }
    Err(io::Error::other("this directory has too many such files: remove some"))
}

fn names(paths: &[PathBuf]) -> String {
    let names = paths.iter().filter_map(|path| path.file_name());
    names.map(|name| name.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn saved_files_never_replace_others_and_are_for_their_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let files =
            [("frames".to_owned(), b"a".to_vec()), ("sent.jsonl".to_owned(), b"b".to_vec())];
        // One of the two is taken.
        std::fs::write(directory.path().join("my-app-1.sent.jsonl"), "mine").unwrap();
        let paths = save(directory.path(), "my app", &files).unwrap();
        assert_eq!(names(&paths), "my-app-2.frames and my-app-2.sent.jsonl");
        assert_eq!(std::fs::read(&paths[0]).unwrap(), b"a");
        assert_eq!(paths[1].metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let kept = std::fs::read(directory.path().join("my-app-1.sent.jsonl")).unwrap();
        assert_eq!(kept, b"mine");
    }

    #[test]
    fn a_name_cannot_lead_out_of_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let paths = save(directory.path(), "../../x", &[("../y".to_owned(), Vec::new())]).unwrap();
        assert_eq!(paths[0].parent().unwrap(), directory.path());
    }

    #[test]
    fn a_saved_test_has_the_name_of_a_module_and_it_is_said_how_it_is_run() {
        let directory = tempfile::tempdir().unwrap();
        let test = TestMade { file: "fn x() {}".to_owned(), messages: 1, is_red: true };
        let mut names = Vec::new();
        for application in ["My app", "My app", "3 stäte"] {
            let path = save_test(directory.path(), application, &test).unwrap();
            assert_eq!(path.parent().unwrap(), directory.path());
            assert_eq!(std::fs::read(&path).unwrap(), b"fn x() {}");
            names.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
        assert_eq!(names, ["my_app_test_1.rs", "my_app_test_2.rs", "_3_st_te_test_1.rs"]);
        let said = about_test(Path::new("a/my_app_test_1.rs"), &test);
        assert!(said.starts_with("saved my_app_test_1.rs: a test of 1 message, red "), "{said}");
        assert!(said.ends_with("`cargo test my_app_test_1`"), "{said}");
    }

    #[test]
    fn terminals_without_a_clipboard_are_known() {
        let of = |term: &'static str, other: Option<&'static str>| {
            refusing_terminal(move |name| match name {
                "TERM" => Some(term.to_owned()),
                "VTE_VERSION" => other.map(str::to_owned),
                _ => None,
            })
        };
        assert!(of("xterm-256color", None).is_none());
        assert!(of("linux", None).is_some() && of("xterm-256color", Some("7600")).is_some());
    }
}
