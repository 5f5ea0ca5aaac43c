//! What is heard of the children, and by whom.

use std::process::ExitStatus;
use std::sync::Arc;

use tokio::sync::watch;

use crate::core::numbers::ProcessIndex;

/// What is heard of a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It has written this line to standard error.
    Line(String),
    /// It has ended, and nobody has ended it here.
    Ended(ExitStatus),
}

/// Whoever is told of the children.
pub(super) type Tell = Arc<dyn Fn(ProcessIndex, Told) + Send + Sync>;

/// The first child that has ended by itself.
pub(super) type FirstEnd = watch::Sender<Option<(ProcessIndex, ExitStatus)>>;
