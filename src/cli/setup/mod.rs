//! What `run` and the workbench do before the engine starts: its endpoints, the files beside them, the log.

pub(super) mod control;
pub(super) mod endpoints;
pub(super) mod files;
pub(super) mod log;
