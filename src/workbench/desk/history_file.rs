//! The lines that were sent, kept for the next run: one file for each application, for its owner alone.
//!
//! It is a convenience, so nothing that goes wrong with it is an error: then there is no history but that of the run.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::endpoints::open_to_write;
use crate::resilience::private;
use crate::workbench::configuration::state_place;
use crate::workbench::state::typing::input_line::LONGEST_KEPT;
use crate::workbench::words::file_name;

/// How many lines are kept.
const KEPT: usize = 500;

/// How much of a file is read, in bytes.
const READ: u64 = 2 * (KEPT * LONGEST_KEPT) as u64;

/// The file in which the lines of an application are kept.
pub(super) struct HistoryFile {
    folder: PathBuf,
    path: PathBuf,
}

impl HistoryFile {
    /// The file at its usual place; `None` if there is no such place.
    pub fn of(application: &str, variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let folder = state_place(variable)?.join("history");
        Some(Self { path: folder.join(file_name(application)), folder })
    }

    /// Its lines, the oldest first.
    pub fn lines(&self) -> Vec<String> {
        let text = self.read().unwrap_or_default();
        let mut lines: Vec<String> =
            text.lines().filter(|line| is_kept(line)).map(str::to_owned).collect();
        let surplus = lines.len().saturating_sub(KEPT);
        lines.drain(..surplus);
        // Rarely: another workbench may add a line at the same moment.
        if surplus > KEPT {
            self.shorten(&lines);
        }
        lines
    }

    /// Adds lines. A long one is left out.
    pub fn add(&self, lines: &[String]) {
        let text = as_text(lines.iter().filter(|line| is_kept(line)));
        if !text.is_empty() && (self.is_regular() || !self.path.exists()) {
            let _ = self.append(&text);
        }
    }

    fn append(&self, text: &str) -> io::Result<()> {
        private::create_directory(&self.folder)?;
        let mut file = open_to_write(&self.path)?;
        private::narrow(&self.path)?;
        // At the end and at once, so that several workbenches can write the same file.
        file.write_all(text.as_bytes())
    }

    /// Whether there is a regular file: to open a pipe would wait for its other end.
    fn is_regular(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|found| found.is_file())
    }

    /// The end of the file.
    fn read(&self) -> Option<String> {
        let mut file = self.is_regular().then(|| File::open(&self.path).ok()).flatten()?;
        let length = file.metadata().ok()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(READ))).ok()?;
        let mut bytes = Vec::new();
        file.take(READ).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Replaces the file by one with these lines alone.
    fn shorten(&self, lines: &[String]) {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{}", std::process::id()));
        let other = Path::new(&name);
        let text = as_text(lines.iter());
        let written = private::create_file(other)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(other, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(other);
        }
    }
}

fn as_text<'a>(lines: impl Iterator<Item = &'a String>) -> String {
    lines.flat_map(|line| [line.as_str(), "\n"]).collect()
}

fn is_kept(line: &str) -> bool {
    !line.is_empty() && line.len() <= LONGEST_KEPT && !line.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file_in(folder: &Path) -> HistoryFile {
        let variable =
            |name: &str| (name == "XDG_STATE_HOME").then(|| folder.to_str().unwrap().to_owned());
        HistoryFile::of("my/app", variable).unwrap()
    }

    fn lines(all: &[&str]) -> Vec<String> {
        all.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn lines_are_there_at_the_next_run_and_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = file_in(folder.path());
        assert!(file.lines().is_empty());
        file.add(&lines(&["a 10", "b 20"]));
        file.add(&lines(&["c 30", &"x".repeat(LONGEST_KEPT + 1), "two\nlines", ""]));
        let path = folder.path().join("wallaroo-tui/history/my-app");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let parent = path.parent().unwrap().metadata().unwrap();
        assert_eq!(parent.permissions().mode() & 0o777, 0o700);
        assert_eq!(file_in(folder.path()).lines(), ["a 10", "b 20", "c 30"]);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        file.add(&lines(&["d 40"]));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn the_file_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let file = file_in(folder.path());
        let all: Vec<String> = (0..3 * KEPT).map(|number| format!("a {number}")).collect();
        file.add(&all);
        assert_eq!(file.lines(), all[2 * KEPT..]);
        let text = fs::read_to_string(&file.path).unwrap();
        assert_eq!(text.lines().count(), KEPT);
        assert_eq!(fs::read_dir(file.path.parent().unwrap()).unwrap().count(), 1);
        // Whatever else it is, what is read of it is bounded.
        fs::write(&file.path, vec![b'x'; 4 * usize::try_from(READ).unwrap()]).unwrap();
        assert!(file.lines().is_empty());
    }

    #[test]
    fn a_place_that_cannot_be_used_is_no_history_and_no_error() {
        assert!(HistoryFile::of("app", |_| None).is_none());
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("wallaroo-tui"), "a file").unwrap();
        let file = file_in(folder.path());
        file.add(&lines(&["a 10"]));
        assert!(file.lines().is_empty());
        // Something else in its place.
        let folder = tempfile::tempdir().unwrap();
        let file = file_in(folder.path());
        fs::create_dir_all(&file.path).unwrap();
        file.add(&lines(&["a 10"]));
        assert!(file.lines().is_empty());
    }
}
