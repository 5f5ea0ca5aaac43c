//! A panic or an error in an author's code costs one message, at whichever part it happens.

use proptest::prelude::*;
use wallaroo::core::partitions::query::Revival;
use wallaroo::{Application, Key, Reason, Sink, Source, TestDriver, Topology};

use crate::{dead_letters, run};

/// Counts the payloads of each first byte, and panics on the text `bad` in the part `place`.
fn panicking_at(place: &'static str) -> Topology {
    let check = move |part: &str, payload: &[u8]| {
        assert!(part != place || payload != b"bad", "no {part}");
    };
    let decode = move |payload: &[u8]| {
        check("decoder", payload);
        Ok::<_, Reason>(Some(payload.to_vec()))
    };
    let by_first_byte = move |payload: &Vec<u8>| {
        check("partition function", payload);
        payload[0]
    };
    let new_count = move |key: &Key| {
        assert!(place != "state builder" || key != &Key::from('b'), "no state builder");
        0_u64
    };
    let count = move |payload: Vec<u8>, count: &mut u64| {
        *count += 1;
        check("state computation", &payload);
        (Some(payload), true)
    };
    let encode = move |payload: &Vec<u8>, output: &mut Vec<u8>| {
        output.extend_from_slice(payload);
        check("encoder", payload);
    };
    let compute = move |payload: Vec<u8>| {
        check("computation", &payload);
        [payload]
    };
    Application::new("panics")
        .pipeline("words", Source::new(decode))
        .to(compute)
        .to_state_partition(count, new_count, "counts", by_first_byte)
        .to_sink(Sink::new(encode))
        .build()
        .unwrap()
}

fn after_bad(place: &'static str) -> TestDriver {
    let mut driver = TestDriver::new(&panicking_at(place));
    run(&mut driver, "words", &[b"apple", b"bad", b"cherry"]);
    driver
}

#[test]
fn a_panic_in_any_part_is_a_dead_letter_and_the_rest_flows_on() {
    let parts = [
        ("decoder", "decode"),
        ("computation", "closure"),
        ("partition function", "partition"),
        ("state builder", "closure"),
        ("state computation", "closure"),
        ("encoder", "encode"),
    ];
    for (part, step) in parts {
        let driver = after_bad(part);
        let reason = format!("panicked: no {part}");
        assert_eq!(dead_letters(&driver), [(step, reason.as_str(), &b"bad"[..])], "{part}");
        assert_eq!(driver.outputs("words").unwrap(), [&b"apple"[..], b"cherry"], "{part}");
        assert_eq!(&*driver.dead_letters()[0].pipeline, "words", "{part}");
    }
}

#[test]
fn only_a_panic_with_the_state_at_hand_poisons_and_only_that_partition() {
    let mut driver = after_bad("state computation");
    run(&mut driver, "words", &[b"banana", b"avocado"]);

    let poisoned: Vec<_> =
        driver.partitions("counts").iter().map(|row| (row.key.to_string(), row.poisoned)).collect();
    let expected = [("a", false), ("b", true), ("c", false)];
    assert_eq!(poisoned, expected.map(|(key, poisoned)| (key.to_owned(), poisoned)));
    let (step, reason, bytes) = dead_letters(&driver)[1];
    assert_eq!((step, bytes), ("closure", &b"banana"[..]));
    assert!(reason.contains("poisoned"), "{reason}");
    assert_eq!(driver.dead_letters()[1].key, Some(Key::from('b')));
    assert_eq!(driver.outputs("words").unwrap(), [&b"apple"[..], b"cherry", b"avocado"]);

    for part in ["decoder", "computation", "partition function", "state builder", "encoder"] {
        let rows = after_bad(part).partitions("counts");
        assert!(rows.iter().all(|row| !row.poisoned), "{part}");
    }
}

#[test]
fn a_revived_partition_goes_on_with_the_state_that_the_panic_left() {
    let mut driver = after_bad("state computation");
    let (poisoned, good) = (Key::from('b'), Key::from('a'));
    assert_eq!(driver.revive("counts", &good), Revival::WasGood);
    assert_eq!(driver.revive("counts", &Key::from('x')), Revival::NotFound);
    assert_eq!(driver.revive("no such state", &poisoned), Revival::NotFound);
    assert_eq!(driver.revive("counts", &poisoned), Revival::Revived);
    assert_eq!(driver.revive("counts", &poisoned), Revival::WasGood);

    run(&mut driver, "words", &[b"banana"]);
    let row = &driver.partitions("counts")[1];
    // The panic came after `bad` had been counted.
    assert_eq!((row.key.clone(), row.poisoned, row.value.as_u64()), (poisoned, false, Some(2)));
    assert!(row.to_save, "the next checkpoint knows of the revival");
    assert_eq!(driver.outputs("words").unwrap(), [&b"apple"[..], b"cherry", b"banana"]);
    assert_eq!(driver.dead_letters().len(), 1);

    run(&mut driver, "words", &[b"bad"]);
    assert!(driver.partitions("counts")[1].poisoned, "it is poisoned anew");
}

proptest! {
    #[test]
    fn every_message_is_processed_or_a_dead_letter_whatever_is_revived_when(
        turns in prop::collection::vec((0..4_usize, prop::sample::select(vec!["bad", "b", "apple"])), 1..40),
    ) {
        let mut driver = TestDriver::new(&panicking_at("state computation"));
        let mut expected = (0, 0);
        let mut poisoned = false;
        for (turn, word) in &turns {
            if *turn == 0 {
                let revived = driver.revive("counts", &Key::from('b')) == Revival::Revived;
                prop_assert_eq!(revived, poisoned);
                poisoned = false;
            }
            run(&mut driver, "words", &[word.as_bytes()]);
            let dead = *word == "bad" || (poisoned && *word == "b");
            poisoned |= *word == "bad";
            expected = (expected.0 + usize::from(!dead), expected.1 + usize::from(dead));
        }
        let seen = (driver.outputs("words").unwrap().len(), driver.dead_letters().len());
        prop_assert_eq!(seen, expected);
    }
}

#[test]
fn a_state_builder_that_panics_leaves_no_partition_and_the_dead_letter_knows_the_key() {
    let driver = after_bad("state builder");
    let keys: Vec<_> = driver.partitions("counts").iter().map(|row| row.key.to_string()).collect();
    assert_eq!(keys, ["a", "c"]);
    assert_eq!(driver.report().created, 2);
    assert_eq!(driver.dead_letters()[0].key, Some(Key::from('b')));
}

#[test]
fn an_encoding_that_fails_is_taken_back_and_its_neighbours_stay() {
    let encode = |word: &String, output: &mut Vec<u8>| -> Result<(), Reason> {
        output.extend_from_slice(word.as_bytes());
        assert!(word != "panic", "cannot be written");
        if word == "error" { Err("must not be written".into()) } else { Ok(()) }
    };
    let words = |line: String| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let topology = Application::new("failing")
        .pipeline("lines", Source::new(text))
        .to(words)
        .to_sink(Sink::new(encode))
        .build()
        .unwrap();
    let mut driver = TestDriver::new(&topology);
    let line = b"one error two panic three";
    run(&mut driver, "lines", &[line]);
    assert_eq!(driver.outputs("lines").unwrap(), [&b"one"[..], b"two", b"three"]);
    let expected = [
        ("encode", "must not be written", &line[..]),
        ("encode", "panicked: cannot be written", &line[..]),
    ];
    assert_eq!(dead_letters(&driver), expected);
}

#[test]
fn a_state_computation_that_returns_an_error_poisons_nothing() {
    let topology = Application::new("errors")
        .pipeline("lines", Source::new(text))
        .to_state_partition(refuse_no, |_: &Key| 0_u64, "counts", |_: &String| "all")
        .done()
        .build()
        .unwrap();
    let mut driver = TestDriver::new(&topology);
    run(&mut driver, "lines", &[b"yes", b"no", b"yes"]);
    assert_eq!(dead_letters(&driver), [("refuse_no", "no is no", &b"no"[..])]);
    assert_eq!(driver.dead_letters()[0].key, Some(Key::from("all")));
    let row = &driver.partitions("counts")[0];
    assert_eq!((row.poisoned, row.messages, row.value.as_u64()), (false, 2, Some(2)));
}

fn text(payload: &[u8]) -> Result<Option<String>, Reason> {
    Ok(Some(std::str::from_utf8(payload)?.to_owned()))
}

fn refuse_no(word: String, count: &mut u64) -> Result<(Option<u64>, bool), Reason> {
    if word == "no" {
        return Err("no is no".into());
    }
    *count += 1;
    Ok((Some(*count), true))
}

/// A state that cannot be shown once it is 2.
#[derive(serde::Deserialize)]
struct Shy(u64);

impl serde::Serialize for Shy {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert!(self.0 != 2, "not me");
        serializer.serialize_u64(self.0)
    }
}

#[test]
fn a_state_that_panics_when_it_is_shown_ends_nothing() {
    let count = |_: Vec<u8>, state: &mut Shy| {
        state.0 += 1;
        (None::<u8>, true)
    };
    let topology = Application::new("shy")
        .pipeline("words", Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()))))
        .to_state_partition(count, |_: &Key| Shy(0), "counts", |payload: &Vec<u8>| payload.clone())
        .done()
        .build()
        .unwrap();
    let mut driver = TestDriver::new(&topology);
    // Their traces would show the state too, and are none the worse for it.
    run(&mut driver, "words", &[b"a", b"b", b"b"]);
    assert_eq!(dead_letters(&driver), []);
    let rows = driver.partitions("counts");
    let values: Vec<_> = rows.iter().map(|row| row.value.to_string()).collect();
    assert_eq!(values, ["1", "\"(not representable as JSON: panicked: not me)\""]);
}
