//! The engine's rules, as an author sees them: small applications run by the test driver.

#![cfg(feature = "workbench")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "../../apps/alphabet/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod alphabet;

mod alphabet_rules;
mod bytes;
mod collisions;
mod panics;
mod steps;
mod through_bytes;

use wallaroo::TestDriver;

/// A payload with its header.
fn frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes().to_vec();
    frame.extend_from_slice(payload);
    frame
}

/// Pushes these payloads, a frame each, and processes them.
fn run(driver: &mut TestDriver, pipeline: &str, payloads: &[&[u8]]) {
    for payload in payloads {
        driver.push(pipeline, &frame(payload)).unwrap();
    }
    driver.run();
}

/// The dead letters as step, reason and bytes.
fn dead_letters(driver: &TestDriver) -> Vec<(&str, &str, &[u8])> {
    let letters = driver.dead_letters().iter();
    letters.map(|letter| (&*letter.step, &*letter.reason, &*letter.bytes)).collect()
}
