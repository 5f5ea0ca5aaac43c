//! The alphabet on a thousand votes that were counted without the engine, and one vote hop by hop.

use wallaroo::core::frames::trace::HopEvent;
use wallaroo::core::numbers::{SequenceNumber, WorkerIndex};
use wallaroo::core::partitions::query::PartitionRow;
use wallaroo::{Key, TestDriver};

use crate::alphabet::{Encoding, topology};
use crate::{frame, run};

const VOTES: &[u8] = include_bytes!("../../fixtures/votes.msg");
const TOTALS: &str = include_str!("../../fixtures/votes.totals.txt");
const OUTPUTS: &[u8] = include_bytes!("../../fixtures/votes.outputs");

fn after_the_votes(encoding: Encoding) -> TestDriver {
    let mut driver = TestDriver::new(&topology(encoding).unwrap());
    driver.push("votes", VOTES).unwrap();
    driver.end("votes").unwrap();
    driver.run();
    assert!(driver.dead_letters().is_empty());
    driver
}

#[test]
fn the_totals_are_those_counted_without_the_engine() {
    let driver = after_the_votes(Encoding::Text);
    let rows = driver.partitions("letter state");
    let line = |row: &PartitionRow| format!("{:02x} {}", row.key.as_bytes()[0], row.value["votes"]);
    let totals: Vec<_> = rows.iter().map(line).collect();
    assert_eq!(totals, TOTALS.lines().collect::<Vec<_>>());
    assert_eq!(driver.report().frames, 1_000);
    assert_eq!(driver.report().created, TOTALS.lines().count() as u64);
}

#[test]
fn the_text_outputs_are_those_counted_without_the_engine() {
    let driver = after_the_votes(Encoding::Text);
    assert_eq!(driver.outputs("votes").unwrap().concat(), OUTPUTS);
}

#[test]
fn the_binary_outputs_hold_the_same_totals() {
    let text = after_the_votes(Encoding::Text);
    let binary = after_the_votes(Encoding::Binary);
    let as_text = |output: &Vec<u8>| {
        assert_eq!((output.len(), &output[..4]), (13, &[0, 0, 0, 9][..]));
        let total = u64::from_be_bytes(output[5..].try_into().unwrap());
        [&output[4..5], format!(" => {total}\n").as_bytes()].concat()
    };
    let outputs: Vec<_> = binary.outputs("votes").unwrap().iter().map(as_text).collect();
    assert_eq!(outputs, text.outputs("votes").unwrap());
}

#[test]
fn the_trace_of_a_vote_tells_every_hop() {
    let mut driver = TestDriver::new(&topology(Encoding::Text).unwrap());
    run(&mut driver, "votes", &[b"a\0\0\0\x6e", b"a\0\0\0\x0a"]);
    let trace = &driver.traces()[1];
    assert_eq!(trace.sequence, SequenceNumber(2));
    assert_eq!(trace.frame, frame(b"a\0\0\0\x0a"));

    let hops = trace.hops();
    let hops: Vec<_> = hops.iter().map(|hop| (&*hop.step, &hop.event)).collect();
    let vote = r#"{"letter":"a","votes":10}"#.to_owned();
    let before = r#"{"letter":"a","votes":110}"#.to_owned();
    let after = r#"{"letter":"a","votes":120}"#.to_owned();
    let key = Key::from('a');
    let change = HopEvent::StateChanged {
        key: key.clone(),
        created: false,
        before,
        after: after.clone(),
        saved: true,
        messages: 2,
    };
    let expected = [
        ("decode", &HopEvent::Decoded(vote)),
        ("letter", &HopEvent::Partitioned { key, owner: WorkerIndex(0) }),
        ("add_votes", &change),
        ("add_votes", &HopEvent::Computed(vec![after])),
        ("encode", &HopEvent::Encoded(b"a => 120\n".to_vec())),
    ];
    assert_eq!(hops, expected);
}

#[test]
fn a_trace_says_which_message_created_the_partition_and_where_a_message_died() {
    let mut driver = TestDriver::new(&topology(Encoding::Text).unwrap());
    run(&mut driver, "votes", &[b"a\0\0\0\x01", b"a"]);
    let first = driver.traces()[0].hops();
    assert!(matches!(first[2].event, HopEvent::StateChanged { created: true, .. }));
    let second = driver.traces()[1].hops();
    let reason = driver.dead_letters()[0].reason.clone();
    let found: Vec<_> = second.iter().map(|hop| (&*hop.step, &hop.event)).collect();
    assert_eq!(found, [("decode", &HopEvent::DeadLetter(reason))]);
}
