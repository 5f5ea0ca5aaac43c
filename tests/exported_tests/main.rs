//! Tests that are made of what was seen compile, and pass or fail as they say.
//!
//! `as_seen.rs` and `otherwise.rs` are what is written of some sessions. They are compiled into this program, and a test
//! fails if they are not what is written now: `UPDATE_EXPORTED_TESTS=1 cargo test --test exported_tests` writes them anew.

#![cfg(feature = "workbench")]
#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail where the test itself may")]

#[path = "../../apps/alphabet/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod alphabet;

mod compiled;
mod many;
mod scooters;
mod sessions;

use std::fmt::Write;
use std::path::Path;

use compiled::{Tests, changed, mended, outcome, unchanged};
use sessions::{Session, sessions};
use wallaroo::core::replay::test_text::Expected;

/// What is written of sessions, and a list of it. Cargo runs what has `#[test]`, and these are to be run here.
fn written(sessions: &[Session], expected: Expected) -> String {
    let mut text = "// Written by tests/exported_tests/main.rs.\n".to_owned();
    let mut list = String::new();
    for session in sessions {
        let one = session.test(expected).text();
        let (before, function) = one.split_once("#[test]\nfn ").unwrap();
        let name = function.split_once('(').unwrap().0;
        writeln!(text, "\n{before}fn {function}").unwrap();
        writeln!(list, "    (\"{name}\", {name}),").unwrap();
    }
    format!("{text}pub const ALL: &crate::Tests = &[\n{list}];\n")
}

#[test]
fn the_tests_that_are_compiled_here_are_those_that_are_written_now() {
    for (name, expected) in [("as_seen", Expected::AsSeen), ("otherwise", Expected::Otherwise)] {
        let path = format!("tests/exported_tests/{name}.rs");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let text = written(&sessions(), expected);
        if std::env::var_os("UPDATE_EXPORTED_TESTS").is_some() {
            std::fs::write(&path, text).unwrap();
            continue;
        }
        let kept = std::fs::read_to_string(&path).unwrap();
        assert!(
            kept == text,
            "write {name}.rs anew with `UPDATE_EXPORTED_TESTS=1 cargo test --test exported_tests`"
        );
    }
}

#[test]
fn a_test_of_what_was_seen_passes() {
    let (pass, fail) = outcome(unchanged::as_seen::ALL);
    assert_eq!((pass.len(), fail), (sessions().len(), Vec::new()));
}

#[test]
fn it_fails_if_the_application_does_something_else() {
    let (pass, fail) = outcome(changed::ALL);
    assert_eq!((pass, fail.len()), (Vec::new(), sessions().len()));
}

#[test]
fn a_test_of_what_is_wrong_fails_until_it_is_mended() {
    let (pass, fail) = outcome(unchanged::otherwise::ALL);
    assert_eq!((pass, fail.len()), (Vec::new(), sessions().len()));

    let can_be_mended = sessions().iter().filter(|session| session.only_panics()).count();
    assert!(can_be_mended > 1, "there are some");
    assert_eq!(outcome(mended::ALL).0.len(), can_be_mended);
}

#[test]
fn the_sessions_have_all_that_a_test_can_say() {
    let sessions = sessions();
    let seen: Vec<_> = sessions.iter().map(Session::seen).collect();
    assert!(seen.iter().any(|seen| !seen.dead_letters.is_empty()));
    assert!(seen.iter().any(|seen| seen.dead_letters.is_empty()));
    assert!(seen.iter().any(|seen| seen.partitions.iter().any(|partition| partition.poisoned)));
    assert!(seen.iter().any(|seen| seen.outputs.iter().any(|of_sink| of_sink.outputs.len() > 2)));
    assert!(sessions.iter().any(|session| !session.base.is_empty()));
}
