//! How counts are written for people. There are two forms, and each place has one of them:
//!
//! - [`exact`], `27 104`: tables, windows, titles, notices, the log and what is said at the end;
//! - [`short`], `27.1k`: the header, the flow, charts and tabs, where a few columns must always do. A cell of a
//!   table has it only if the exact figure does not fit ([`within`]).
//!
//! Values of messages and states are written as they are in the application's JSON, and message numbers are names.
//! What commands report has plain digits, because scripts read it (`text::counted`).

use super::text::plural;

/// A count with its thousands apart: `999`, `1 234 567`.
#[must_use]
pub fn exact(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A count in three digits and a unit, from a thousand on: `999`, `1.00k`, `12.4k`, `1.23M`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub fn short(number: u64) -> String {
    const UNITS: [&str; 6] = ["k", "M", "G", "T", "P", "E"];
    if number < 1000 {
        return number.to_string();
    }
    let mut scaled = number as f64;
    for unit in UNITS {
        scaled /= 1000.0;
        // What would be rounded to a thousand is one of the next unit.
        if scaled < 999.5 {
            let digits = if scaled < 9.995 { 2 } else { usize::from(scaled < 99.95) };
            return format!("{scaled:.digits$}{unit}");
        }
    }
    exact(number)
}

/// The exact figure if it fits so many columns, else the short one.
#[must_use]
pub fn within(number: u64, columns: usize) -> String {
    let text = exact(number);
    if text.len() <= columns { text } else { short(number) }
}

/// An exact figure and its noun: `1 worker`, `27 104 messages`.
#[must_use]
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {}", exact(number), plural(number, noun))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_figure_has_its_thousands_apart() {
        assert_eq!([exact(0), exact(999), exact(1000)], ["0", "999", "1 000"]);
        assert_eq!([exact(27_104), exact(1_234_567)], ["27 104", "1 234 567"]);
        assert_eq!([counted(1, "crash"), counted(1003, "vote")], ["1 crash", "1 003 votes"]);
    }

    #[test]
    fn a_short_figure_has_three_digits_and_a_unit_whatever_it_is_rounded_to() {
        assert_eq!([short(0), short(999), short(1000)], ["0", "999", "1.00k"]);
        assert_eq!([short(9_994), short(9_996), short(12_345)], ["9.99k", "10.0k", "12.3k"]);
        assert_eq!([short(99_960), short(999_499), short(999_999)], ["100k", "999k", "1.00M"]);
        assert_eq!([short(1_234_567), short(u64::MAX)], ["1.23M", "18.4E"]);
        let all = (0..64).flat_map(|bit| [1_u64 << bit, (1 << bit) - 1, u64::MAX >> bit]);
        assert!(all.into_iter().all(|number| short(number).len() <= 5));
    }

    #[test]
    fn a_figure_is_exact_wherever_it_fits() {
        assert_eq!([within(27_104, 6), within(27_104, 5)], ["27 104", "27.1k"]);
    }
}
