//! The names under which the positions of files are saved: the same however a file is named, and
//! wherever a program is started.

use std::fs::canonicalize;
use std::sync::Arc;

use super::settings::Settings;
use crate::endpoints::Endpoint;

/// The names under which positions are saved.
pub(super) struct SavedNames {
    /// For each pipeline, that of its source, where it is a file.
    pub sources: Vec<Option<Arc<str>>>,
    /// For each pipeline, one a sink.
    pub sinks: Vec<Vec<Endpoint>>,
}

impl SavedNames {
    /// The names of endpoints that are open, so that their files are there.
    pub fn new(settings: &Settings) -> Self {
        let source = |endpoint: &Endpoint| match whole(endpoint) {
            Endpoint::File(path) => Some(path.display().to_string().into()),
            Endpoint::Tcp(_) | Endpoint::Standard | Endpoint::Null => None,
        };
        Self {
            sources: settings.sources.iter().map(source).collect(),
            sinks: settings.sinks.iter().map(|sinks| sinks.iter().map(whole).collect()).collect(),
        }
    }
}

/// The endpoint with its file's whole path, without links.
fn whole(endpoint: &Endpoint) -> Endpoint {
    match endpoint {
        // Where the system does not know it, it has the name that it was given.
        Endpoint::File(path) => Endpoint::File(canonicalize(path).unwrap_or_else(|_| path.clone())),
        other => other.clone(),
    }
}
