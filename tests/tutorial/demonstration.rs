//! What the time machine is for, as a person does it at a terminal: rides come in, one report poisons a partition, the
//! cause is found by going back, shrinking leaves one message, and the test that is written is red until the program
//! is mended.
//!
//! `DEMONSTRATION_RIDES` says how many rides there are; 5,000 without it.

use std::fs;

use super::support::terminal::Terminal;
use super::{ENVIRONMENT, Part, Reader, TUTORIAL, parts};

/// How many rides there are by default.
const RIDES: usize = 5_000;

/// A report's frame: a header, the scooter, metres, the battery.
const FRAME: usize = 9;

/// The program of the tutorial as it is before its mistake is found, in a crate of its own.
fn scooters() -> Reader {
    let mut reader = None;
    for Part { kind, lines } in parts(TUTORIAL) {
        match (kind, &mut reader) {
            ("toml", None) => {
                let lines = lines.into_iter().map(|line| match line {
                    // The tutorial's own crate may be built beside it.
                    r#"name = "scooters""# => r#"name = "scooters-demonstration""#,
                    line => line,
                });
                reader = Some(Reader::new(&lines.collect::<Vec<_>>()));
            }
            ("rust", Some(reader)) => reader.write_rust(&lines),
            // Then somebody watches it.
            ("table", Some(_)) => break,
            _ => {}
        }
    }
    reader.unwrap()
}

/// How the tutorial mends it.
fn mended() -> Vec<&'static str> {
    let mut averages = parts(TUTORIAL).into_iter().filter(|part| {
        part.kind == "rust"
            && part.lines.first().is_some_and(|line| line.starts_with("fn average("))
    });
    averages.next_back().unwrap().lines
}

/// Random rides of all scooters but number 5.
fn write_rides(reader: &Reader, rides: usize) -> usize {
    let generate = "generate --app scooters --messages";
    reader.run(&[&format!("$ cargo run -q -- {generate} {rides} --seed 1 --out all.msg")]);
    let all = fs::read(reader.folder.join("all.msg")).unwrap();
    let others: Vec<&[u8]> = all.chunks(FRAME).filter(|frame| frame[4..6] != [0, 5]).collect();
    fs::write(reader.folder.join("night.msg"), others.concat()).unwrap();
    others.len()
}

#[test]
fn of_many_rides_the_report_that_did_it_becomes_a_red_test_which_the_mended_program_passes() {
    let rides = std::env::var("DEMONSTRATION_RIDES").map_or(RIDES, |rides| rides.parse().unwrap());
    let mut reader = scooters();
    let rides = write_rides(&reader, rides);
    let command = "exec cargo run -q -- --app scooters --workers 2 --in night.msg";
    let script = reader.script(command);
    let mut terminal = Terminal::start_with("bash", &["-c", &script], &ENVIRONMENT, 40, 120);
    let number = |number: usize| wallaroo::core::figures::exact(number as u64);

    // The rides come in, then the report.
    terminal.wait_for("file ended");
    for (line, seen) in [
        ("5 0 90", "attempt to divide by zero"),
        ("5 400 88", "the partition is poisoned"),
        ("9 800 60", "scooter 9, metres 800"),
    ] {
        terminal.send(format!("{line}\r"));
        terminal.wait_for(seen);
    }

    // Back to the last change of the poisoned partition: that is the cause.
    terminal.send("\x1b");
    terminal.wait_for("? help");
    terminal.send("2/=key == \"5\"\r");
    terminal.wait_for("1 of 50");
    terminal.send(",");
    terminal.wait_for(&format!("PAST {} of {}", number(rides + 1), number(rides + 3)));
    terminal.wait_for("attempt to divide by zero");

    // A test of the partition at this moment has the one message that has been at it until then.
    terminal.send("T");
    terminal.wait_for("saved scooters_test_1.rs: a test of 1 message");

    // Shrink: one message of them all.
    terminal.send("M");
    terminal.wait_for("which is poisoned");
    terminal.send("\r");
    terminal.wait_for(&format!("1 message left of {}", number(rides + 3)));
    terminal.wait_for("panicked: attempt to divide by zero");
    terminal.send("T");
    terminal.wait_for("saved scooters_test_2.rs: a test of 1 message");
    terminal.send("\x03"); // Ctrl-C
    assert!(terminal.wait_exit().success());

    // The tests are red, and green when the program is mended.
    for name in ["scooters_test_1", "scooters_test_2"] {
        let file = format!("{name}.rs");
        fs::rename(reader.folder.join(&file), reader.folder.join("src").join(&file)).unwrap();
        reader.write_rust(&["#[cfg(test)]", &format!("mod {name};")]);
    }
    let red = "...test result: FAILED. 0 passed; 2 failed;...it is red";
    reader.run(&["$ cargo test -q scooters_test || echo it is red", red]);
    reader.write_rust(&mended());
    let green = "...test result: ok. 2 passed; 0 failed;...";
    reader.run(&["$ cargo test -q scooters_test", green]);
}
