//! A pipe that is full, and is not read.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// `O_NONBLOCK` of Linux.
const NON_BLOCKING: i32 = 0o4000;

/// A pipe in the file system that is full of full stops.
pub struct FullPipe {
    path: PathBuf,
    both: File,
}

impl FullPipe {
    /// Makes and fills it.
    pub fn new(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_owned();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let mut both = OpenOptions::new();
        let mut both = both.read(true).write(true).custom_flags(NON_BLOCKING).open(&path).unwrap();
        for piece in [4096, 1] {
            while both.write(&vec![b'.'; piece]).is_ok() {}
        }
        Self { path, both }
    }

    /// Its name.
    pub fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }

    /// Its end for a program that writes to it, and waits.
    pub fn writer(&self) -> Stdio {
        OpenOptions::new().write(true).open(&self.path).unwrap().into()
    }

    /// Reads what is there now, without the full stops.
    pub fn read(&mut self) -> String {
        let mut all = Vec::new();
        let mut buffer = vec![0; 65_536];
        loop {
            match self.both.read(&mut buffer) {
                Ok(length) => all.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        String::from_utf8(all).unwrap().trim_start_matches('.').to_owned()
    }
}
