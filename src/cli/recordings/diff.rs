//! `diff`: compares two digests.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde::Serialize;

use super::printed::{print_json, print_lines};
use crate::cli::arguments::DiffArguments;
use crate::cli::failure::Failure;
use crate::core::replay::digest::{
    CompareError, Comparison, Difference, DigestReader, Which, compare,
};
use crate::core::text::counted;

/// The exit status of two digests that are different.
const DIFFERENT: u8 = 1;

/// The exit status of two that cannot be compared.
const NOT_COMPARABLE: u8 = 2;

/// What `diff --json` prints.
#[derive(Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
enum Answer<'a> {
    Equal { epochs: u64 },
    Different(&'a Difference),
    NotComparable { why: &'a str },
}

pub(in crate::cli) fn diff(arguments: &DiffArguments) -> Result<(), Failure> {
    let DiffArguments { first, second, json } = arguments;
    let comparison = compare(read(first)?, read(second)?).map_err(|error| {
        let CompareError { which, error } = error;
        let path = match which {
            Which::First => first,
            Which::Second => second,
        };
        unreadable(path, error)
    })?;
    if *json {
        print_json(&match &comparison {
            Comparison::Equal { epochs } => Answer::Equal { epochs: *epochs },
            Comparison::Different(difference) => Answer::Different(difference),
            Comparison::NotComparable { why } => Answer::NotComparable { why },
        })?;
    }
    match comparison {
        Comparison::Equal { epochs } if !json => {
            print_lines(&format!("equal at {}\n", counted(epochs, "checkpoint")))
        }
        Comparison::Equal { .. } => Ok(()),
        Comparison::Different(difference) => {
            if !json {
                print_lines(&format!("{difference}\n"))?;
            }
            Err(Failure::Answered(DIFFERENT))
        }
        Comparison::NotComparable { .. } if *json => Err(Failure::Answered(NOT_COMPARABLE)),
        Comparison::NotComparable { why } => Err(Failure::Usage(why)),
    }
}

fn read(path: &Path) -> Result<DigestReader<BufReader<File>>, Failure> {
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    DigestReader::new(BufReader::new(file)).map_err(|error| unreadable(path, error))
}

/// It can be said neither that they are equal nor that they are different.
fn unreadable(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::Usage(format!("{} cannot be compared: {error}", path.display()))
}
