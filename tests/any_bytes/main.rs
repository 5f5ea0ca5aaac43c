//! Any bytes, cut anywhere: an application gives the same outputs, partitions and dead letters as for
//! the same bytes in one piece, and nothing panics but what is made to.
//!
//! A hundred and fifty cases each by default; `FUZZ_CASES=1000000` makes as many of them as one has time for.
//! What fails is made small, and printed: the pieces of the stream, and where it was cut.

#![cfg(feature = "workbench")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "../../apps/alphabet/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod alphabet;
#[path = "../../apps/celsius/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod celsius;
#[path = "../../apps/market_spread/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod market_spread;
#[path = "../../apps/reverse/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod reverse;
#[path = "../../apps/stations/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod stations;
#[path = "../../apps/word_count/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod word_count;

mod framing;
mod hard;
mod lines_and_varints;
mod netstrings;
mod outcome;
mod streams;

use proptest::test_runner::{Config, TestRunner};
use wallaroo::TestDriver;
use wallaroo::Topology;
use wallaroo::core::frames::dead_letter::Cause;

use outcome::{in_pieces, whole};

/// How many cases a property is tried with.
fn config() -> Config {
    let cases = std::env::var("FUZZ_CASES").ok().map(|cases| cases.parse().unwrap());
    Config { cases: cases.unwrap_or(150), failure_persistence: None, ..Config::default() }
}

/// That an application gives the same however its bytes are cut, and if its messages go on as bytes. `panics` says whether it may say of
/// itself that it panicked.
fn same_however_cut(topology: &Topology, panics: bool) {
    let case = (streams::streams(topology), streams::cuts());
    let outcome = TestRunner::new(config()).run(&case, |(pieces, cuts)| {
        let streams = streams::bytes(topology, &pieces);
        let expected = whole(TestDriver::new(topology), topology, &streams);
        assert_eq!(in_pieces(topology, &streams, &cuts), expected);
        let through_bytes = TestDriver::through_bytes(topology);
        assert_eq!(whole(through_bytes, topology, &streams), expected);
        let panicked = expected.dead_letters.iter().find(|letter| letter.cause == Cause::Panicked);
        assert!(panics || panicked.is_none(), "{panicked:?}");
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn any_bytes_to_alphabet() {
    same_however_cut(&alphabet::topology(alphabet::Encoding::Text).unwrap(), false);
}

#[test]
fn any_bytes_to_reverse() {
    same_however_cut(&reverse::topology(reverse::Framing::Header).unwrap(), false);
}

#[test]
fn any_bytes_in_lines_to_reverse() {
    same_however_cut(&reverse::topology(reverse::Framing::Lines).unwrap(), false);
}

#[test]
fn any_bytes_with_varints_to_reverse() {
    same_however_cut(&reverse::topology(reverse::Framing::Varint).unwrap(), false);
}

#[test]
fn any_bytes_to_celsius() {
    same_however_cut(&celsius::topology().unwrap(), false);
}

#[test]
fn any_bytes_to_word_count() {
    same_however_cut(&word_count::topology().unwrap(), false);
}

#[test]
fn any_bytes_to_stations() {
    same_however_cut(&stations::topology().unwrap(), false);
}

#[test]
fn any_bytes_to_both_pipelines_of_market_spread() {
    same_however_cut(&market_spread::topology(|| 7).unwrap(), false);
}

#[test]
fn any_bytes_to_an_application_that_refuses_drops_and_panics() {
    same_however_cut(&hard::topology(), true);
}
