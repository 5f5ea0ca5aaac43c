//! Lines and varints as an assembler finds them in pieces of a stream, against readers that have the whole stream.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use wallaroo::core::frames::framing::Framing;
use wallaroo::{Application, Reason, Source};

use crate::config;
use crate::framing::{Found, LIMIT, assemble};

type Read = (Vec<Found>, Option<(Found, String)>);

fn source() -> Source<impl wallaroo::Decoder<Message = ()>> {
    Source::new(|_: &[u8]| Ok::<Option<()>, Reason>(None))
}

fn framing<D: wallaroo::Decoder>(source: Source<D>) -> Arc<dyn Framing> {
    let topology = Application::new("frames").pipeline("frames", source).done().build().unwrap();
    Arc::clone(&topology.pipelines()[0].source.framing)
}

fn read_lines(stream: &[u8]) -> Read {
    let mut frames = Vec::new();
    let mut at = 0;
    for line in stream.split_inclusive(|byte| *byte == b'\n') {
        let ended = line.strip_suffix(b"\n");
        let text = ended.map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
        if text.len() as u64 > LIMIT {
            let first = line[..=usize::try_from(LIMIT).unwrap()].to_vec();
            let reason = format!("the line is longer than the limit of {LIMIT} bytes");
            return (frames, Some(((at, first), reason)));
        }
        frames.push((at, line.to_vec()));
        at += line.len() as u64;
    }
    (frames, None)
}

fn read_varints(stream: &[u8]) -> Read {
    let mut frames = Vec::new();
    let mut at = 0;
    while at < stream.len() {
        let (rest, here) = (&stream[at..], at as u64);
        let broken = |bytes: &[u8], reason: String| Some(((here, bytes.to_vec()), reason));
        let inside = format!("the source ended inside a frame, after {} of its bytes", rest.len());
        let groups = rest.iter().take_while(|byte| **byte >= 128).count() + 1;
        if groups > 10 || (groups == 10 && rest.get(9).is_some_and(|last| *last > 1)) {
            let reason = "the length is no varint of 64 bits".to_owned();
            return (frames, broken(&rest[..10], reason));
        }
        let Some(header) = rest.get(..groups) else { return (frames, broken(rest, inside)) };
        let length = header.iter().rev().fold(0, |sum, byte| sum * 128 + u128::from(byte % 128));
        if length > u128::from(LIMIT) {
            let reason =
                format!("the header says {length} bytes of payload, and the limit is {LIMIT}");
            return (frames, broken(header, reason));
        }
        let end = groups + usize::try_from(length).unwrap();
        let Some(frame) = rest.get(..end) else { return (frames, broken(rest, inside)) };
        frames.push((here, frame.to_vec()));
        at += end;
    }
    (frames, None)
}

fn check(framing: &Arc<dyn Framing>, byte: impl Strategy<Value = u8>, read: fn(&[u8]) -> Read) {
    let pieces = prop::collection::vec(1_usize..20, 1..6);
    let case = (prop::collection::vec(byte, 0..120), pieces, 1_usize..6);
    let outcome = TestRunner::new(config()).run(&case, |(stream, cuts, most)| {
        assert_eq!(assemble(&stream, Arc::clone(framing), &cuts, most), read(&stream));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn any_bytes_are_cut_into_lines_as_a_reader_of_the_whole_would() {
    let byte = prop_oneof![2 => Just(b'\n'), 2 => Just(b'\r'), 12 => any::<u8>()];
    check(&framing(source().lines()), byte, read_lines);
}

#[test]
fn any_bytes_are_cut_at_varints_as_a_reader_of_the_whole_would() {
    let byte = prop_oneof![6 => 0_u8..24, 5 => Just(0x80), 3 => Just(0xff), 1 => any::<u8>()];
    check(&framing(source().varint()), byte, read_varints);
}
