//! Why the workbench ends by itself.

use std::io;
use std::sync::Arc;

use thiserror::Error;

use crate::runtime::EngineError;
use crate::telemetry::DeadLettersLost;

/// Why the workbench ended by itself.
#[derive(Debug, Error)]
pub enum WorkbenchError {
    /// The terminal cannot be used.
    #[error("cannot use the terminal: {0}")]
    Terminal(#[from] io::Error),
    /// The engine cannot start.
    #[error(transparent)]
    Start(#[from] EngineError),
    /// The engine could not go on.
    #[error("{0}")]
    Engine(Arc<EngineError>),
    /// Not all dead letters are in their file.
    #[error(transparent)]
    DeadLettersLost(#[from] DeadLettersLost),
}
