//! What must stay true of converted temperatures.

use wallaroo::TestDriver;

use super::*;

const TEMPERATURES: &[u8] = include_bytes!("../../fixtures/temperatures.msg");
const OUTPUTS: &[u8] = include_bytes!("../../fixtures/temperatures.outputs");

/// A driver that has processed these frames.
fn after(frames: &[&[u8]]) -> TestDriver {
    let mut driver = TestDriver::new(&topology().unwrap());
    for frame in frames {
        driver.push("temperatures", frame).unwrap();
    }
    driver.end("temperatures").unwrap();
    driver.run();
    driver
}

fn outputs(frames: &[&[u8]]) -> Vec<String> {
    let driver = after(frames);
    assert!(driver.dead_letters().is_empty());
    let outputs = driver.outputs("temperatures").unwrap().iter();
    outputs.map(|line| String::from_utf8(line.clone()).unwrap()).collect()
}

fn generated(seed: u64) -> Vec<Vec<u8>> {
    let topology = topology().unwrap();
    let generate = topology.pipelines()[0].source.generate.clone().unwrap();
    let mut generator = Generator::new(seed, 0.0);
    (0..10_000).map(|_| generate(&mut generator)).collect()
}

#[test]
fn a_frame_becomes_a_line_with_six_decimals() {
    let frames: [&[u8]; 4] = [
        b"\0\0\0\x04\x00\x00\x00\x00", // 0
        b"\0\0\0\x04\x42\xc8\x00\x00", // 100
        b"\0\0\0\x04\xc2\x20\x00\x00", // -40
        b"\0\0\0\x04\xbf\x80\x00\x00", // -1
    ];
    assert_eq!(outputs(&frames), ["32.000000\n", "212.000000\n", "-40.000000\n", "30.200000\n"]);
}

#[test]
fn arithmetic_is_in_f64() {
    // 25.5 in f32 arithmetic would be 77.899994.
    assert_eq!(outputs(&[b"\0\0\0\x04\x41\xcc\x00\x00"]), ["77.900000\n"]);
    // 36.6 is no f32: the nearest is 36.599998474121094.
    assert_eq!(outputs(&[b"\0\0\0\x04\x42\x12\x66\x66"]), ["97.879997\n"]);
    // The largest f32 would overflow.
    let largest = "612508223949351947661067530272130465792.000000\n";
    assert_eq!(outputs(&[b"\0\0\0\x04\x7f\x7f\xff\xff"]), [largest]);
}

#[test]
fn what_is_not_finite_is_written_as_printf_writes_it() {
    let frames: [&[u8]; 4] = [
        b"\0\0\0\x04\x7f\xc0\x00\x00",
        b"\0\0\0\x04\xff\xc0\x00\x00",
        b"\0\0\0\x04\x7f\x80\x00\x00",
        b"\0\0\0\x04\xff\x80\x00\x00",
    ];
    assert_eq!(outputs(&frames), ["nan\n", "nan\n", "inf\n", "-inf\n"]);
}

#[test]
fn the_outputs_are_those_computed_without_the_engine() {
    let driver = after(&[TEMPERATURES]);
    assert!(driver.dead_letters().is_empty());
    assert_eq!(driver.report().frames, 1_000);
    let outputs = driver.outputs("temperatures").unwrap().concat();
    assert_eq!(String::from_utf8(outputs).unwrap(), str::from_utf8(OUTPUTS).unwrap());
}

#[test]
fn a_payload_of_any_other_length_is_a_dead_letter_that_says_both_lengths() {
    let driver = after(&[
        b"\0\0\0\0",
        b"\0\0\0\x03\x42\xc8\x00",
        b"\0\0\0\x08\x40\x59\x00\x00\x00\x00\x00\x00",
        b"\0\0\0\x04\x42\xc8\x00\x00",
    ]);
    let found: Vec<_> = driver
        .dead_letters()
        .iter()
        .map(|letter| (&*letter.step, letter.bytes.len(), letter.reason.clone()))
        .collect();
    let reason = |length: usize| {
        format!("the payload is {length} bytes long, and a temperature is 4: f32 big-endian")
    };
    assert_eq!(found, [0, 3, 8].map(|length| ("decode", length, reason(length))));
    assert_eq!(driver.outputs("temperatures").unwrap(), [b"212.000000\n"]);
}

#[test]
fn it_has_no_state_and_two_computations() {
    let topology = topology().unwrap();
    assert!(topology.states().is_empty());
    let steps: Vec<_> = topology.pipelines()[0].steps.iter().map(|step| &*step.name).collect();
    assert_eq!(steps, ["decode", "multiply", "add", "encode"]);
}

#[test]
fn a_typed_number_is_the_nearest_f32() {
    assert_eq!(typed::parse("36.6").unwrap(), b"\x42\x12\x66\x66");
    assert_eq!(typed::parse(" -40 ").unwrap(), b"\xc2\x20\x00\x00");
    assert_eq!(typed::parse("1e2").unwrap(), b"\x42\xc8\x00\x00");
    assert_eq!(typed::parse("-0").unwrap(), b"\x80\x00\x00\x00");
    assert_eq!(typed::parse("inf").unwrap(), b"\x7f\x80\x00\x00");
    assert_eq!(typed::parse("-inf").unwrap(), b"\xff\x80\x00\x00");
    assert_eq!(typed::parse("nan").unwrap(), b"\x7f\xc0\x00\x00");
}

#[test]
fn what_is_wrong_with_a_typed_number_is_said_so_that_it_can_be_mended() {
    let messages = [
        ("", "type a temperature in degrees Celsius, such as `36.6`"),
        ("warm", "`warm` is no number: type one such as `36.6`"),
        ("36,6", "`36,6` is no number: type one such as `36.6`"),
        ("36.6C", "`36.6C` is no number: type one such as `36.6`"),
        ("-", "`-` is no number: type one such as `36.6`"),
        ("36.6 C", "`C` is too much: a temperature is one number"),
        ("1e39", "`1e39` is too large for an f32: the largest is 3.4028235e38"),
        ("-1e39", "`-1e39` is too large for an f32: the largest is 3.4028235e38"),
    ];
    for (text, message) in messages {
        assert_eq!(typed::parse(text).unwrap_err().as_str(), message, "for `{text}`");
    }
}

#[test]
fn the_example_to_type_is_a_temperature() {
    let topology = topology().unwrap();
    let source = &topology.pipelines()[0].source;
    let form = source.typed.as_ref().unwrap();
    assert_eq!(form.example(), "36.6");
    assert!(form.parse(form.example()).is_ok());
    assert_eq!(source.format, "f32 big-endian degrees Celsius");
}

#[test]
fn random_temperatures_are_tenths_from_minus_50_to_50_and_the_same_for_the_same_seed() {
    let payloads = generated(7);
    let degrees: Vec<f64> =
        payloads.iter().map(|payload| wire::decode(payload).unwrap().unwrap()).collect();
    assert!(degrees.iter().all(|degrees| (-50.0..=50.0).contains(degrees)));
    assert!(degrees.iter().all(|degrees| (degrees * 10.0 - (degrees * 10.0).round()).abs() < 1e-4));
    assert!(degrees.iter().any(|degrees| *degrees < -45.0));
    assert!(degrees.iter().any(|degrees| *degrees > 45.0));
    assert_eq!(payloads, generated(7));
    assert_ne!(payloads, generated(8));
}
