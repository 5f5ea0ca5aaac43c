//! Tests: what is told of a message's steps is what has happened, whatever its code does; what is not known is said.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::{Death, Gaps, Seen, Shown, StepSeen, seen_in};
use crate::application::{Key, OneByOne, Reason, Sink, Source};
use crate::core::frames::dead_letter::Cause;
use crate::core::frames::preview::{PREVIEW_LIMIT, preview_json};
use crate::core::frames::trace::{Hop, HopEvent, Trace};
use crate::core::numbers::{SequenceNumber, Timestamp, WorkerIndex};
use crate::core::test_driver::TestDriver;
use crate::core::topology::{Application, Topology};

fn decode(payload: &[u8]) -> Result<Option<String>, Reason> {
    match std::str::from_utf8(payload) {
        Ok("") => Ok(None),
        Ok(line) => Ok(Some(line.to_owned())),
        Err(_) => Err("this is no text".into()),
    }
}

fn split(line: String) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

type Said = OneByOne<Box<dyn Iterator<Item = String>>>;

/// Counts a word, and says how often it was there. Some words fare badly.
fn count(word: String, count: &mut u64) -> Result<(Said, bool), Reason> {
    match word.as_str() {
        "no" => return Err("not this word".into()),
        "boom" => panic!("this word"),
        _ => *count += 1,
    }
    let said = format!("{word} => {count};");
    let times = if word == "two" { 2 } else { 1 };
    let said = (0..times).map(move |_| {
        assert!(word != "late", "too late");
        said.clone()
    });
    Ok((OneByOne(Box::new(said)), true))
}

fn encode(said: &String, output: &mut Vec<u8>) -> Result<(), Reason> {
    match said.split(' ').next() {
        Some("bad") => Err("this cannot be written".into()),
        Some("mute") => Ok(()),
        _ => {
            output.extend(said.as_bytes());
            Ok(())
        }
    }
}

fn topology() -> Topology {
    Application::new("words")
        .pipeline("lines", Source::new(decode))
        .to(split)
        .to_state_partition(count, |_: &Key| 0, "counts", |word: &String| Key::from(word.as_str()))
        .to_sink(Sink::new(encode))
        .build()
        .unwrap()
}

/// What is seen of each line.
fn seen_of(topology: &Topology, lines: &[impl AsRef<[u8]>]) -> Vec<Seen> {
    let mut driver = TestDriver::new(topology);
    for line in lines {
        driver.push_message("lines", line.as_ref()).unwrap();
    }
    driver.run();
    let letters = driver.dead_letters();
    driver.traces().iter().map(|trace| seen_in(trace, topology, letters)).collect()
}

/// A step in the words of the tests.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    step: &'static str,
    key: String,
    states: Option<(u64, u64)>,
    created: bool,
    outputs: Vec<String>,
    cause: Option<Cause>,
}

/// What has to be seen of the words of a line, by the rules of the application alone.
fn told(line: &str, partitions: &mut BTreeMap<String, (u64, bool)>) -> Vec<Told> {
    let (mut all, mut unwritten) = (Vec::new(), Vec::new());
    for word in line.split_whitespace() {
        let created = !partitions.contains_key(word);
        let (count, poisoned) = partitions.entry(word.to_owned()).or_default();
        let mut step = Told {
            step: "count",
            key: word.to_owned(),
            states: None,
            created: false,
            outputs: Vec::new(),
            cause: None,
        };
        match word {
            _ if *poisoned => step.cause = Some(Cause::Poisoned),
            "no" => step.cause = Some(Cause::Refused),
            "boom" => (step.cause, *poisoned) = (Some(Cause::Panicked), true),
            _ => {
                step.states = Some((*count, *count + 1));
                *count += 1;
                step.created = created;
                let said = format!("{word} => {count};");
                match word {
                    "late" => (step.cause, *poisoned) = (Some(Cause::Panicked), true),
                    "mute" => {}
                    "bad" => unwritten.push(Told {
                        step: "encode",
                        cause: Some(Cause::Refused),
                        ..step.clone()
                    }),
                    "two" => step.outputs = vec![said.clone(), said],
                    _ => step.outputs = vec![said],
                }
            }
        }
        all.push(step);
    }
    all.extend(unwritten);
    all
}

fn check(line: &str, seen: &Seen, told: &[Told]) {
    let words: Vec<_> = line.split_whitespace().collect();
    let several = words.len() > 1;
    assert_eq!((seen.left_out, seen.steps.len()), (0, told.len()), "{line}: {seen:?}");
    for (seen, told) in seen.steps.iter().zip(told) {
        let Gaps { outputs, dead, partition } = seen.gaps;
        // Only where a message without an output stands beside others is it not known which one that is.
        assert!(!outputs || several && words.contains(&"mute"), "{line}: {seen:?}");
        assert!(!partition || several && words.contains(&"mute"), "{line}: {seen:?}");
        assert!(!dead, "{line}: {seen:?}");
        assert_eq!((&*seen.pipeline, &*seen.step), ("lines", told.step));
        assert_eq!(seen.message, Some(Shown::Whole(json!(line))));
        assert_eq!(seen.dead.as_ref().and_then(|dead| dead.cause), told.cause, "{line}");
        if !partition {
            assert_eq!(seen.key, Some(Key::from(told.key.as_str())), "{line}: {seen:?}");
            assert_eq!(seen.created, told.created, "{line}: {seen:?}");
            let whole = |shown: &Option<Shown>| shown.as_ref()?.whole()?.as_u64();
            assert_eq!(whole(&seen.before).zip(whole(&seen.state)), told.states, "{line}");
        }
        if !outputs {
            let texts =
                seen.outputs.iter().map(|output| String::from_utf8(output.clone()).unwrap());
            assert_eq!(texts.collect::<Vec<_>>(), told.outputs, "{line}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 500 } else { 5000 }))]

    #[test]
    fn what_is_told_of_each_word_of_each_line_is_what_happened_to_it(
        lines in prop::collection::vec(prop::collection::vec(0_usize..9, 1..7), 1..12),
    ) {
        const WORDS: [&str; 9] = ["a", "b", "no", "boom", "two", "late", "bad", "mute", "a"];
        let line = |words: &Vec<usize>| {
            words.iter().map(|word| WORDS[*word]).collect::<Vec<_>>().join(" ")
        };
        let lines: Vec<String> = lines.iter().map(line).collect();
        let mut partitions = BTreeMap::new();
        let seen = seen_of(&topology(), &lines);
        prop_assert_eq!(seen.len(), lines.len());
        for (line, seen) in lines.iter().zip(&seen) {
            check(line, seen, &told(line, &mut partitions));
        }
    }

    #[test]
    fn the_first_fields_of_what_is_cut_are_those_of_the_whole(
        fields in prop::collection::vec(("[a-zé]{1,9}", any::<f64>(), any::<i64>(), "\\PC{0,90}"), 0..60),
    ) {
        let fields = fields.into_iter().enumerate().flat_map(|(at, (name, float, int, text))| [
            (format!("{name}f{at}"), json!(float)),
            (format!("{name}i{at}"), json!(int)),
            (format!("{name}t{at}"), json!({"text": text, "list": [int, null, true]})),
        ]);
        let value = serde_json::Value::Object(fields.collect());
        match Shown::of_preview(&preview_json(&value)) {
            Shown::Whole(shown) => prop_assert_eq!(shown, value),
            Shown::Cut(first) => {
                prop_assert!(value.to_string().len() > PREVIEW_LIMIT);
                let whole = value.as_object().unwrap();
                prop_assert!(first.iter().eq(whole.iter().take(first.len())));
                // Not fewer than could be known: the cut is in one of the next two.
                let known: serde_json::Map<_, _> =
                    whole.clone().into_iter().take(first.len() + 2).collect();
                let known = serde_json::Value::Object(known).to_string();
                prop_assert!(known.len() > PREVIEW_LIMIT);
            }
            Shown::Unreadable(why) => prop_assert!(false, "{}", why),
        }
    }

    #[test]
    fn any_text_is_shown_somehow(text in "\\PC{0,60}|[\\[{\"]{0,2000}…") {
        let _ = Shown::of_preview(&text);
    }
}

fn one(seen: &Seen) -> &StepSeen {
    let [step] = seen.steps.as_slice() else { panic!("{seen:?}") };
    step
}

#[test]
fn a_message_without_a_state_step_is_told_of_where_it_ended() {
    let lines: [&[u8]; 3] = [b"", b"\xff", b"  "];
    let seen = seen_of(&topology(), &lines);
    let [dropped, refused, empty] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((&*one(dropped).step, &one(dropped).message), ("decode", &None));
    assert_eq!(one(dropped).dead, None);
    let dead = Death { reason: "this is no text".to_owned(), cause: Some(Cause::Refused) };
    assert_eq!((&*one(refused).step, &one(refused).dead), ("decode", &Some(dead)));
    assert_eq!(&*one(empty).step, "split");
    assert_eq!(one(empty).message, Some(Shown::Whole(json!("  "))));
    assert!(seen.iter().all(|seen| one(seen).gaps == Gaps::default()));
}

#[test]
fn what_a_trace_does_not_keep_is_said_to_be_unknown() {
    let seen = seen_of(&topology(), &["a ".repeat(100)]);
    let [seen] = &seen[..] else { panic!("{seen:?}") };
    assert!(seen.left_out > 0 && !seen.steps.is_empty());
    assert!(seen.steps.iter().all(|step| step.gaps.outputs && step.gaps.dead));
}

#[test]
fn without_its_dead_letter_a_death_has_a_reason_and_no_cause() {
    let topology = topology();
    let mut driver = TestDriver::new(&topology);
    driver.push_message("lines", b"a no").unwrap();
    driver.run();
    let seen = seen_in(&driver.traces()[0], &topology, &[]);
    let dead = Death { reason: "not this word".to_owned(), cause: None };
    assert_eq!(seen.steps[1].dead, Some(dead));
    assert_eq!(seen.steps[1].key, Some(Key::from("no")));
}

#[test]
fn a_message_that_is_not_told_apart_has_no_key_if_none_of_its_frame_has() {
    let trace = |keyed: bool| {
        let trace = Trace::new("lines".into(), "here".into(), SequenceNumber(1), b"", Timestamp(0));
        let push = |step: &str, worker, event| {
            let worker = WorkerIndex(worker);
            trace.push(Hop { step: step.into(), worker, at: Timestamp(0), event });
        };
        push("decode", 0, HopEvent::Decoded("1".to_owned()));
        if keyed {
            push("key", 0, HopEvent::Partitioned { key: Key::from("k"), owner: WorkerIndex(0) });
        }
        // More letters than messages: the last one cannot be of a known one.
        push("encode", 0, HopEvent::DeadLetter("no".to_owned()));
        push("encode", 1, HopEvent::DeadLetter("no".to_owned()));
        trace
    };
    let is_known = |trace| {
        let seen = seen_in(&trace, &topology(), &[]);
        assert_eq!(seen.steps.len(), 2);
        seen.steps.iter().all(|step| !step.gaps.partition)
    };
    assert!(is_known(trace(false)));
    assert!(!is_known(trace(true)));
}

#[test]
fn a_state_that_is_too_long_or_has_no_json_says_so() {
    let cut = Shown::of_preview(&preview_json(&json!({"votes": 120, "names": "x".repeat(5000)})));
    assert_eq!(cut.field("votes"), Some(&json!(120)));
    assert_eq!((cut.field("names"), cut.whole()), (None, None));
    let odd = Shown::of_preview(&preview_json(&BTreeMap::from([((1, 2), 3)])));
    assert!(matches!(odd, Shown::Unreadable(why) if why.contains("not representable")));
    // A number whose end is behind the cut.
    let Shown::Cut(first) = Shown::of_preview("{\"a\":1,\"b\":12…") else { panic!() };
    assert_eq!(first, *json!({"a": 1}).as_object().unwrap());
}
