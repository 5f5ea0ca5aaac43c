//! Bytes of any kind and number: frames, keys and dead letters come out as they should. For random
//! ones in random pieces see `tests/any_bytes`.

use wallaroo::core::frames::framing::DEFAULT_FRAME_LIMIT;
use wallaroo::{Application, Key, Reason, Sink, Source, TestDriver, Topology};

use crate::{dead_letters, frame, run};

/// Counts equal payloads.
fn count_payloads() -> Topology {
    let decode = |payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()));
    let count = |_: Vec<u8>, count: &mut u64| {
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
