//! Sessions, and what was seen in them.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wallaroo::core::replay::test_text::{
    Expected, Seen, SeenOutputs, Test, TestMessage, TestPartition,
};
use wallaroo::{Key, TestDriver, Topology};

use crate::alphabet::{self, Encoding};
use crate::scooters;

/// A session: which application, what there was before, and what entered.
pub struct Session {
    title: String,
    application: &'static str,
    topology: Topology,
    expression: &'static str,
    pipeline: &'static str,
    state: &'static str,
    pub base: Vec<TestPartition>,
    payloads: Vec<Vec<u8>>,
}

impl Session {
    /// The same as a test.
    pub fn test(&self, expected: Expected) -> Test {
        let message = |payload: &Vec<u8>| TestMessage {
            pipeline: self.pipeline.to_owned(),
            payload: payload.clone(),
            decoded: Some(String::from_utf8_lossy(payload).into_owned()),
        };
        Test {
            title: self.title.clone(),
            application: self.application.to_owned(),
            topology: self.expression.to_owned(),
            base: self.base.clone(),
            messages: self.payloads.iter().map(message).collect(),
            seen: self.seen(),
            expected,
        }
    }

    /// Whether all that is wrong in it are panics, which the mended application does not have.
    pub fn only_panics(&self) -> bool {
        let seen = self.seen();
        let mut steps = seen.dead_letters.iter().map(|(step, _)| step);
        !seen.dead_letters.is_empty() && steps.all(|step| step == "add_ride")
    }

    /// What is seen at the end.
    pub fn seen(&self) -> Seen {
        let mut driver = TestDriver::new(&self.topology);
        for TestPartition { state, key, value, poisoned } in &self.base {
            driver.restore(state, key.clone(), value).unwrap();
            if *poisoned {
                driver.poison(state, key.clone()).unwrap();
            }
        }
        for payload in &self.payloads {
            driver.push_message(self.pipeline, payload).unwrap();
        }
        driver.run();
        let partition = |row: wallaroo::PartitionRow| TestPartition {
            state: row.state,
            key: row.key,
            value: row.value.to_string(),
            poisoned: row.poisoned,
        };
        let letters = driver.dead_letters().iter();
        Seen {
            outputs: vec![SeenOutputs {
                pipeline: self.pipeline.to_owned(),
                sink: 0,
                outputs: driver.outputs(self.pipeline).unwrap().to_vec(),
            }],
            partitions: driver.partitions(self.state).into_iter().map(partition).collect(),
            whole_states: vec![self.state.to_owned()],
            dead_letters: letters
                .map(|letter| (letter.step.to_string(), letter.reason.clone()))
                .collect(),
        }
    }
}

/// Some sessions, always the same.
pub fn sessions() -> Vec<Session> {
    random_sessions(1, 20)
}

/// So many random sessions of a seed: two fifths of them are votes.
pub fn random_sessions(seed: u64, count: u64) -> Vec<Session> {
    let random = &mut ChaCha8Rng::seed_from_u64(seed);
    let of_votes = 2 * count / 5;
    let votes = (0..of_votes).map(|number| votes(number, random)).collect::<Vec<_>>();
    let rides = (0..count - of_votes).map(|number| rides(number, random)).collect::<Vec<_>>();
    votes.into_iter().chain(rides).collect()
}

fn partition(state: &str, key: Key, value: String, poisoned: bool) -> TestPartition {
    TestPartition { state: state.to_owned(), key, value, poisoned }
}

fn votes(number: u64, random: &mut ChaCha8Rng) -> Session {
    let letters = [b'a', b'b', b'"', b'\\', b'\n', 0, 0xff];
    let payload = |random: &mut ChaCha8Rng| {
        let letter = letters.get(random.random_range(0..letters.len())).copied();
        let votes = u32::to_be_bytes(random.random_range(0..300));
        let mut payload: Vec<u8> = letter.into_iter().chain(votes).collect();
        if random.random_bool(0.1) {
            payload.pop();
        }
        payload
    };
    let (encoding, expression) = match number % 2 {
        0 => (Encoding::Text, "text_votes()?"),
        _ => (Encoding::Binary, "binary_votes()?"),
    };
    let full = |letter: &str| {
        let key = Key::from(letter);
        let value = format!("{{\"letter\":\"{letter}\",\"votes\":{}}}", u64::MAX - 100);
        partition("letter state", key, value, letter == "b")
    };
    Session {
        title: format!("votes of session {number}"),
        application: "alphabet",
        topology: alphabet::topology(encoding).unwrap(),
        expression,
        pipeline: "votes",
        state: "letter state",
        base: if number % 3 == 2 { vec![full("a"), full("b")] } else { Vec::new() },
        payloads: std::iter::once(b"c\0\0\0\x07".to_vec())
            .chain((0..random.random_range(0..12)).map(|_| payload(random)))
            .collect(),
    }
}

fn rides(number: u64, random: &mut ChaCha8Rng) -> Session {
    let payload = |random: &mut ChaCha8Rng| {
        let mut below = |most: u32| random.random_range(0..most);
        match below(24) {
            0 => b"5 ninety".to_vec(),
            _ => format!("{} {} {}", below(3), below(4), below(100)).into_bytes(),
        }
    };
    let value = r#"{"meters":90,"fastest":1.5}"#.to_owned();
    Session {
        title: format!("rides of session {number}"),
        application: "scooters",
        topology: scooters::topology(scooters::add_ride).unwrap(),
        expression: "rides()?",
        pipeline: "rides",
        state: "totals",
        base: if number % 2 == 1 {
            vec![partition("totals", Key::from("2"), value, false)]
        } else {
            Vec::new()
        },
        payloads: std::iter::once(b"7 2 30".to_vec())
            .chain((0..random.random_range(1..8)).map(|_| payload(random)))
            .collect(),
    }
}
