//! How a person types a line: as it is, with `\xNN` for any byte and `\\` for a backslash.
//!
//! That is how the workbench shows bytes, so what it shows can be typed: `one\x0atwo` is a text of
//! two lines, and `\xff` one that cannot be decoded, on purpose.

use wallaroo::{Reason, parse_key_text};

/// The payload of a typed line.
pub fn parse(text: &str) -> Result<Vec<u8>, Reason> {
    parse_key_text(text).map_err(|_| {
        r"after a backslash type x and two hexadecimal digits (\xNN), or another backslash".into()
    })
}
