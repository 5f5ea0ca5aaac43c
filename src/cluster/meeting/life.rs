//! Which life of a cluster: from one meeting of all its processes to the next.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A random number that process 0 makes whenever all have come. Sockets of two lives never get mixed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Life([u8; 16]);

impl Life {
    /// A life that has never been before.
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// A life with a number, for models.
    #[cfg(test)]
    pub fn numbered(number: u64) -> Self {
        Self(u128::from(number).to_be_bytes())
    }
}

impl fmt::Display for Life {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(4).try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}
