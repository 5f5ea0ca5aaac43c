//! What `run` and the workbench do before the engine starts: its endpoints, the files beside them, the log.

pub(super) mod children;
pub(super) mod cluster;
pub(super) mod control;
pub(super) mod endpoints;
pub(super) mod files;
pub(super) mod log;
pub(super) mod program;
pub(super) mod rows;
