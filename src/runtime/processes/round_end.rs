//! How a round ends.

use serde::{Deserialize, Serialize};

/// How a round has ended, if nobody was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoundEnd {
    /// There will be another one, of another engine.
    Left,
    /// There will be another one, of the same engine with another number of workers.
    Rescaled,
    /// The run is over.
    Over,
    /// The run has failed, and nothing is saved of it.
    Failed,
}
