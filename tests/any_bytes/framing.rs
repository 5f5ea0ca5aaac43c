//! Frames and broken frames as an assembler finds them in pieces of a stream, against a reader that has
//! the whole stream before it and looks at one frame after another.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use wallaroo::core::frames::assembler::{Assembler, SourceEnd};
use wallaroo::core::frames::framing::Framing;
use wallaroo::{Application, Reason, Source, big_endian, little_endian};

use crate::config;

/// The longest payload.
pub const LIMIT: u64 = 20;

/// Where a frame starts, and its bytes.
pub type Found = (u64, Vec<u8>);

/// A header of this many bytes, in one of the two byte orders.
fn framing(length: usize, big: bool) -> Arc<dyn Framing> {
    let decode = |_: &[u8]| Ok::<Option<()>, Reason>(None);
    let source = Source::new(decode).header(length, if big { big_endian } else { little_endian });
    let topology = Application::new("frames").pipeline("frames", source).done().build().unwrap();
    Arc::clone(&topology.pipelines()[0].source.framing)
}

/// The frames of a stream, and what is no frame with the reason.
fn read(stream: &[u8], header: usize, big: bool) -> (Vec<Found>, Option<(Found, String)>) {
    let mut frames = Vec::new();
    let mut at = 0;
    while at < stream.len() {
        let rest = &stream[at..];
        let here = at as u64;
        let inside =
            || format!("the source ended inside a frame, after {} of its bytes", rest.len());
        if rest.len() < header {
            return (frames, Some(((here, rest.to_vec()), inside())));
        }
        let mut digits = rest[..header].to_vec();
        if big {
            digits.reverse();
        }
        let length: u64 =
            (0..).zip(digits).map(|(place, digit)| u64::from(digit) << (8 * place)).sum();
        if length > LIMIT {
            let reason =
                format!("the header says {length} bytes of payload, and the limit is {LIMIT}");
            return (frames, Some(((here, rest[..header].to_vec()), reason)));
        }
        let end = header + usize::try_from(length).unwrap();
        if rest.len() < end {
            return (frames, Some(((here, rest.to_vec()), inside())));
        }
        frames.push((here, rest[..end].to_vec()));
        at += end;
    }
    (frames, None)
}

/// The same by an assembler that is given the stream in pieces, and gives at most `most` frames at once.
pub fn assemble(
    stream: &[u8],
    framing: Arc<dyn Framing>,
    cuts: &[usize],
    most: usize,
) -> (Vec<Found>, Option<(Found, String)>) {
    let mut assembler = Assembler::new(framing, LIMIT, most);
    let mut frames = Vec::new();
    let mut cuts = cuts.iter().cycle();
    let mut rest = stream;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
        rest = after;
        assembler.buffer().extend_from_slice(piece);
        loop {
            match assembler.cut() {
                Ok(None) => break,
                Ok(Some(cut)) => {
                    assert!(cut.len() <= most);
                    for (at, frame) in cut.iter().enumerate() {
                        frames.push((cut.offset(at), frame.to_vec()));
                    }
                    assert_eq!(cut.byte_length(), cut.bytes().len() as u64);
                }
                Err(broken) => {
                    return (frames, Some(((broken.offset, broken.bytes), broken.reason)));
                }
            }
        }
    }
    match assembler.last() {
        Ok(None) => {}
        Ok(Some(last)) => frames.push((last.offset(0), last.bytes().to_vec())),
        Err(broken) => return (frames, Some(((broken.offset, broken.bytes), broken.reason))),
    }
    let broken = assembler.finish(SourceEnd::Ended);
    (frames, broken.map(|broken| ((broken.offset, broken.bytes), broken.reason)))
}

#[test]
fn any_bytes_are_cut_as_a_reader_of_the_whole_would() {
    let framings: Vec<_> = (1..=8)
        .flat_map(|length| [true, false].map(|big| (length, big, framing(length, big))))
        .collect();
    // Mostly small numbers, so that headers say lengths that there are.
    let byte = prop_oneof![6 => Just(0_u8), 6 => 0_u8..24, 1 => any::<u8>()];
    let case = (
        prop::collection::vec(byte, 0..120),
        prop::collection::vec(1_usize..20, 1..6),
        0..framings.len(),
        1_usize..6,
    );
    let outcome = TestRunner::new(config()).run(&case, |(stream, cuts, at, most)| {
        let (length, big, framing) = &framings[at];
        let found = assemble(&stream, Arc::clone(framing), &cuts, most);
        assert_eq!(found, read(&stream, *length, *big));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
