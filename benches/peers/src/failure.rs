//! Why the command ends early.

use std::error::Error;

/// Any error: it is said, and ends the command.
pub type Failure = Box<dyn Error + Send + Sync>;
