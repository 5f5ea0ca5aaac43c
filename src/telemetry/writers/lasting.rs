//! A file of lines that is tried again after a failure, such as a full disk or a missing reader.
//!
//! Invariant: no line stays incomplete, unless the process ends: the rest of a line is written as soon as
//! possible, or its beginning is cut off.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::time::Duration;

use super::Inbox;

/// How long to wait after a failure, at first and at most.
const AGAIN: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// A change of the state of a file.
#[derive(Debug)]
pub(in crate::telemetry) enum Trouble<'a> {
    /// It cannot be written for now.
    Failed(&'a io::Error),
    /// It can be written again.
    Over,
}

/// A file that is tried again after a failure. It must be open for appending.
pub(in crate::telemetry) struct Lasting {
    file: Arc<File>,
    failing: bool,
}

impl Lasting {
    pub fn new(file: Arc<File>) -> Self {
        Self { file, failing: false }
    }

    /// The length of the file; `None` if it is not a regular file.
    pub fn length(&self) -> Option<u64> {
        self.file.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len())
    }

    /// Writes whole lines, and tries again until all are written or the writer is to end. Returns how
    /// many bytes of whole lines are written. `told` is told of the first failure, and of its end.
    pub fn write<T>(
        &mut self,
        lines: &[u8],
        inbox: &Inbox<T>,
        told: &mut dyn FnMut(Trouble<'_>),
    ) -> usize {
        let (mut at, mut pause) = (0, AGAIN.0);
        while let Some(rest) = lines.get(at..).filter(|rest| !rest.is_empty()) {
            let error = match (&*self.file).write(rest) {
                Ok(0) => ErrorKind::WriteZero.into(),
                Ok(written) => {
                    at += written;
                    inbox.moved();
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            if !std::mem::replace(&mut self.failing, true) {
                told(Trouble::Failed(&error));
            }
            if error.kind() == ErrorKind::BrokenPipe {
                // Another reader gets whole lines.
                at = whole(lines, at);
            }
            if !inbox.pause(pause) {
                break;
            }
            pause = (pause * 2).min(AGAIN.1);
        }
        if at == lines.len() && std::mem::take(&mut self.failing) {
            told(Trouble::Over);
        }
        let whole = whole(lines, at);
        if let Some(length) = self.length().filter(|_| whole < at) {
            // If this fails too, the file's last line stays incomplete.
            let _ = self.file.set_len(length.saturating_sub((at - whole) as u64));
        }
        whole
    }
}

/// Where the last whole line before this place ends.
fn whole(lines: &[u8], at: usize) -> usize {
    let before = lines.get(..at).unwrap_or(lines);
    before.iter().rposition(|byte| *byte == b'\n').map_or(0, |line| line + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whole_line_is_found() {
        assert_eq!([0, 1, 2, 3, 4, 5].map(|at| whole(b"a\nb\nc", at)), [0, 0, 2, 2, 4, 4]);
    }
}
