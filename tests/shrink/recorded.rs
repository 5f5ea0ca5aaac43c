//! Recordings in memory of messages that one worker has taken.

use std::num::NonZeroUsize;
use std::sync::Arc;

use wallaroo::Topology;
use wallaroo::core::frames::pieces::Pieces;
use wallaroo::core::numbers::{Epoch, PipelineIndex, SequenceNumber, Timestamp, WorkerIndex};
use wallaroo::core::partitions::placement::Placement;
use wallaroo::core::replay::from_memory::MemoryRecording;
use wallaroo::core::replay::machine::{Follow, Machine};
use wallaroo::core::replay::memory::RecordedInMemory;
use wallaroo::core::replay::recording::{
    Base, Chapter, Content, Crew, Entered, SavedState, WorkerLog,
};
use wallaroo::core::replay::schedule::{Begun, Ran, StageIndex, append_run};
use wallaroo::core::replay::script::Script;
use wallaroo::core::steps::WorkerSetup;

/// The pipeline of a message, and its payload.
pub type Sent = (usize, Vec<u8>);

const CREW: Crew =
    Crew { workers: NonZeroUsize::MIN, of_each_process: NonZeroUsize::MIN, precreate: false };

/// A recording of these messages, in two chapters. Those before `begin` were processed before it began.
pub fn recording(topology: &Arc<Topology>, messages: &[Sent], begin: usize) -> MemoryRecording {
    let recorded = RecordedInMemory::new(usize::MAX);
    let (before, after) = messages.split_at(begin);
    let mut epoch = Epoch(1);
    recorded.begin(epoch, || partitions_after(topology, before));
    for part in after.chunks(after.len().div_ceil(2).max(1)) {
        epoch = epoch.next();
        recorded.append(chapter(topology, part, epoch), Vec::new());
    }
    MemoryRecording::new(
        recorded.recorded(),
        Box::new(|entered, framing| Ok(entered.frames(framing.wrapping()).unwrap())),
    )
}

fn partitions_after(topology: &Arc<Topology>, messages: &[Sent]) -> Vec<SavedState> {
    let script = Script::new(&chapter(topology, messages, Epoch(1)), |entered| {
        let framing = &topology.pipelines()[entered.pipeline.0].source.framing;
        Ok::<_, ()>(entered.frames(framing.wrapping()).unwrap())
    });
    let mut machine = Machine::new(Arc::clone(topology), CREW, &Base::default()).unwrap();
    machine.run(&script.unwrap(), Follow::AsFarAsPossible, &mut ()).unwrap();
    machine.partitions().unwrap()
}

/// A chapter in which a worker took these messages, up to seven of a pipeline at a time.
fn chapter(topology: &Topology, messages: &[Sent], epoch: Epoch) -> Chapter {
    let mut log = WorkerLog::default();
    let mut next = vec![1_u64; topology.pipelines().len()];
    let placement = Placement::new(NonZeroUsize::MIN);
    let segments = topology.segments(&mut WorkerSetup::new(WorkerIndex(0), placement, false));
    let same = messages.chunk_by(|one, other| one.0 == other.0);
    for (number, part) in (1_u64..).zip(same.flat_map(|same| same.chunks(7))) {
        let pipeline = part[0].0;
        let stage = StageIndex(segments[..pipeline].iter().map(Vec::len).sum());
        append_run(&mut log.schedule, stage, Begun::Frames { at_once: true }, Ran::Done);
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for (_, payload) in part {
            bytes.extend(topology.pipelines()[pipeline].source.framing.frame(payload).unwrap());
            ends.push(u32::try_from(bytes.len()).unwrap());
        }
        log.entered.push(Entered {
            pipeline: PipelineIndex(pipeline),
            source: format!("source {pipeline}").into(),
            first: SequenceNumber(next[pipeline]),
            read_at: Timestamp(number),
            count: part.len() as u64,
            content: Content::Frames(Pieces::new(bytes.into(), ends, 0)),
        });
        next[pipeline] += part.len() as u64;
    }
    Chapter { epoch, crew: CREW, workers: vec![log] }
}
