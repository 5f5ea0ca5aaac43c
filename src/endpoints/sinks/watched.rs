//! Checks that a file that is written was not removed, replaced or changed by another program.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::endpoints::file::FileId;

/// How often the file is checked while outputs are written. A file that is not written is not checked.
pub(super) const LOOK: Duration = Duration::from_secs(1);

/// What another program did to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Astray {
    Removed,
    Replaced,
    Cut,
    Grown,
}

impl fmt::Display for Astray {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Removed => "was removed while it is written: outputs go to no file",
            Self::Replaced => "is another file now: outputs go to the one that was there before",
            Self::Cut => "was cut by another program while it is written: outputs are gone",
            Self::Grown => {
                "is written by another program, too: outputs are mixed with something else"
            }
        })
    }
}

/// A regular file that is written.
pub(crate) struct Watched {
    path: PathBuf,
    file: FileId,
    looked: Instant,
    /// What was reported last.
    told: Option<Astray>,
}

impl Watched {
    /// An open file and its name. `None` if it is not a regular file.
    pub fn new(path: &Path, file: &File) -> Option<Self> {
        let file = FileId::of_file(file)?;
        Some(Self { path: path.to_owned(), file, looked: Instant::now(), told: None })
    }

    /// Whether it is time for the next check.
    pub fn is_due(&self) -> bool {
        self.looked.elapsed() >= LOOK
    }

    /// As [`look`](Self::look), but the same is not reported twice in a row.
    pub fn news(&mut self, length: u64) -> Option<Astray> {
        let astray = self.look(length).filter(|astray| self.told != Some(*astray))?;
        self.told = Some(astray);
        Some(astray)
    }

    /// Looks at the file, which should have this length. `None` if it is as it should be, or if that cannot be found
    /// out.
    pub fn look(&mut self, length: u64) -> Option<Astray> {
        self.looked = Instant::now();
        let metadata = match std::fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Some(Astray::Removed);
            }
            Err(_) => return None,
        };
        if FileId::of_metadata(&metadata) != Some(self.file) {
            return Some(Astray::Replaced);
        }
        match metadata.len().cmp(&length) {
            std::cmp::Ordering::Less => Some(Astray::Cut),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(Astray::Grown),
        }
    }
}
