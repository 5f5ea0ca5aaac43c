//! Tests: whatever the length of the pieces, a batch becomes the same.

use proptest::prelude::*;

use crate::application::{Key, OneByOne, Reason, Sink, Source};
use crate::core::test_driver::TestDriver;
use crate::core::topology::{Application, Topology};

/// A message: the frame's byte, and which of the messages made of it.
type Number = (u8, u32);

fn decode(payload: &[u8]) -> Result<Option<u8>, Reason> {
    match payload {
        [13, ..] => Err("refused".into()),
        [15, ..] => panic!("no frame"),
        [14, ..] | [] => Ok(None),
        [byte, ..] => Ok(Some(*byte)),
    }
}

/// As many messages as the byte says, made one by one; some of them panic on the way.
fn many(byte: u8) -> OneByOne<impl Iterator<Item = Number>> {
    let count = [0, 1, 3, 150, 1300][usize::from(byte % 5)];
    OneByOne((0..count).map(move |at| {
        assert!(byte % 7 != 6 || at != 120, "no more of {byte}");
        (byte, at)
    }))
}

/// None, one or some, or a reason.
fn some(message: Number) -> Result<Vec<Number>, Reason> {
    match message.1 % 11 {
        3 => Err("not this one".into()),
        4 => panic!("nor this one"),
        at => Ok(vec![message; at as usize % 4]),
    }
}

/// Counts, and says the count several times: at some counts more often than a piece is long.
fn count(
    (_, at): Number,
    count: &mut u64,
) -> Result<(OneByOne<impl Iterator<Item = u64> + use<>>, bool), Reason> {
    *count += 1;
    let count = *count;
    match count % 50 {
        7 => return Err("refused at this count".into()),
        _ => assert!(count != 140 || at % 2 == 0, "no odd one at 140"),
    }
    let times = if count.is_multiple_of(60) { 700 } else { count % 3 };
    let said = (0..times).map(move |time| {
        assert!(count != 240 || time != 610, "not so often");
        count
    });
    Ok((OneByOne(said), count.is_multiple_of(2)))
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "encoders are given a reference to the message"
)]
fn encode(count: &u64, output: &mut Vec<u8>) -> Result<(), Reason> {
    match count % 23 {
        3 => return Err("not to be encoded".into()),
        4 => panic!("cannot be encoded"),
        5 => {}
        _ => output.extend(count.to_be_bytes()),
    }
    Ok(())
}

fn topology() -> Topology {
    let key = |(_, at): &Number| Key::from(format!("{}", at % 5).as_str());
    let topology = Application::new("x")
        .pipeline("p", Source::new(decode))
        .to(many)
        .to_parallel(some)
        .to_state_partition(count, |_: &Key| 0, "counts", key)
        .to_sinks([Sink::new(encode), Sink::new(encode)])
        .build();
    topology.unwrap()
}

/// All that is seen of a run. Dead letters of different steps have no order.
fn run(frames: &[u8], piece: usize) -> (Vec<Vec<Vec<u8>>>, Vec<String>, Vec<String>) {
    let mut driver = TestDriver::new(&topology()).in_pieces_of(piece);
    let bytes: Vec<u8> = frames.iter().flat_map(|byte| [0, 0, 0, 1, *byte]).collect();
    driver.push("p", &bytes).unwrap();
    driver.run_batches();
    let letters = driver.dead_letters().iter();
    let mut letters: Vec<_> = letters
        .map(|letter| {
            format!("{} {} {:?} {:?}", letter.step, letter.reason, letter.sequence, letter.key)
        })
        .collect();
    letters.sort_unstable();
    let outputs = [0, 1].map(|sink| driver.outputs_of_sink("p", sink).unwrap().to_vec());
    let mut counted: Vec<_> =
        driver.partitions("counts").iter().map(|row| format!("{row:?}")).collect();
    counted.push(format!("{:?}", driver.report()));
    (outputs.to_vec(), letters, counted)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_batch_becomes_the_same_in_pieces_of_any_length(
        frames in proptest::collection::vec(0_u8..40, 0..20),
        piece in prop_oneof![1_usize..5, Just(64), Just(120), Just(121), Just(512), Just(700)],
    ) {
        prop_assert_eq!(run(&frames, piece), run(&frames, usize::MAX));
    }
}

#[test]
fn all_that_can_happen_to_a_message_happens_to_some() {
    let frames: Vec<u8> = (0..40).collect();
    let (outputs, letters, counted) = run(&frames, 512);
    let is_there = |reason: &str| letters.iter().any(|letter| letter.contains(reason));
    for reason in [
        "refused",
        "panicked: no frame",
        "panicked: no more of",
        "not this one",
        "nor this one",
        "refused at this count",
        "panicked: no odd one",
        "poisoned",
        "not to be encoded",
        "cannot be encoded",
    ] {
        assert!(is_there(reason), "{reason}: {letters:?}");
    }
    assert!(outputs[0].len() > 1000, "{counted:?}");
    assert_eq!(outputs[0], outputs[1]);
}
