//! Many lines in two numbers.

use std::hash::{DefaultHasher, Hasher};

use serde::{Deserialize, Serialize};

/// What lines of the alphabet come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Of all lines in their order.
    pub whole: u64,
    /// Of each letter's lines in their order, whatever is between them.
    pub by_letter: u64,
}

/// Makes a digest, one line after the other.
pub struct Digester {
    whole: DefaultHasher,
    by_letter: Vec<DefaultHasher>,
}

impl Default for Digester {
    fn default() -> Self {
        let letters = usize::from(u8::MAX) + 1;
        Self { whole: DefaultHasher::new(), by_letter: vec![DefaultHasher::new(); letters] }
    }
}

impl Digester {
    /// Adds a line, its end included.
    pub fn add(&mut self, line: &[u8]) {
        self.whole.write(line);
        let letter = line.first().copied().map_or(0, usize::from);
        if let Some(hasher) = self.by_letter.get_mut(letter) {
            hasher.write(line);
        }
    }

    /// The digest of all lines that were added.
    pub fn finish(&self) -> Digest {
        let mut by_letter = DefaultHasher::new();
        self.by_letter.iter().for_each(|hasher| by_letter.write_u64(hasher.finish()));
        Digest { whole: self.whole.finish(), by_letter: by_letter.finish() }
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
    fn lines_of_two_letters_may_change_places_and_those_of_one_may_not() {
        let digest = Digest::of(b"a => 1\nb => 1\na => 2\n");
        let other = Digest::of(b"a => 1\na => 2\nb => 1\n");
        assert_eq!(other.by_letter, digest.by_letter);
        assert_ne!(other.whole, digest.whole);
        let wrong = Digest::of(b"a => 2\nb => 1\na => 1\n");
        assert_ne!(wrong.by_letter, digest.by_letter);
    }
}
