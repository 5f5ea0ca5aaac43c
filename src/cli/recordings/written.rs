//! Writes what comes of a replay while it goes on: outputs, dead letters, a digest.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::sync::Arc;

use super::files::{Files, Lines, OfSinks, OpenFile, Place};
use crate::cli::failure::Failure;
use crate::cli::setup::files::cannot_write;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::json::write_json;
use crate::core::numbers::{Epoch, SinkPlace, WorkerIndex};
use crate::core::replay::digest::{DigestWriter, Header};
use crate::core::replay::machine::Watch;
use crate::core::replay::recording::SavedState;
use crate::core::replay::script::Entering;
use crate::core::steps::batch::Output;
use crate::core::topology::Topology;

/// What is written while a replay goes on. Once something cannot be written, the replay stops.
pub(super) struct Written {
    topology: Arc<Topology>,
    outputs: Vec<Lines>,
    of_sinks: OfSinks,
    dead_letters: Option<Lines>,
    /// With the path of its file.
    digest: Option<(DigestWriter<BufWriter<File>>, PathBuf)>,
    /// The names of the sinks in a digest.
    sink_names: Vec<Vec<String>>,
    failure: Option<Failure>,
}

impl Written {
    /// Begins with these files, which are empty. The header is that of a digest. Returns also the file for the partitions:
    /// that is written at the end.
    pub fn begin(
        topology: &Arc<Topology>,
        header: Header,
        Files { outputs, of_sinks, state, dead_letters, digest }: Files,
    ) -> Result<(Self, Option<OpenFile>), Failure> {
        let digest = digest.map(|file| {
            let (path, file) = file.into_parts();
            let writer = DigestWriter::new(header, BufWriter::new(file));
            let writer = writer.map_err(|error| cannot_write(&path, &error))?;
            Ok((writer, path))
        });
        let written = Self {
            topology: Arc::clone(topology),
            outputs: outputs.into_iter().map(Place::writer).collect(),
            of_sinks,
            dead_letters: dead_letters.map(|file| Place::File(file).writer()),
            digest: digest.transpose()?,
            sink_names: sink_names(topology),
            failure: None,
        };
        Ok((written, state))
    }

    /// A part of the recording has come to its end. These partitions have changed.
    pub fn end_epoch(&mut self, epoch: Epoch, changed: &[SavedState]) -> Result<(), Failure> {
        let Some((digest, path)) = &mut self.digest else { return Ok(()) };
        for (state, partitions) in changed {
            for partition in partitions {
                digest.partition(state, partition);
            }
        }
        digest.end_epoch(epoch).map_err(|error| cannot_write(path, &error))
    }

    /// Whether anybody wants to know which partitions have changed.
    pub fn has_digest(&self) -> bool {
        self.digest.is_some()
    }

    /// Why the replay was stopped, if it was.
    pub fn failure(&mut self) -> Result<(), Failure> {
        self.failure.take().map_or(Ok(()), Err)
    }

    /// Writes what is left.
    pub fn finish(mut self) -> Result<(), Failure> {
        self.failure()?;
        self.outputs.into_iter().try_for_each(Lines::finish)?;
        self.dead_letters.map_or(Ok(()), Lines::finish)?;
        let Some((digest, path)) = self.digest else { return Ok(()) };
        digest.finish().map(drop).map_err(|error| cannot_write(&path, &error))
    }

    fn write_output(&mut self, output: &Output) -> Result<(), Failure> {
        let place = SinkPlace { pipeline: output.pipeline, sink: output.sink };
        let first = self.topology.first_place(place);
        let names = self.sink_names.get(first.pipeline.0);
        let name = names.and_then(|names| names.get(first.sink.0));
        if let Some(((digest, _), name)) = self.digest.as_mut().zip(name) {
            output.pieces.iter().for_each(|piece| digest.output(name, piece));
        }
        let sinks = self.of_sinks.get(place.pipeline.0);
        let at = sinks.and_then(|sinks| sinks.get(place.sink.0).copied()).flatten();
        match at.and_then(|at| self.outputs.get_mut(at)) {
            Some(lines) => output.pieces.iter().try_for_each(|piece| lines.write(piece)),
            None => Ok(()),
        }
    }

    fn write_letter(&mut self, letter: &DeadLetter) -> Result<(), Failure> {
        if let Some((digest, _)) = &mut self.digest {
            digest.dead_letter(letter);
        }
        let Some(lines) = &mut self.dead_letters else { return Ok(()) };
        let mut line = Vec::new();
        write_json(&mut line, letter).map_err(Failure::failed)?;
        line.push(b'\n');
        lines.write(&line)
    }

    fn keep(&mut self, written: Result<(), Failure>) {
        if let Err(failure) = written {
            self.failure.get_or_insert(failure);
        }
    }
}

impl Watch for Written {
    fn enters(&mut self, entering: &mut Entering) {
        let Some((digest, _)) = &mut self.digest else { return };
        let pipeline = entering.name(&self.topology);
        for (_, payload) in entering.frames.payloads_from(0) {
            digest.entered(pipeline, payload);
        }
    }

    fn output(&mut self, _: WorkerIndex, output: Output) {
        let written = self.write_output(&output);
        self.keep(written);
    }

    fn dead_letter(&mut self, letter: DeadLetter) {
        let written = self.write_letter(&letter);
        self.keep(written);
    }

    fn goes_on(&mut self) -> bool {
        self.failure.is_none()
    }
}

/// The names of the sinks of each pipeline: their own, or the pipeline's, with a number if it has several.
fn sink_names(topology: &Topology) -> Vec<Vec<String>> {
    let of_plan = topology.pipelines().iter().map(|plan| {
        let sinks = plan.sinks.iter().enumerate();
        sinks.map(|(at, sink)| match &sink.name {
            Some(name) => name.to_string(),
            None if plan.sinks.len() == 1 => plan.name.to_string(),
            None => format!("{} {}", plan.name, at + 1),
        })
    });
    of_plan.map(Iterator::collect).collect()
}
