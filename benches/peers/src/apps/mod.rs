//! The applications that the engine runs.

#[path = "../../../../apps/alphabet/mod.rs"]
#[allow(dead_code, reason = "only the topology is used here")]
pub mod alphabet;
pub mod keys;
#[path = "../../../../apps/stations/mod.rs"]
#[allow(dead_code, reason = "only the topology is used here, and what the loops by hand share with it")]
pub mod stations;
