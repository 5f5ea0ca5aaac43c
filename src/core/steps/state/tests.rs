//! Tests of the state step.

use crate::application::{Key, Reason, Source};
use crate::core::frames::dead_letter::{Cause, DeadLetter};
use crate::core::test_driver::TestDriver;
use crate::core::topology::Application;

#[test]
fn the_dead_letter_of_a_builder_that_panics_has_the_key() {
    let topology = Application::new("x")
        .pipeline("p", Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()))))
        .to_state_partition(
            |_: Vec<u8>, (): &mut ()| (None::<u8>, true),
            |key: &Key| assert!(key != &Key::from('b'), "no b"),
            "nothing",
            |payload: &Vec<u8>| payload.clone(),
        )
        .done()
        .build()
        .unwrap();
    let mut driver = TestDriver::new(&topology);
    driver.push("p", b"\0\0\0\x01b\0\0\0\x01a").unwrap();
    driver.run();
    assert_eq!(driver.dead_letters().len(), 1);
    assert_eq!(driver.dead_letters()[0].key, Some(Key::from('b')));
    assert_eq!(driver.partitions("nothing").len(), 1);
}

#[test]
fn what_happens_to_a_partition_counts_for_the_messages_behind_in_the_same_piece() {
    let topology = Application::new("x")
        .pipeline("p", Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()))))
        .to_state_partition(
            |payload: Vec<u8>, count: &mut u64| {
                assert!(payload.get(1) != Some(&b'!'), "as it was told");
                *count += 1;
                (None::<u8>, true)
            },
            |key: &Key| {
                assert!(key != &Key::from('b'), "no b");
                0_u64
            },
            "counts",
            |payload: &Vec<u8>| payload.first().copied().unwrap_or_default(),
        )
        .done()
        .build()
        .unwrap();
    let payloads = ["a", "b", "a", "c!", "b", "c", "a", "a!", "a"].map(str::as_bytes);
    let frame = |payload: &[u8]| {
        [&u32::try_from(payload.len()).unwrap().to_be_bytes()[..], payload].concat()
    };
    let mut driver = TestDriver::new(&topology);
    driver.push("p", &payloads.map(frame).concat()).unwrap();
    driver.run();
    let rows = driver.partitions("counts");
    let seen: Vec<_> =
        rows.iter().map(|row| (row.key.to_string(), row.messages, row.poisoned)).collect();
    assert_eq!(seen, [("a".to_owned(), 3, true), ("c".to_owned(), 0, true)]);
    let poisoned = |key: char| {
        let is_it = |letter: &&DeadLetter| {
            letter.key == Some(Key::from(key)) && letter.cause == Cause::Poisoned
        };
        driver.dead_letters().iter().filter(is_it).count()
    };
    assert_eq!((poisoned('a'), poisoned('c'), driver.dead_letters().len()), (1, 1, 6));
}
