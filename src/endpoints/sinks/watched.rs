//! Whether a file that is written is still the one with its name, and as long as what was written to it.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::endpoints::file::FileId;

/// How often it is looked while outputs are written. A file that is not written is not looked at.
pub(super) const LOOK: Duration = Duration::from_secs(1);

/// What has become of a file.
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
    /// What has been told of it last.
    told: Option<Astray>,
}

impl Watched {
    /// The file that is open, with the name that it was opened with; `None` of what is no regular file.
    pub fn new(path: &Path, file: &File) -> Option<Self> {
        let file = FileId::of_file(file)?;
        Some(Self { path: path.to_owned(), file, looked: Instant::now(), told: None })
    }

    /// Whether it has not been looked for a while.
    pub fn is_due(&self) -> bool {
        self.looked.elapsed() >= LOOK
    }

    /// The same as [`look`](Self::look), but of what has been told before nothing is told again.
    pub fn news(&mut self, length: u64) -> Option<Astray> {
        let astray = self.look(length).filter(|astray| self.told != Some(*astray))?;
        self.told = Some(astray);
        Some(astray)
    }

    /// Looks at the file, which should have this length. `None` where all is well, or where that cannot
    /// be found out.
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
