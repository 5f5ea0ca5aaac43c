//! Many lines in two numbers.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

use serde::{Deserialize, Serialize};

/// What lines come to, each of which begins with its key and has `=` behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Of all lines in their order.
    pub whole: u64,
    /// Of each key's lines in their order, whatever is between them.
    pub by_key: u64,
}

/// Makes a digest, one line after the other.
#[derive(Default)]
pub struct Digester {
    whole: DefaultHasher,
    by_key: BTreeMap<Vec<u8>, DefaultHasher>,
}

impl Digester {
    /// Adds a line, its end included.
    pub fn add(&mut self, line: &[u8]) {
        self.whole.write(line);
        let key = line.split(|byte| *byte == b'=').next().unwrap_or_default();
        match self.by_key.get_mut(key) {
            Some(hasher) => hasher.write(line),
            None => self.by_key.entry(key.to_vec()).or_default().write(line),
        }
    }

    /// The digest of all lines that were added.
    pub fn finish(&self) -> Digest {
        let mut by_key = DefaultHasher::new();
        self.by_key.values().for_each(|hasher| by_key.write_u64(hasher.finish()));
        Digest { whole: self.whole.finish(), by_key: by_key.finish() }
    }
}

impl Digest {
    /// The digest of lines.
    pub fn of(lines: &[u8]) -> Self {
        let mut digester = Digester::default();
        lines.split_inclusive(|byte| *byte == b'\n').for_each(|line| digester.add(line));
        digester.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_two_keys_may_change_places_and_those_of_one_may_not() {
        let digest = Digest::of(b"a => 1\nab=1\na => 2\n");
        let other = Digest::of(b"a => 1\na => 2\nab=1\n");
        assert_eq!(other.by_key, digest.by_key);
        assert_ne!(other.whole, digest.whole);
        let wrong = Digest::of(b"a => 2\nab=1\na => 1\n");
        assert_ne!(wrong.by_key, digest.by_key);
    }
}
