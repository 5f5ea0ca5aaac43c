//! A pipeline as the driver runs it.

use std::sync::Arc;

use super::error::NoSuchPipeline;
use crate::application::HasMessage;
use crate::core::frames::Frames;
use crate::core::frames::assembler::{Assembler, Broken};
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::framing::Framing;
use crate::core::frames::pieces::Pieces;
use crate::core::frames::wrapping::{NUMBER_LENGTH, Wrapping};
use crate::core::numbers::{PipelineIndex, SequenceNumber, SinkIndex, SinkPlace, Timestamp};
use crate::core::steps::Segment;
use crate::core::topology::Topology;

/// The source's name in traces and dead letters.
pub(super) const SOURCE: &str = "test";

/// A pipeline as the driver runs it.
pub(super) struct RunningPipeline {
    pub name: Arc<str>,
    pub assembler: Option<Assembler>,
    pub framing: Arc<dyn Framing>,
    pub segments: Vec<Box<dyn Segment>>,
    pub frames: u64,
    /// Whether there is a message of a number, if the source makes its messages itself.
    pub has: Option<HasMessage>,
    /// The number of the message that it makes next.
    pub next: u64,
    /// Its sinks: of a sink that pipelines share, the first one's.
    pub sinks: Vec<SinkPlace>,
    /// What its own sinks received.
    pub outputs: Vec<Vec<Vec<u8>>>,
}

impl RunningPipeline {
    pub fn new(
        topology: &Topology,
        pipeline: PipelineIndex,
        segments: Vec<Box<dyn Segment>>,
    ) -> Self {
        let Some(plan) = topology.pipelines().get(pipeline.0) else {
            unreachable!("each pipeline has its segments")
        };
        let places = (0..plan.sinks.len()).map(SinkIndex);
        let first = |sink| topology.first_place(SinkPlace { pipeline, sink });
        Self {
            name: Arc::clone(&plan.name),
            assembler: None,
            framing: Arc::clone(&plan.source.framing),
            segments,
            frames: 0,
            has: plan.source.has.clone(),
            next: 0,
            sinks: places.map(first).collect(),
            outputs: vec![Vec::new(); plan.sinks.len()],
        }
    }

    /// The next messages that the source makes, up to this many. `None` if it makes none itself.
    pub fn generate(&mut self, most: u64, now: Timestamp) -> Option<Frames> {
        let has = self.has.as_ref()?;
        let numbers = self.next..self.next.saturating_add(most);
        let made = numbers.take_while(|number| has(*number));
        let bytes: Vec<u8> = made.flat_map(u64::to_be_bytes).collect();
        let ends = (1..=bytes.len() / NUMBER_LENGTH).map(|count| count * NUMBER_LENGTH);
        let ends: Vec<u32> = ends.filter_map(|end| u32::try_from(end).ok()).collect();
        let (count, offset) = (ends.len() as u64, self.next * NUMBER_LENGTH as u64);
        let first = SequenceNumber(self.frames + 1);
        self.frames += count;
        self.next += count;
        let pieces = Pieces::new(bytes.into(), ends, offset);
        Some(Frames::new(SOURCE.into(), first, now, Wrapping::Number, pieces))
    }
}

/// The pipeline with this name, and its place.
pub(super) fn find_pipeline<'a>(
    running: &'a mut [RunningPipeline],
    pipeline: &str,
) -> Result<(usize, &'a mut RunningPipeline), NoSuchPipeline> {
    let mut running = running.iter_mut().enumerate();
    running
        .find(|(_, running)| &*running.name == pipeline)
        .ok_or_else(|| NoSuchPipeline(pipeline.to_owned()))
}

pub(super) fn broken_letter(
    running: &mut RunningPipeline,
    broken: Broken,
    now: Timestamp,
) -> DeadLetter {
    running.frames += 1;
    let (pipeline, sequence) = (Arc::clone(&running.name), SequenceNumber(running.frames));
    DeadLetter::of_broken(pipeline, SOURCE.into(), broken, sequence, now)
}
