//! Names that are repeated: each stands once in the bytes, and is a number after that.
//!
//! A name is an integer: the number of an earlier one, from 0; or how many there were before, and then the new name
//! follows as a text.

use std::collections::HashMap;
use std::sync::Arc;

use super::packed::{blob, integer, take_blob, take_size};

/// The names that were written so far.
#[derive(Debug, Default)]
pub(super) struct NamesWritten(HashMap<Arc<str>, u64>);

impl NamesWritten {
    /// Appends a name.
    pub fn append(&mut self, name: &Arc<str>, to: &mut Vec<u8>) {
        let next = self.0.len() as u64;
        if let Some(number) = self.0.get(name) {
            integer(*number, to);
            return;
        }
        self.0.insert(Arc::clone(name), next);
        integer(next, to);
        blob(name.as_bytes(), to);
    }
}

/// The names that were read so far.
#[derive(Debug, Default)]
pub(super) struct NamesRead(Vec<Arc<str>>);

impl NamesRead {
    /// Takes a name off. `None` if the bytes do not begin with one.
    pub fn take(&mut self, rest: &mut &[u8]) -> Option<Arc<str>> {
        let number = take_size(rest)?;
        if number == self.0.len() {
            self.0.push(Arc::from(str::from_utf8(take_blob(rest)?).ok()?));
        }
        self.0.get(number).map(Arc::clone)
    }
}
