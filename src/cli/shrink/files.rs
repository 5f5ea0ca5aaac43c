//! The files that `shrink` writes: frames and a test.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::cli::arguments::ShrinkArguments;
use crate::cli::failure::Failure;
use crate::cli::setup::files::cannot_write;
use crate::core::replay::smallest::{FramesOf, Smallest};
use crate::core::text::counted;
use crate::core::topology::Topology;
use crate::endpoints::{claim, empty, is_inside};

/// Refuses files that must not be written. This comes before the search.
pub(super) fn refuse(arguments: &ShrinkArguments) -> Result<(), Failure> {
    let ShrinkArguments { recording, out, test, .. } = arguments;
    for (option, path) in [("--out", out), ("--test", test)] {
        let Some(path) = path else { continue };
        if is_inside(path, recording) {
            let (path, recording) = (path.display(), recording.display());
            let usage =
                format!("{option} names {path}, which is in {recording}: choose another place");
            return Err(Failure::Usage(usage));
        }
    }
    match test.as_deref().filter(|test| test.exists()) {
        Some(test) => Err(Failure::Failed(exists(test))),
        None => Ok(()),
    }
}

fn exists(test: &Path) -> String {
    format!("{} exists: remove it, or give --test another name", test.display())
}

/// Writes the frames that are left. Returns what to say of that.
pub(super) fn write_frames(
    path: &Path,
    topology: &Topology,
    input: &Smallest,
) -> Result<Vec<String>, Failure> {
    let all = input.frames(topology).map_err(Failure::failed)?;
    let mut said = Vec::new();
    for FramesOf { pipeline, count, bytes } in &all {
        let Some(plan) = topology.pipelines().get(pipeline.0) else { continue };
        let path = if all.len() > 1 { beside(path, &plan.name) } else { path.to_owned() };
        write(&path, bytes).map_err(|error| cannot_write(&path, &error))?;
        let count = counted(*count, "frame");
        said.push(format!("{count} for --in {}={}", plan.name, path.display()));
    }
    Ok(said)
}

/// The file of a pipeline.
fn beside(path: &Path, pipeline: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    // A name may have what would be another folder.
    name.push(format!(".{}", pipeline.replace('/', "_")));
    name.into()
}

/// Writes a file, unless a run writes to it.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = File::options().write(true).create(true).truncate(false).open(path)?;
    claim(&file)?;
    empty(&file)?;
    let mut writer = BufWriter::new(file);
    writer.write_all(bytes)?;
    writer.flush()
}

/// Writes a test. Returns what to say of that.
pub(super) fn write_test(path: &Path, text: &str) -> Result<String, Failure> {
    match File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => Ok(format!("a test in {}", path.display())),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Failure::Failed(exists(path)))
        }
        Err(error) => Err(cannot_write(path, &error)),
    }
}
