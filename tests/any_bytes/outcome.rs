//! What comes of streams of bytes in an application, but for the times.

use serde_json::Value;
use wallaroo::core::frames::dead_letter::{Cause, FRAMING_STEP};
use wallaroo::{Key, TestDriver, Topology};

/// All that can be known of a run, but for the times.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    /// By pipeline and sink.
    pub outputs: Vec<Vec<Vec<Vec<u8>>>>,
    /// Frames, bytes, filtered messages, partitions, changes to save and messages to states.
    pub counts: [u64; 6],
    pub partitions: Vec<Partition>,
    /// In the order of their frames.
    pub dead_letters: Vec<Letter>,
}

/// State, key, messages, whether it is to be saved, whether it is poisoned, and the value.
type Partition = (String, Key, u64, bool, bool, Value);

/// A dead letter but for its time.
#[derive(Debug, PartialEq)]
pub struct Letter {
    pub pipeline: String,
    pub sequence: u64,
    pub offset: u64,
    pub step: String,
    pub cause: Cause,
    pub reason: String,
    pub key: Option<Key>,
    /// Header, payload and end.
    pub bytes: [Vec<u8>; 3],
}

/// What comes of the streams in a driver, each of which arrives in one piece.
pub fn whole(mut driver: TestDriver, topology: &Topology, streams: &[Vec<u8>]) -> Outcome {
    for (plan, stream) in topology.pipelines().iter().zip(streams).rev() {
        driver.push(&plan.name, stream).unwrap();
        driver.end(&plan.name).unwrap();
        driver.run();
    }
    outcome(&driver, topology)
}

/// What comes of the same streams in pieces of these lengths; if it says so, all that has arrived
/// is processed before more arrives.
pub fn in_pieces(topology: &Topology, streams: &[Vec<u8>], cuts: &[(usize, bool)]) -> Outcome {
    let mut driver = TestDriver::new(topology);
    let mut cuts = cuts.iter().cycle();
    for (plan, stream) in topology.pipelines().iter().zip(streams).rev() {
        let mut rest = &stream[..];
        // A connection is closed after a header above the limit: nothing of it is read any more.
        let closed = |driver: &TestDriver| {
            let mut letters = driver.dead_letters().iter();
            letters.any(|letter| letter.pipeline == plan.name && &*letter.step == FRAMING_STEP)
        };
        while !rest.is_empty() && !closed(&driver) {
            let (length, run) = cuts.next().unwrap();
            let (piece, after) = rest.split_at((*length).min(rest.len()));
            rest = after;
            driver.push(&plan.name, piece).unwrap();
            if *run {
                driver.run();
            }
        }
        driver.end(&plan.name).unwrap();
        driver.run();
    }
    outcome(&driver, topology)
}

fn outcome(driver: &TestDriver, topology: &Topology) -> Outcome {
    let outputs = topology.pipelines().iter().map(|plan| {
        let sink = |sink| driver.outputs_of_sink(&plan.name, sink).unwrap().to_vec();
        (0..plan.sinks.len()).map(sink).collect()
    });
    let report = driver.report();
    let rows = topology.states().iter().flat_map(|state| driver.partitions(&state.name));
    let partitions =
        rows.map(|row| (row.state, row.key, row.messages, row.to_save, row.poisoned, row.value));
    let letters = driver.dead_letters().iter().map(|letter| Letter {
        pipeline: letter.pipeline.to_string(),
        sequence: letter.sequence.0,
        offset: letter.offset,
        step: letter.step.to_string(),
        cause: letter.cause,
        reason: letter.reason.clone(),
        key: letter.key.clone(),
        bytes: [&letter.header, &letter.bytes, &letter.end].map(|bytes| bytes.to_vec()),
    });
    let mut dead_letters: Vec<_> = letters.collect();
    // A broken frame is found when its bytes arrive, which may be before older ones are processed.
    dead_letters.sort_by(|one, other| {
        (&one.pipeline, one.sequence).cmp(&(&other.pipeline, other.sequence))
    });
    Outcome {
        outputs: outputs.collect(),
        counts: [
            report.frames,
            report.bytes,
            report.filtered,
            report.created,
            report.saved,
            report.stateful,
        ],
        partitions: partitions.collect(),
        dead_letters,
    }
}
