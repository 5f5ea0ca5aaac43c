//! Tests of what was seen: of no more messages than that depends on, and as of the moment that is shown.

use wallaroo::Key;
use wallaroo::core::numbers::{PipelineIndex, SequenceNumber};
use wallaroo::session::orders::{Order, TestMade, TestOf};
use wallaroo::session::past::Travel;

use crate::failing::{adding, send};
use crate::then::{Watched, alphabet};

/// The test of something.
pub fn test_of(watched: &mut Watched, of: TestOf) -> TestMade {
    let before = watched.told.len();
    assert_eq!(watched.order(Order::Test(of)), None);
    while watched.tests.is_empty() {
        assert_eq!(watched.told.len(), before, "{:?}", watched.told);
        watched.wait_for("another look", |_| true);
    }
    watched.tests.pop().unwrap()
}

/// Why there is no test of something.
pub fn refused(watched: &mut Watched, of: TestOf) -> String {
    let before = watched.told.len();
    assert_eq!(watched.order(Order::Test(of)), None);
    while watched.told.len() == before {
        assert!(watched.tests.is_empty(), "{:?}", watched.tests);
        watched.wait_for("another look", |_| true);
    }
    watched.told.pop().unwrap()
}

pub fn partition(key: &str) -> TestOf {
    TestOf::Partition((0, Key::from(key)))
}

/// What the test does and says, without what is before and behind it.
fn lines(test: &TestMade) -> Vec<&str> {
    let lines = test.file.lines().map(str::trim);
    let lines = lines.skip_while(|line| !line.starts_with("let mut driver")).skip(1);
    lines.filter(|line| !line.is_empty() && !line.starts_with("//")).collect()
}

fn voted() -> Watched {
    let mut watched = alphabet(2);
    watched.vote(&[(b'a', 1), (b'b', 2), (b'a', 4), (b'c', 8), (b'a', 16)]);
    watched.wait_for_messages(5);
    watched
}

#[test]
fn of_a_partition_are_its_messages_and_no_others() {
    let mut watched = voted();
    let test = test_of(&mut watched, partition("a"));
    assert_eq!((test.messages, test.is_red), (3, false));
    assert_eq!(
        lines(&test),
        [
            r#"driver.push_message("votes", b"a\0\0\0\x01")?;"#,
            r#"driver.push_message("votes", b"a\0\0\0\x04")?;"#,
            r#"driver.push_message("votes", b"a\0\0\0\x10")?;"#,
            "driver.run();",
            r#"assert_eq!(driver.outputs("votes")?, [&b"a => 1\n"[..], b"a => 5\n", b"a => 21\n"]);"#,
            r#"let partition = driver.partition("letter state", "a").ok_or("letter state has no partition a")?;"#,
            r##"assert_eq!(partition.value.to_string(), r#"{"letter":"a","votes":21}"#);"##,
            "assert!(!partition.poisoned);",
            "assert!(driver.dead_letters().is_empty());",
            "Ok(())",
            "}",
        ]
    );
    assert!(
        test.file.contains("fn partition_a_of_letter_state_after_message_5()"),
        "{}",
        test.file
    );
    assert!(test.file.contains(r#"// {"letter":"a","votes":4}"#), "{}", test.file);
}

#[test]
fn in_the_past_it_is_of_then() {
    let mut watched = voted();
    watched.travel(Travel::To(3));
    let test = test_of(&mut watched, partition("a"));
    assert_eq!(test.messages, 2);
    assert!(test.file.contains(r#"{"letter":"a","votes":5}"#), "{}", test.file);
    let moment = test_of(&mut watched, TestOf::Moment);
    assert_eq!(moment.messages, 3);
    assert!(
        moment.file.contains(r#"driver.partitions("letter state").len(), 2)"#),
        "{}",
        moment.file
    );
    assert!(moment.file.contains("fn all_partitions_after_message_3()"), "{}", moment.file);
    let later = refused(&mut watched, partition("c"));
    assert!(later.ends_with("no message of the recording has been at partition `c`"), "{later}");
}

#[test]
fn of_a_message_are_those_on_which_it_depends() {
    let mut watched = voted();
    let message = |number| TestOf::Message(PipelineIndex(0), SequenceNumber(number));
    let test = test_of(&mut watched, message(3));
    assert_eq!((test.messages, test.is_red), (2, false));
    assert!(
        test.file.contains("fn message_3()") && test.file.contains(r"a => 5\n"),
        "{}",
        test.file
    );
    assert_eq!(test_of(&mut watched, message(4)).messages, 1);
    let none = refused(&mut watched, message(6));
    assert_eq!(none, "no test: this message is not in the recording");
}

#[test]
fn a_test_of_what_is_wrong_fails_until_it_is_mended() {
    let topology = adding(|message| {
        assert!(message < 9, "on purpose");
        message.into()
    });
    let mut watched = Watched::open(topology, 2, |_| {});
    send(&watched, &[1, 2, 9]);
    send(&watched, &[3; 300]);
    watched.wait_for("dead letters", |seen| seen.totals.dead_letters == 301);
    // Those behind the one that poisoned it have changed nothing.
    let of_partition = test_of(&mut watched, partition("k"));
    assert_eq!((of_partition.messages, of_partition.is_red), (3, true));
    let of_message = test_of(&mut watched, TestOf::Message(PipelineIndex(0), SequenceNumber(3)));
    assert_eq!((of_message.messages, of_message.is_red), (3, true));
    for test in [of_partition, of_message] {
        let lines = lines(&test);
        assert!(
            lines.iter().any(|line| line.starts_with("assert!(driver.dead_letters().is_empty()"))
        );
        assert!(test.file.contains("panicked: on purpose"), "{}", test.file);
    }
}

#[test]
fn what_depends_on_too_many_messages_is_refused_and_shrink_is_offered() {
    let mut watched = alphabet(2);
    let votes: Vec<(u8, u32)> = [(b'a', 1), (b'b', 1)].into_iter().cycle().take(500).collect();
    watched.vote(&votes);
    watched.vote(&[(b'c', 1)]);
    watched.wait_for_messages(501);
    let many = refused(&mut watched, partition("a"));
    assert!(
        many.starts_with("no test: it depends on 250 messages, and a test of more than 200"),
        "{many}"
    );
    assert!(many.contains("shrink"), "{many}");
    let all = refused(&mut watched, TestOf::Moment);
    assert!(all.contains("501 messages"), "{all}");
    assert_eq!(test_of(&mut watched, partition("c")).messages, 1);
}

#[test]
fn what_a_test_cannot_do_is_said() {
    // Nobody revives a partition in a test.
    let topology = adding(|message| {
        assert!(message < 9, "on purpose");
        message.into()
    });
    let mut watched = Watched::open(topology, 1, |_| {});
    send(&watched, &[1, 9]);
    watched.wait_for("a dead letter", |seen| seen.totals.dead_letters == 1);
    let state = watched.session.engine().topology().states()[0].name.clone();
    let patience = std::time::Duration::from_mins(1);
    watched.session.revive(&state, &Key::from("k"), patience).unwrap();
    send(&watched, &[2]);
    // The one that panicked does not count.
    watched.wait_for_messages(2);
    let revived = refused(&mut watched, partition("k"));
    assert!(revived.contains("something else comes of them"), "{revived}");
}
