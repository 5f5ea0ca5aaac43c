//! The names under which the positions of files are saved: the same however a file is named, and
//! wherever a program is started.

use std::fs::canonicalize;
use std::sync::Arc;

use crate::endpoints::Endpoint;
use crate::resilience::Position;
use crate::runtime::settings::Settings;

/// The names under which positions are saved.
pub(crate) struct SavedNames {
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

impl SavedNames {
    /// Whether one of the sinks writes the file of this position, where the position is not its own.
    pub fn are_overwritten(&self, position: &Position) -> bool {
        let named = match position {
            Position::Journal { .. } => return false,
            Position::Source { endpoint, .. } => Endpoint::File(endpoint.into()).to_string(),
            Position::Sink { endpoint, .. } => endpoint.clone(),
        };
        self.sinks.iter().flatten().any(|sink| sink.to_string() == named)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_of_a_file_that_is_written_anew_elsewhere_is_no_position_any_more() {
        let file = |name: &str| Endpoint::File(format!("/nowhere/{name}").into());
        let names = SavedNames { sources: Vec::new(), sinks: vec![vec![file("b"), file("a")]] };
        let sink = |name| Position::Sink {
            pipeline: "p".into(),
            sink: 0,
            endpoint: file(name).to_string(),
            offset: 7,
        };
        let source = |name: &str| Position::Source {
            pipeline: "p".into(),
            endpoint: format!("/nowhere/{name}"),
            offset: 7,
        };
        assert!(names.are_overwritten(&sink("a")) && names.are_overwritten(&source("b")));
        assert!(!names.are_overwritten(&sink("c")) && !names.are_overwritten(&source("c")));
    }
}
