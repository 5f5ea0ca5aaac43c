//! How a person types a text: as it is, with `\xNN` for any byte and `\\` for a backslash.
//!
//! That is how the workbench shows bytes, so what it shows can be typed. The bytes need not be
//! UTF-8: a text that cannot be decoded is easily typed on purpose.

use wallaroo::{Reason, parse_key_text};

/// The payload of a typed text.
pub fn parse(text: &str) -> Result<Vec<u8>, Reason> {
    parse_key_text(text).map_err(|_| {
        r"after a backslash type x and two hexadecimal digits (\xNN), or another backslash".into()
    })
}
