//! How often the engine allocates. `allocation_counter` brings an allocator that counts, which a whole program
//! has to use, so this is a program of its own.

#![cfg(feature = "workbench")]
#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail where the test itself may")]

use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use wallaroo::core::clock::LogicalClock;
use wallaroo::core::frames::Frames;
use wallaroo::core::frames::pieces::Pieces;
use wallaroo::core::numbers::{SequenceNumber, Timestamp, WorkerIndex};
use wallaroo::core::partitions::placement::Placement;
use wallaroo::core::steps::batch::{Payload, Produced};
use wallaroo::core::steps::context::{Context, Report};
use wallaroo::core::steps::{PIECE, Progress, Segment, WorkerSetup};
use wallaroo::{Application, Generator, Json, Sink, Source, Topology};

#[path = "../apps/alphabet/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod alphabet;
#[path = "../apps/stations/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod stations;

/// How many messages are in a batch.
const MESSAGES: u32 = 4_096;

/// How many batches are about a million messages.
const BATCHES: usize = 245;

/// How often a batch may allocate: what crosses from segment to segment, and the lists of it.
const MAX_A_BATCH: u64 = 24;

/// A header, a letter and how often it is voted for.
const LENGTH: u32 = 9;

/// The bytes of a batch, and where each of its frames ends.
type Batch = (Bytes, Vec<u32>);

fn votes() -> Batch {
    let vote = |at: u32| {
        let letter = b'a' + u8::try_from(at * 7 % 26).unwrap();
        [&5_u32.to_be_bytes()[..], &[letter], &(at * 1_000).to_be_bytes()[..]].concat()
    };
    ((0..MESSAGES).flat_map(vote).collect(), (1..=MESSAGES).map(|at| at * LENGTH).collect())
}

/// As many lines, of all 400 stations.
fn measurements(topology: &Topology) -> Batch {
    let make = topology.pipelines().first().unwrap().source.generate.clone().unwrap();
    let mut generator = Generator::new(1, 0.0);
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    for _ in 0..MESSAGES {
        bytes.extend(make(&mut generator));
        bytes.push(b'\n');
        ends.push(u32::try_from(bytes.len()).unwrap());
    }
    (bytes.into(), ends)
}

/// Works off a batch in all segments. Returns how many outputs it became.
fn run(segments: &mut [Box<dyn Segment>], frames: Frames, report: &mut Report) -> usize {
    let clock = LogicalClock::default();
    let mut outputs = 0;
    let mut batches = vec![(Arc::new(frames), Payload::Frames)];
    for segment in segments {
        let mut produced = Produced::default();
        for (frames, payload) in batches.drain(..) {
            let mut context = Context {
                worker: WorkerIndex(0),
                clock: &clock,
                piece: PIECE,
                report: &mut *report,
            };
            segment.begin(&frames, payload, &mut context);
            while segment.next(&frames, &mut context, &mut produced) == Progress::More {}
            segment.finish(&frames, &mut context, &mut produced);
        }
        outputs += produced.outputs.iter().map(|output| output.pieces.len()).sum::<usize>();
        let routed = produced.routed.into_iter();
        batches.extend(routed.map(|batch| (batch.frames, batch.payload)));
    }
    outputs
}

/// That so many batches allocate little, when each of their messages is an output.
fn assert_few_allocations(topology: &Topology, (bytes, ends): Batch, count: usize) {
    let wrapping = topology.pipelines().first().unwrap().source.framing.wrapping();
    let placement = Placement::new(NonZeroUsize::MIN);
    let mut setup = WorkerSetup::new(WorkerIndex(0), placement, false);
    let mut segments = topology.segments(&mut setup).remove(0);
    let frames = |_| {
        let pieces = Pieces::new(bytes.clone(), ends.clone(), 0);
        Frames::new("test".into(), SequenceNumber(1), Timestamp(0), wrapping, pieces)
    };
    let mut batches: Vec<_> = (0..count + 8).map(frames).collect();
    let mut report = Report::default();

    // The first ones create the partitions, and the memory that is used again.
    let first = batches.drain(..8).map(|frames| run(&mut segments, frames, &mut report));
    assert_eq!(first.sum::<usize>(), 8 * ends.len());
    let mut outputs = 0;
    let found = allocation_counter::measure(|| {
        let batches = batches.into_iter();
        outputs = batches.map(|frames| run(&mut segments, frames, &mut report)).sum();
    });

    assert_eq!(outputs, count * ends.len(), "a line a message");
    let (allocations, bytes) = (found.count_total, found.bytes_total);
    let of = format!("{allocations} with {bytes} bytes for {count} batches");
    assert!(allocations <= count as u64 * MAX_A_BATCH, "{of}");
}

#[test]
fn no_vote_is_an_allocation() {
    let topology = alphabet::topology(alphabet::Encoding::Text).unwrap();
    assert_few_allocations(&topology, votes(), BATCHES);
}

#[derive(Serialize, Deserialize)]
struct Measured {
    number: u64,
    change: i64,
    share: f64,
    unit: Unit,
}

#[derive(Serialize, Deserialize)]
enum Unit {
    Metre,
    Of(char),
}

#[test]
fn no_message_is_an_allocation_when_it_is_read_from_json_and_written_as_json() {
    let topology = Application::new("json")
        .pipeline("measured", Source::new(Json::<Measured>::new()))
        .to_sink(Sink::json_lines())
        .build()
        .unwrap();
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    for at in 1..=MESSAGES {
        let unit = if at % 2 == 0 { r#""Metre""# } else { r#"{"Of":"é"}"# };
        let share = f64::from(at) / 7.0;
        let text = format!(r#"{{"change":-{at},"number":{at},"share":{share},"unit":{unit}}}"#);
        bytes.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
        bytes.extend(text.bytes());
        ends.push(u32::try_from(bytes.len()).unwrap());
    }
    assert_few_allocations(&topology, (bytes.into(), ends), 24);
}

#[test]
fn no_measurement_of_a_station_with_a_short_name_is_an_allocation() {
    let topology = stations::topology().unwrap();
    assert_few_allocations(&topology, measurements(&topology), BATCHES);
}
