//! What must stay true of stations, however their measurements arrive.

use serde_json::{Value, json};
use wallaroo::{Encoder, Generator, TestDriver};

use super::names::{STATIONS, name};
use super::*;

const LINES: &[u8] = include_bytes!("../../fixtures/stations.txt");
const OUTPUTS: &str = include_str!("../../fixtures/stations.outputs");
const READINGS: &str = include_str!("../../fixtures/stations.readings.txt");
const WRONG: &str = include_str!("../../fixtures/stations.wrong.txt");

/// A driver that has processed these lines.
fn after(lines: &[u8]) -> TestDriver {
    let mut driver = TestDriver::new(&topology().unwrap());
    driver.push("measurements", lines).unwrap();
    driver.end("measurements").unwrap();
    driver.run();
    driver
}

fn outputs(driver: &TestDriver) -> String {
    String::from_utf8(driver.outputs("measurements").unwrap().concat()).unwrap()
}

fn decoded(line: &[u8]) -> Result<Measurement, String> {
    decode(line).map(Option::unwrap).map_err(|reason| reason.as_str().to_owned())
}

fn generated(seed: u64, skew: f64) -> Vec<Measurement> {
    let topology = topology().unwrap();
    let generate = topology.pipelines()[0].source.generate.clone().unwrap();
    let mut generator = Generator::new(seed, skew);
    (0..8_000).map(|_| decoded(&generate(&mut generator)).unwrap()).collect()
}

fn text(tenths: Tenths) -> String {
    String::from_utf8(tenths.text().as_ref().to_vec()).unwrap()
}

#[test]
fn every_measurement_sends_the_new_figures_on() {
    let driver = after("Hamburg;12.3\nØst;-0.5\r\nHamburg;-99.9\nHamburg;99.9".as_bytes());
    assert!(driver.dead_letters().is_empty());
    let lines = "Hamburg=12.3/12.3/12.3\nØst=-0.5/-0.5/-0.5\n\
        Hamburg=-99.9/-43.8/12.3\nHamburg=-99.9/4.1/99.9\n";
    assert_eq!(outputs(&driver), lines);
}

#[test]
fn the_figures_are_those_computed_without_the_engine() {
    let driver = after(LINES);
    assert_eq!(outputs(&driver), OUTPUTS);
    let number = |value: &Value| value.as_i64().unwrap();
    let rows = driver.partitions("readings");
    let found = rows.iter().map(|row| {
        let columns = ["min", "max", "sum", "count"].map(|column| number(&row.value[column]));
        let [min, max, sum, count] = columns;
        assert_eq!(row.messages, u64::try_from(count).unwrap());
        format!("{min} {max} {sum} {count} {}\n", str::from_utf8(row.key.as_bytes()).unwrap())
    });
    assert_eq!(found.collect::<String>(), READINGS);
    let wrong = driver.dead_letters().iter().map(|letter| letter.sequence.0.to_string());
    assert_eq!(wrong.collect::<Vec<_>>(), WRONG.lines().collect::<Vec<_>>());
}

#[test]
fn a_mean_is_rounded_half_up_also_below_zero_and_zero_has_no_minus() {
    let mean = |temperatures: &[&str]| {
        let lines: String = temperatures.iter().map(|it| format!("a;{it}\n")).collect();
        let outputs = outputs(&after(lines.as_bytes()));
        outputs.lines().last().unwrap().split('/').nth(1).unwrap().to_owned()
    };
    assert_eq!(mean(&["0.1", "0.2"]), "0.2");
    assert_eq!(mean(&["-0.1", "-0.2"]), "-0.1");
    assert_eq!(mean(&["-0.1", "0.0"]), "0.0");
    assert_eq!(mean(&["-0.1", "-0.1", "0.0"]), "-0.1");
    assert_eq!(mean(&["-0.1", "0.0", "0.0"]), "0.0");
    assert_eq!(mean(&["-0.0"]), "0.0");
    assert_eq!(mean(&["99.9", "99.8"]), "99.9");
    assert_eq!(mean(&["-99.9", "-99.8"]), "-99.8");
}

#[test]
fn readings_are_the_lowest_the_highest_the_sum_and_the_mean_half_up() {
    let mut generator = Generator::new(1, 0.0);
    for _ in 0..200 {
        let reach = 1 + generator.below(999);
        let tenths = |_| generator.below(2 * reach + 1).cast_signed() - reach.cast_signed();
        let all: Vec<i64> = (0..reach).map(tenths).collect();
        let mut readings = Readings::default();
        for (before, tenths) in (1..).zip(&all) {
            let (after, mean) = readings.with(Tenths::new(*tenths).unwrap()).unwrap();
            readings = after;
            // At most half a tenth above the mean, and less than half below it.
            let twice = 2 * (mean.get() * before - readings.sum);
            assert!(-before < twice && twice <= before, "{mean:?} of {readings:?}");
        }
        let (min, max) = (readings.min.get(), readings.max.get());
        assert_eq!((Some(&min), Some(&max)), (all.iter().min(), all.iter().max()));
        assert_eq!((readings.sum, readings.count), (all.iter().sum(), reach));
    }
}

#[test]
fn every_temperature_is_read_and_written_as_it_is_said() {
    for tenths in -999..=999 {
        let temperature = Tenths::new(tenths).unwrap();
        let expected = format!("{:.1}", tenths as f64 / 10.0).replace("-0.0", "0.0");
        assert_eq!(text(temperature), expected);
        assert_eq!(Tenths::parse(expected.as_bytes()), Some(temperature));
    }
    assert_eq!(Tenths::parse(b"-0.0"), Tenths::new(0));
    assert_eq!(Tenths::parse(b"05.3"), Tenths::new(53));
    assert_eq!([Tenths::new(-1000), Tenths::new(1000), Tenths::new(1 << 16)], [None; 3]);
}

#[test]
fn a_number_of_another_form_is_a_dead_letter() {
    let reason = "behind `;` is no number with one decimal from -99.9 to 99.9";
    for number in [
        "", "1", "1.", ".5", "-.5", "1.25", "100.0", "-100.0", "+1.0", "--1.0", "1,0", " 1.0",
        "1.0 ", "1e0", "nan", "1.0;", "b;1.0", "-", ".", "1.x", "x.1", "1x.1", "١.٠",
    ] {
        assert_eq!(decoded(format!("a;{number}").as_bytes()).unwrap_err(), reason, "{number}");
    }
}

#[test]
fn a_line_without_a_name_a_separator_or_text_is_a_dead_letter_that_says_so() {
    for (line, reason) in [
        (&b""[..], "the line has no `;`: a measurement is as `Hamburg;12.3`"),
        (b"Hamburg 12.3", "the line has no `;`: a measurement is as `Hamburg;12.3`"),
        (b";12.3", "a name has 1 to 100 bytes, and this one 0"),
        (b"a\xff;1.0", "the name is not UTF-8: invalid utf-8 sequence of 1 bytes from index 1"),
    ] {
        assert_eq!(decoded(line).unwrap_err(), reason);
    }
    let driver = after(b"\n\r\na;1.0\n;1.0\n");
    assert_eq!(driver.dead_letters().len(), 3);
    assert!(driver.dead_letters().iter().all(|letter| &*letter.step == "decode"));
    assert_eq!(outputs(&driver), "a=1.0/1.0/1.0\n");
}

#[test]
fn a_name_has_up_to_a_hundred_bytes_of_any_text() {
    for name in ["é".repeat(50), "n".repeat(100), "-1.0".to_owned(), "a=b/c \\\0\r".to_owned()] {
        let measurement = decoded(format!("{name};0.1").as_bytes()).unwrap();
        assert_eq!(measurement.station.as_bytes(), name.as_bytes());
    }
    let reason = "a name has 1 to 100 bytes, and this one 102";
    assert_eq!(decoded(format!("{};0.1", "é".repeat(51)).as_bytes()).unwrap_err(), reason);
}

#[test]
fn a_measurement_that_does_not_fit_is_refused_and_leaves_all_as_it_was() {
    let full = Readings { sum: i64::MAX, ..Readings::default() };
    let counted = Readings { count: i64::MAX.unsigned_abs(), ..Readings::default() };
    for before in [full, counted, Readings { count: u64::MAX, ..counted }] {
        let mut readings = before;
        let measurement = decoded(b"a;0.1").unwrap();
        let reason = add(measurement, &mut readings).unwrap_err();
        let count = before.count;
        let expected = format!("no more fits: there are {count} measurements already");
        assert_eq!((reason.as_str(), readings), (&*expected, before));
    }
}

#[test]
fn the_state_has_its_columns_in_tenths() {
    let driver = after("Ö;-1.5\nÖ;2.0".as_bytes());
    let rows = driver.partitions("readings");
    assert_eq!(rows[0].key.to_string(), "Ö");
    assert_eq!(rows[0].value, json!({"min": -15, "max": 20, "sum": 5, "count": 2}));
    assert!(rows[0].dynamic);
}

#[test]
fn a_line_is_typed_as_it_is() {
    let topology = topology().unwrap();
    let source = &topology.pipelines()[0].source;
    let form = source.typed.as_ref().unwrap();
    assert_eq!(form.example(), "Hamburg;12.3");
    assert!(decoded(&form.parse(form.example()).unwrap()).is_ok());
    assert_eq!(form.parse("no measurement\\").unwrap(), b"no measurement\\");
}

#[test]
fn figures_are_a_line_as_long_as_their_numbers() {
    let figures = |min, mean, max| Figures {
        station: Key::from("Nordby"),
        min: Tenths::new(min).unwrap(),
        mean: Tenths::new(mean).unwrap(),
        max: Tenths::new(max).unwrap(),
    };
    let line = |figures: &Figures| wire::write_line.encoded(figures).unwrap();
    assert_eq!(line(&figures(-999, -1, 0)), b"Nordby=-99.9/-0.1/0.0\n");
    assert_eq!(line(&figures(-10, 99, 100)), b"Nordby=-1.0/9.9/10.0\n");
}

#[test]
fn there_are_400_stations_whose_names_are_short_and_different() {
    let names: std::collections::BTreeSet<_> = (0..STATIONS).map(name).collect();
    assert_eq!(names.len(), 400);
    // So that no key is an allocation.
    assert!(names.iter().all(|name| (1..=16).contains(&name.len())));
    assert!(names.iter().any(|name| !name.is_ascii()));
}

#[test]
fn random_measurements_are_of_all_stations_below_and_above_zero_and_the_same_for_the_same_seed() {
    let measurements = generated(7, 0.0);
    let stations: std::collections::BTreeSet<_> = measurements.iter().map(station).collect();
    assert_eq!(stations.len(), 400);
    let tenths = || measurements.iter().map(|measurement| measurement.temperature.get());
    assert!(tenths().all(|tenths| (-300..=450).contains(&tenths)));
    assert!(tenths().any(|tenths| tenths < -100) && tenths().any(|tenths| tenths > 250));
    assert_eq!(measurements, generated(7, 0.0));
    assert_ne!(measurements, generated(8, 0.0));
}

#[test]
fn skew_prefers_the_first_stations() {
    let share = |skew: f64| {
        let first = Key::from(name(0));
        generated(7, skew).iter().filter(|it| it.station == first).count() * 100 / 8_000
    };
    assert_eq!(share(0.0), 0);
    assert!(share(1.0) > 10);
}

#[test]
fn the_steps_have_names_for_screens() {
    let topology = topology().unwrap();
    let names: Vec<_> = topology.pipelines()[0].steps.iter().map(|step| &*step.name).collect();
    assert_eq!(names, ["decode", "station", "add", "encode"]);
}
