//! Streams of bytes that are mostly frames: good ones, spoiled ones, and bytes that belong to none.

use proptest::prelude::*;
use wallaroo::core::topology::{SourcePlan, Topology};
use wallaroo::{Generate, Generator};

/// The most pieces that a pipeline's stream is made of.
const PIECES: usize = 16;

/// A piece of a stream: what kind it is, and what its bytes are made from.
pub type Piece = (u8, u64);

/// The pieces of a stream for each of an application's pipelines.
pub fn streams(topology: &Topology) -> impl Strategy<Value = Vec<Vec<Piece>>> + use<> {
    let stream = prop::collection::vec((0_u8..40, any::<u64>()), 0..PIECES);
    prop::collection::vec(stream, topology.pipelines().len())
}

/// Where a stream is cut: the lengths of what arrives together, and whether it is processed before
/// more arrives. From the beginning again when they are used up.
pub fn cuts() -> impl Strategy<Value = Vec<(usize, bool)>> {
    prop::collection::vec((prop_oneof![Just(1), 1_usize..12, 1_usize..120], any::<bool>()), 1..8)
}

/// The bytes of the streams.
pub fn bytes(topology: &Topology, pieces: &[Vec<Piece>]) -> Vec<Vec<u8>> {
    let of_pipeline = |(plan, pieces): (&wallaroo::core::topology::PipelinePlan, &Vec<Piece>)| {
        pieces.iter().flat_map(|piece| piece_bytes(&plan.source, *piece)).collect()
    };
    topology.pipelines().iter().zip(pieces).map(of_pipeline).collect()
}

fn piece_bytes(source: &SourcePlan, (kind, seed): Piece) -> Vec<u8> {
    let mut generator = Generator::new(seed, 0.0);
    let make: &Generate = source.generate.as_ref().unwrap();
    let payload = match kind {
        // What belongs to no frame, and the beginning of a header before more of it.
        0 => return random(&mut generator, 10),
        1 => {
            let header = source.framing.wrapping().missing(&[]);
            return [vec![0; header.saturating_sub(1)], random(&mut generator, 40)].concat();
        }
        // Payloads of any bytes, and of the characters that text is made of, some of them in pieces.
        2..6 => random(&mut generator, 64),
        6..9 => {
            let text = "a Z,\n'é𝄞\0 the;\r1.0".as_bytes();
            let letter = |_| text[usize::try_from(generator.below(text.len() as u64)).unwrap()];
            (0..seed % 30).map(letter).collect()
        }
        9..20 => spoiled(make(&mut generator), &mut generator),
        _ => make(&mut generator),
    };
    // What is no line is several.
    source.framing.frame(&payload).unwrap_or_else(|_| [&payload[..], b"\n"].concat())
}

fn random(generator: &mut Generator, most: u64) -> Vec<u8> {
    let length = generator.below(most);
    (0..length).map(|_| u8::try_from(generator.below(256)).unwrap()).collect()
}

/// A payload with a byte changed, or without its end, or with more behind it.
fn spoiled(mut payload: Vec<u8>, generator: &mut Generator) -> Vec<u8> {
    let at = usize::try_from(generator.below(payload.len() as u64 + 1)).unwrap();
    match (generator.below(4), payload.get_mut(at)) {
        (0, _) => payload.truncate(at),
        (1, _) => payload.extend(random(generator, 4)),
        (_, Some(byte)) => *byte = u8::try_from(generator.below(256)).unwrap(),
        (_, None) => payload.clear(),
    }
    payload
}
