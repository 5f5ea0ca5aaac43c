//! The files that a replay writes: how they are opened, and which are refused.
//!
//! Invariant: a replay that cannot begin does not change a file.

use std::fs::{File, metadata};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::sources::Sources;
use crate::cli::arguments::ReplayArguments;
use crate::cli::failure::Failure;
use crate::cli::setup::endpoints::{Missing, sinks};
use crate::cli::setup::files::{cannot_print, cannot_write, patiently, refuse_taken_files};
use crate::core::topology::Topology;
use crate::endpoints::{Endpoint, FileId, claim, empty, is_inside, open_to_write};
use crate::resilience::history::Recording;

/// By pipeline and sink, which of the places of outputs it has; `None` if what it is given is dropped.
pub(super) type OfSinks = Vec<Vec<Option<usize>>>;

/// The files of a replay, open.
pub(super) struct Files {
    /// The places of the outputs.
    pub outputs: Vec<Place>,
    pub of_sinks: OfSinks,
    pub state: Option<OpenFile>,
    pub dead_letters: Option<OpenFile>,
    pub digest: Option<OpenFile>,
}

/// Where outputs are written.
pub(super) enum Place {
    Standard,
    File(OpenFile),
}

/// A file that is written.
pub(super) struct OpenFile {
    path: PathBuf,
    file: File,
}

impl Files {
    /// Opens the files that a command line names.
    pub fn open(
        arguments: &ReplayArguments,
        topology: &Topology,
        recording: &Recording,
    ) -> Result<Self, Failure> {
        let (endpoints, of_sinks) = places(sinks(topology, &arguments.outputs, Missing::Null)?)?;
        let files = endpoints.iter().filter_map(|endpoint| match endpoint {
            Endpoint::File(path) => Some(("--out", Some(path.as_path()))),
            Endpoint::Tcp(_) | Endpoint::Standard | Endpoint::Null => None,
        });
        let others = [
            ("--state", arguments.state.as_deref()),
            ("--dead-letters", arguments.dead_letters.as_deref()),
            ("--digest", arguments.digest.as_deref()),
        ];
        let written: Vec<_> = files.chain(others).collect();
        refuse_recording(&arguments.recording, &written)?;
        // Only then they may be files that the recording needs, and all of it has to be read to know.
        let has_bytes = |path: &Path| metadata(path).is_ok_and(|metadata| metadata.len() > 0);
        let may_be_needed = written.iter().any(|(_, path)| path.is_some_and(has_bytes));
        let needed = if may_be_needed {
            Sources::of(recording).map_err(Failure::failed)?.files
        } else {
            Sources::default().files
        };
        let place = |endpoint| match endpoint {
            Endpoint::File(path) => OpenFile::open(&path).map(Place::File),
            Endpoint::Tcp(_) | Endpoint::Standard | Endpoint::Null => Ok(Place::Standard),
        };
        let outputs = endpoints.iter().cloned().map(place).collect::<Result<Vec<_>, _>>()?;
        let open = |path: Option<&Path>| path.map(OpenFile::open).transpose();
        let [(_, state), (_, dead_letters), (_, digest)] = others;
        let (state, dead_letters, digest) = (open(state)?, open(dead_letters)?, open(digest)?);
        let needed = needed.keys().filter_map(|name| FileId::of(Path::new(name)));
        refuse_taken_files(
            needed.map(|file| ("a source of the recording", file)).collect(),
            &written,
        )?;
        let files = Self { outputs, of_sinks, state, dead_letters, digest };
        files.all().try_for_each(OpenFile::claim)?;
        Ok(files)
    }

    fn all(&self) -> impl Iterator<Item = &OpenFile> {
        let outputs = self.outputs.iter().filter_map(|place| match place {
            Place::File(file) => Some(file),
            Place::Standard => None,
        });
        outputs.chain([&self.state, &self.dead_letters, &self.digest].into_iter().flatten())
    }

    /// The replay begins: what was in the files is gone.
    pub fn empty(&self) -> Result<(), Failure> {
        let empty = |open: &OpenFile| empty(&open.file).map_err(|error| open.cannot_write(&error));
        self.all().try_for_each(empty)
    }
}

impl OpenFile {
    fn open(path: &Path) -> Result<Self, Failure> {
        let file = patiently(path, || open_to_write(path))?;
        Ok(Self { path: path.to_owned(), file })
    }

    fn claim(&self) -> Result<(), Failure> {
        claim(&self.file).map_err(|error| self.cannot_write(&error))
    }

    fn cannot_write(&self, error: &io::Error) -> Failure {
        cannot_write(&self.path, error)
    }

    /// The path and the file.
    pub fn into_parts(self) -> (PathBuf, File) {
        (self.path, self.file)
    }
}

impl Place {
    /// Writes to it, in large pieces.
    pub fn writer(self) -> Lines {
        match self {
            Self::Standard => Lines { to: BufWriter::new(Box::new(io::stdout())), path: None },
            Self::File(OpenFile { path, file }) => {
                Lines { to: BufWriter::new(Box::new(file)), path: Some(path) }
            }
        }
    }
}

/// A file, or standard output, that is written piece by piece.
pub(super) struct Lines {
    to: BufWriter<Box<dyn Write>>,
    /// `None` of standard output.
    path: Option<PathBuf>,
}

impl Lines {
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.to.write_all(bytes);
        written.map_err(|error| self.cannot_write(&error))
    }

    pub fn finish(mut self) -> Result<(), Failure> {
        let written = self.to.flush();
        written.map_err(|error| self.cannot_write(&error))
    }

    fn cannot_write(&self, error: &io::Error) -> Failure {
        match &self.path {
            Some(path) => cannot_write(path, error),
            None => cannot_print(error),
        }
    }
}

/// The places of sinks, each once, and which of them each sink has.
fn places(of_sinks: Vec<Vec<Endpoint>>) -> Result<(Vec<Endpoint>, OfSinks), Failure> {
    let mut places: Vec<Endpoint> = Vec::new();
    let mut place = |endpoint: Endpoint| match endpoint {
        Endpoint::Null => Ok(None),
        Endpoint::Tcp(address) => Err(Failure::Usage(format!(
            "--out: a replay sends nothing to tcp://{address}: give a file, - or null"
        ))),
        Endpoint::File(_) | Endpoint::Standard => {
            let known = places.iter().position(|known| *known == endpoint);
            Ok(Some(known.unwrap_or_else(|| {
                places.push(endpoint);
                places.len() - 1
            })))
        }
    };
    let of_sinks = of_sinks
        .into_iter()
        .map(|sinks| sinks.into_iter().map(&mut place).collect::<Result<Vec<_>, _>>())
        .collect::<Result<Vec<_>, _>>()?;
    Ok((places, of_sinks))
}

/// Refuses a file that is the recording, or in it.
fn refuse_recording(recording: &Path, written: &[(&str, Option<&Path>)]) -> Result<(), Failure> {
    let is_recording = |path: &Path| {
        (recording.is_dir() && is_inside(path, recording))
            || FileId::of(path).is_some_and(|file| FileId::of(recording) == Some(file))
    };
    let refused = written.iter().find_map(|(option, path)| {
        let path = path.filter(|path| is_recording(path))?;
        Some(format!(
            "{option} names {}, which is a part of the recording {}: choose another place",
            path.display(),
            recording.display()
        ))
    });
    refused.map_or(Ok(()), |refused| Err(Failure::Usage(refused)))
}
