//! An application in which random bytes reach every way in which a message can end.

use std::sync::Once;

use wallaroo::{Application, Generator, Key, Reason, Sink, Source, Topology, little_endian};

/// Counts equal payloads behind a header of two bytes, the first the least significant. Some first
/// bytes make it drop, refuse or panic.
pub fn topology() -> Topology {
    silence_panics_on_purpose();
    let decode = |payload: &[u8]| match payload.first() {
        Some(0) => Err(Reason::from("refused")),
        Some(1) => Ok(None),
        Some(2) => panic!("on purpose"),
        _ => Ok(Some(payload.to_vec())),
    };
    let count = |payload: Vec<u8>, count: &mut u64| {
        assert!(payload.first() != Some(&3), "on purpose");
        *count += 1;
        (Some(*count), payload.len().is_multiple_of(2))
    };
    let encode = |count: &u64, output: &mut Vec<u8>| {
        output.extend(count.to_be_bytes());
        if *count == 3 { Err(Reason::from("three")) } else { Ok(()) }
    };
    let random = |generator: &mut Generator| {
        let length = generator.below(4);
        (0..length).map(|_| u8::try_from(generator.below(7)).unwrap()).collect()
    };
    let source = Source::new(decode).header(2, little_endian).generated(random);
    Application::new("hard")
        .pipeline("raw", source)
        .to_state_partition(count, |_: &Key| 0_u64, "counts", |payload: &Vec<u8>| payload.clone())
        .to_sink(Sink::new(encode))
        .build()
        .unwrap()
}

/// Keeps the panics that are on purpose out of the tests' output.
fn silence_panics_on_purpose() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload_as_str() != Some("on purpose") {
                previous(panic);
            }
        }));
    });
}
