//! Whatever bytes arrive, in whatever pieces: frames, keys and dead letters come out as they should.

use proptest::prelude::*;
use serde_json::Value;
use wallaroo::core::framing::DEFAULT_FRAME_LIMIT;
use wallaroo::{Application, Key, Reason, Sink, Source, TestDriver, Topology};

use crate::{dead_letters, frame, run};

/// Counts equal payloads. Some first bytes make it drop, refuse or panic, so that random bytes
/// reach every way in which a message can end.
fn count_payloads() -> Topology {
    let decode = |payload: &[u8]| match payload.first() {
        Some(0xff) => Err(Reason::from("refused")),
        Some(0xfe) => Ok(None),
        _ => Ok(Some(payload.to_vec())),
    };
    let count = |payload: Vec<u8>, count: &mut u64| {
        assert!(payload.first() != Some(&0xfd), "panic");
        *count += 1;
        (Some(*count), true)
    };
    Application::new("payloads")
        .pipeline("raw", Source::new(decode))
        .to_state_partition(count, |_: &Key| 0_u64, "counts", |payload: &Vec<u8>| payload.clone())
        .to_sink(Sink::new(|count: &u64, output: &mut Vec<u8>| {
            output.extend(count.to_be_bytes());
        }))
        .build()
        .unwrap()
}

#[test]
fn a_key_may_be_empty_long_or_not_text() {
    let mut driver = TestDriver::new(&count_payloads());
    let long = vec![b'k'; 10_000];
    for _ in 0..2 {
        run(&mut driver, "raw", &[b"", &long, b"\x80\xc3(", b"\0"]);
    }
    let rows = driver.partitions("counts");
    let keys: Vec<_> = rows.iter().map(|row| row.key.as_bytes()).collect();
    assert_eq!(keys, [&b""[..], b"\0", &long, b"\x80\xc3("]);
    assert!(rows.iter().all(|row| row.value == 2));
    assert_eq!(rows[3].key.to_string(), r"\x80\xc3(");
    assert!(driver.dead_letters().is_empty());
}

#[test]
fn any_number_of_frames_may_be_pushed_at_once() {
    let mut driver = TestDriver::new(&count_payloads());
    let frames = 3_000_000;
    driver.push("raw", &[0; 4].repeat(frames)).unwrap();
    assert!(driver.step());
    driver.push("raw", &[0xff; 4]).unwrap();
    // Numbered after all of them.
    let broken = driver.dead_letters().first().unwrap();
    assert_eq!(broken.sequence.0, frames as u64 + 1);
}

#[test]
fn a_zero_length_frame_is_a_frame() {
    let mut driver = TestDriver::new(&count_payloads());
    driver.push("raw", &[0; 12]).unwrap();
    driver.end("raw").unwrap();
    driver.run();
    assert_eq!((driver.report().frames, driver.report().bytes), (3, 12));
    assert_eq!(driver.partitions("counts")[0].value, 3);
    assert!(driver.dead_letters().is_empty());
}

#[test]
fn a_source_that_ends_inside_a_frame_leaves_a_dead_letter_with_what_there_was() {
    let whole = frame(b"hello");
    for length in 1..whole.len() {
        let mut driver = TestDriver::new(&count_payloads());
        driver.push("raw", &frame(b"good")).unwrap();
        driver.push("raw", &whole[..length]).unwrap();
        driver.end("raw").unwrap();
        driver.run();
        let reason = format!("the source ended inside a frame, after {length} of its bytes");
        assert_eq!(dead_letters(&driver), [("framing", reason.as_str(), &whole[..length])]);
        assert_eq!(driver.dead_letters()[0].offset, 8);
        assert_eq!(driver.outputs("raw").unwrap().len(), 1);
    }
}

#[test]
fn a_header_above_the_limit_ends_the_source_and_a_new_one_starts_clean() {
    let mut driver = TestDriver::new(&count_payloads());
    let limit = u32::try_from(DEFAULT_FRAME_LIMIT).unwrap();
    let broken = [frame(b"good"), (limit + 1).to_be_bytes().to_vec(), b"lost".to_vec()].concat();
    driver.push("raw", &broken).unwrap();
    driver.push("raw", &frame(b"new")).unwrap();
    driver.end("raw").unwrap();
    driver.run();
    let reason = "the header says 16777217 bytes of payload, and the limit is 16777216";
    assert_eq!(dead_letters(&driver), [("framing", reason, &[1, 0, 0, 1][..])]);
    assert_eq!(driver.outputs("raw").unwrap().len(), 2);
}

/// A stream of bytes: mostly frames, with bytes that belong to none here and there.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop::collection::vec(prop_oneof![0_u8..4, 0xfc_u8..], 0..5);
    let piece = prop_oneof![
        20 => payload.prop_map(|payload| frame(&payload)),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// All that can be known of a run, but for the times.
fn outcome(driver: &TestDriver) -> (Vec<Vec<u8>>, Value, Vec<Value>) {
    let mut letters: Vec<_> = driver.dead_letters().iter().collect();
    // A broken frame is found when its bytes arrive, which may be before older ones are processed.
    letters.sort_by_key(|letter| letter.sequence);
    let without_time = |letter| match serde_json::to_value(letter).unwrap() {
        Value::Object(mut fields) => {
            fields.remove("at_ns");
            fields.into()
        }
        other => other,
    };
    (
        driver.outputs("raw").unwrap().to_vec(),
        serde_json::to_value(driver.partitions("counts")).unwrap(),
        letters.into_iter().map(without_time).collect(),
    )
}

proptest! {
    #[test]
    fn a_stream_cut_anywhere_gives_what_it_gives_whole(
        stream in streams(),
        pieces in prop::collection::vec((1_usize..30, any::<bool>()), 1..20),
    ) {
        let mut whole = TestDriver::new(&count_payloads());
        whole.push("raw", &stream).unwrap();
        whole.end("raw").unwrap();
        whole.run();

        let mut cut = TestDriver::new(&count_payloads());
        let mut rest = &stream[..];
        for (length, run) in pieces.iter().cycle() {
            // A connection is closed after a broken header: nothing of it is read any more.
            let closed = cut.dead_letters().iter().any(|letter| &*letter.step == "framing");
            if rest.is_empty() || closed {
                break;
            }
            let (piece, after) = rest.split_at((*length).min(rest.len()));
            rest = after;
            cut.push("raw", piece).unwrap();
            if *run {
                cut.run();
            }
        }
        cut.end("raw").unwrap();
        cut.run();
        prop_assert_eq!(outcome(&cut), outcome(&whole));
    }
}
