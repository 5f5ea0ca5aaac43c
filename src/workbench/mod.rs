//! The terminal UI.
use crate::core::topology::Topology;
use crate::runtime::Settings;
use std::sync::Arc;
/// Runs it.
pub fn run(_: Arc<Topology>, _: Settings) -> std::io::Result<()> {
    Ok(())
}
