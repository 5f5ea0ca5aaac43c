//! What the commands about recordings print.

use std::io::{self, Write};

use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::setup::files::printed;
use crate::core::frames::preview::each_line;
use crate::core::json::write_json;

/// Prints a value as one JSON object.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let mut line = Vec::new();
    write_json(&mut line, value).map_err(Failure::failed)?;
    line.push(b'\n');
    print(&line)
}

/// Prints lines for people.
pub(super) fn print_lines(lines: &str) -> Result<(), Failure> {
    print(each_line(lines).as_bytes())
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    printed(out.write_all(bytes).and_then(|()| out.flush()))
}
