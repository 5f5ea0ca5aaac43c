//! Which files a reset begins anew.

/// The regular files of an application that a reset begins anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResetFiles {
    /// The files of sources, which are read again.
    pub read: Vec<String>,
    /// The files of sinks, and the one of the dead letters, which are emptied.
    pub written: Vec<String>,
}
