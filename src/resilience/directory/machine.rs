//! What a directory was last written with: the durability, and the machine's start.
//!
//! It is one line in the directory's `lock`, synchronized with the disk. So a start can tell a file that
//! is damaged from one that was never on the disk, because the machine has stopped since.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::os::unix::fs::FileExt;

use crate::resilience::database::Durability;
use crate::resilience::error::ResilienceError;

/// Holds another text after each start of the machine. Not every system has it.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// More bytes than a line has.
const MAX_LENGTH: u64 = 256;

/// A durability and a start of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    durability: Durability,
    boot: String,
}

impl Written {
    /// With this durability, since the machine started last. `None` if the system does not say when.
    pub fn now(durability: Durability) -> Option<Self> {
        let boot = fs::read_to_string(BOOT).ok()?.trim().to_owned();
        Some(Self { durability, boot })
    }

    /// What the file says. `None` if it is empty, as that of an earlier program.
    pub fn read(file: &File) -> io::Result<Option<Self>> {
        let (mut reader, mut bytes) = (file, Vec::new());
        reader.rewind()?;
        reader.take(MAX_LENGTH).read_to_end(&mut bytes)?;
        Ok(str::from_utf8(&bytes).ok().and_then(Self::parse))
    }

    fn parse(text: &str) -> Option<Self> {
        let (durability, boot) = text.strip_suffix('\n')?.split_once(' ')?;
        let durability = match durability {
            "process" => Durability::Process,
            "power" => Durability::Power,
            _ => return None,
        };
        Some(Self { durability, boot: boot.to_owned() })
    }

    /// Writes it, unless the file already says it.
    pub fn write(&self, file: &File) -> io::Result<()> {
        if Self::read(file)?.as_ref() == Some(self) {
            return Ok(());
        }
        let durability = match self.durability {
            Durability::Process => "process",
            Durability::Power => "power",
        };
        let line = format!("{durability} {}\n", self.boot);
        file.set_len(0)?;
        file.write_all_at(line.as_bytes(), 0)?;
        file.sync_all()
    }
}

/// Whether what is missing may never have been on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Loss {
    /// It must be there.
    #[default]
    Damage,
    /// The machine has stopped since, and the files were written to survive only the process.
    MachineStopped,
}

impl Loss {
    /// What a missing file means in a directory that was last written like this.
    pub fn of(before: Option<&Written>) -> Self {
        let now = before.and_then(|before| Written::now(before.durability));
        match (before, now) {
            (Some(before), Some(now))
                if before.durability == Durability::Process && before.boot != now.boot =>
            {
                Self::MachineStopped
            }
            _ => Self::Damage,
        }
    }

    /// Turns damage into [`ResilienceError::MachineStopped`] if that explains it.
    pub fn explain(self, error: ResilienceError) -> ResilienceError {
        match (self, error) {
            (Self::MachineStopped, ResilienceError::Damaged { path, reason }) => {
                ResilienceError::MachineStopped { path, reason }
            }
            (_, error) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resilience::directory::private;

    #[test]
    fn a_line_is_read_as_it_was_written_and_another_text_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = private::open_file(&folder.path().join("lock")).unwrap();
        assert_eq!(Written::read(&file).unwrap(), None);
        let long = Written { durability: Durability::Process, boot: "a-long-text".to_owned() };
        let short = Written { durability: Durability::Power, boot: "b".to_owned() };
        for written in [long, short] {
            written.write(&file).unwrap();
            assert_eq!(Written::read(&file).unwrap(), Some(written));
        }
        for text in ["", "\n", "process\n", "process x", "other x\n"] {
            assert_eq!(Written::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn only_what_was_not_to_survive_the_machine_is_lost_with_it() {
        let written = |durability, boot: &str| Written { durability, boot: boot.to_owned() };
        if let Some(now) = Written::now(Durability::Process) {
            assert_eq!(Loss::of(Some(&now)), Loss::Damage);
            let before = written(Durability::Process, "another start");
            assert_eq!(Loss::of(Some(&before)), Loss::MachineStopped);
        }
        assert_eq!(Loss::of(Some(&written(Durability::Power, "another start"))), Loss::Damage);
        assert_eq!(Loss::of(None), Loss::Damage);
    }
}
