//! The terminal UI: the only folder that names ratatui and crossterm.

pub mod svg;

use crate::core::topology::Topology;
use crate::runtime::Settings;
use std::sync::Arc;
/// Runs it.
pub fn run(_: Arc<Topology>, _: Settings) -> std::io::Result<()> {
    Ok(())
}
