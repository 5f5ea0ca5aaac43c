//! A framing of an author's own, netstrings (`5:hello,`), against a reader that has the whole stream.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use wallaroo::{Application, FramePlace, Generator, OwnFraming, Reason, Sink, Source, Topology};

use crate::framing::{Found, LIMIT, assemble};
use crate::{config, same_however_cut};

/// The length in at most three decimal digits, a colon, the payload, a comma.
struct Netstrings;

impl OwnFraming for Netstrings {
    fn first(bytes: &[u8]) -> Result<Option<FramePlace>, Reason> {
        let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let start = match bytes.get(digits) {
            Some(b':') if (1..=3).contains(&digits) => digits + 1,
            None if digits <= 3 => return Ok(None),
            _ => return Err("there is no length".into()),
        };
        let length: usize = std::str::from_utf8(&bytes[..digits])?.parse()?;
        let end = start + length;
        match bytes.get(end) {
            None => Ok(None),
            Some(b',') => Ok(Some(FramePlace { payload: start..end, end: end + 1 })),
            Some(_) => Err("there is no comma".into()),
        }
    }

    fn frame(payload: &[u8]) -> Result<Vec<u8>, Reason> {
        Ok([payload.len().to_string().as_bytes(), b":", payload, b","].concat())
    }
}

/// Sends each payload on.
fn topology() -> Topology {
    let random = |generator: &mut Generator| {
        let length = generator.below(12);
        (0..length).map(|_| u8::try_from(generator.below(256)).unwrap()).collect()
    };
    let source = Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec())));
    Application::new("netstrings")
        .pipeline("strings", source.framing(Netstrings).generated(random))
        .to_sink(Sink::new(|payload: &Vec<u8>, output: &mut Vec<u8>| output.extend(payload)))
        .build()
        .unwrap()
}

/// The frames of a stream, and what is no frame with the reason: byte by byte.
fn read(stream: &[u8]) -> (Vec<Found>, Option<(Found, String)>) {
    let limit = usize::try_from(LIMIT).unwrap();
    let mut frames = Vec::new();
    let mut at = 0;
    while at < stream.len() {
        let rest = &stream[at..];
        let (mut length, mut digits, mut colon) = (0, 0, None);
        let mut end = None;
        for (place, byte) in rest.iter().enumerate() {
            let reason = match colon {
                None if byte.is_ascii_digit() && digits < 3 => {
                    (length, digits) = (length * 10 + usize::from(byte - b'0'), digits + 1);
                    None
                }
                None if *byte == b':' && digits > 0 => {
                    colon = Some(place);
                    None
                }
                None => Some("there is no length".to_owned()),
                Some(colon) if place == colon + 1 + length && *byte == b',' => {
                    end = Some(place + 1);
                    None
                }
                Some(colon) if place == colon + 1 + length => Some("there is no comma".to_owned()),
                Some(_) => None,
            };
            let too_long = || format!("the frame is longer than the limit of {limit} bytes");
            let reason = reason.or_else(|| (place == limit).then(too_long));
            if let Some(reason) = reason {
                return (frames, Some(((at as u64, rest[..=place].to_vec()), reason)));
            }
            if end.is_some() {
                break;
            }
        }
        let Some(end) = end else {
            let reason =
                format!("the source ended inside a frame, after {} of its bytes", rest.len());
            return (frames, Some(((at as u64, rest.to_vec()), reason)));
        };
        frames.push((at as u64, rest[..end].to_vec()));
        at += end;
    }
    (frames, None)
}

#[test]
fn any_bytes_are_cut_into_netstrings_as_a_reader_of_the_whole_would() {
    let topology = topology();
    let framing = &topology.pipelines()[0].source.framing;
    // Whole frames, and bytes that are mostly a part of one.
    let byte = prop_oneof![4 => b'0'..=b'3', 2 => Just(b':'), 2 => Just(b','), 1 => any::<u8>()];
    let whole = prop::collection::vec(any::<u8>(), 0..18)
        .prop_map(|payload| Netstrings::frame(&payload).unwrap());
    let piece = prop_oneof![6 => whole, 1 => prop::collection::vec(byte, 1..8)];
    let case = (
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
        prop::collection::vec(1_usize..20, 1..6),
        1_usize..6,
    );
    let outcome = TestRunner::new(config()).run(&case, |(stream, cuts, most)| {
        assert_eq!(assemble(&stream, framing.clone(), &cuts, most), read(&stream));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn any_bytes_in_netstrings() {
    same_however_cut(&topology(), false);
}

/// A framing that does wrong what it can.
struct Wrong;

impl OwnFraming for Wrong {
    fn first(bytes: &[u8]) -> Result<Option<FramePlace>, Reason> {
        match bytes {
            [b'a', ..] => Ok(Some(FramePlace { payload: 0..1, end: 1 })),
            [b'e', ..] => Ok(Some(FramePlace { payload: 0..0, end: 0 })),
            [b'l', ..] => Ok(Some(FramePlace { payload: 0..1, end: 9 })),
            [b'o', ..] => Ok(Some(FramePlace { payload: 1..2, end: 1 })),
            [b'p', ..] => panic!("on purpose"),
            _ => Ok(None),
        }
    }

    fn frame(payload: &[u8]) -> Result<Vec<u8>, Reason> {
        assert!(payload != b"p", "on purpose");
        if payload == b"r" { Err("never".into()) } else { Ok(payload.to_vec()) }
    }
}

#[test]
fn an_own_framing_that_is_wrong_ends_its_source_and_nothing_else() {
    let source = Source::new(|_: &[u8]| Ok::<Option<()>, Reason>(None)).framing(Wrong);
    let topology = Application::new("wrong").pipeline("wrong", source).done().build().unwrap();
    let framing = &topology.pipelines()[0].source.framing;
    for (stream, reason) in [
        (
            &b"aae"[..],
            "the source's own framing found a payload at 0 to 0 of a frame of 0 bytes in 1 bytes",
        ),
        (
            b"aal",
            "the source's own framing found a payload at 0 to 1 of a frame of 9 bytes in 1 bytes",
        ),
        (
            b"aao",
            "the source's own framing found a payload at 1 to 2 of a frame of 1 bytes in 1 bytes",
        ),
        (b"aap", "the source's own framing panicked: on purpose"),
    ] {
        let (frames, broken) = assemble(stream, framing.clone(), &[1], 9);
        assert_eq!(frames, [(0, b"a".to_vec()), (1, b"a".to_vec())]);
        assert_eq!(broken.unwrap(), ((2, stream[2..].to_vec()), reason.to_owned()));
    }
    let made = |payload: &[u8]| framing.frame(payload).map_err(|error| error.to_string());
    assert_eq!(made(b"a").unwrap(), b"a");
    assert_eq!(made(b"r").unwrap_err(), "the source's own framing: never");
    assert_eq!(made(b"p").unwrap_err(), "the source's own framing: panicked: on purpose");
    for payload in [&b"ab"[..], b"b", b""] {
        let reason =
            "the source's own framing does not read back the frame that it makes of this payload";
        assert_eq!(made(payload).unwrap_err(), reason);
    }
}
