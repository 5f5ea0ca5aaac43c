//! How long processes wait for each other while they meet.

use std::time::Duration;

/// How long processes wait for each other while they meet.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For each answer of a handshake.
    pub answer: Duration,
    /// For all connections of a life.
    pub mesh: Duration,
    /// For a sign that another process lives.
    pub alive: Duration,
    /// Between two tries to reach another process.
    pub retry: Duration,
    /// Between two signs that process 0 gives.
    pub tick: Duration,
}

impl Patience {
    /// Another process is taken for lost when it gives no sign of life for so long.
    pub fn of(alive: Duration) -> Self {
        let usual = Self::default();
        let (mesh, tick) = (usual.mesh.max(alive), usual.tick.min(alive / 5));
        Self { mesh, alive, tick, ..usual }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(5),
            mesh: Duration::from_secs(10),
            alive: Duration::from_secs(10),
            retry: Duration::from_millis(200),
            tick: Duration::from_secs(1),
        }
    }
}
