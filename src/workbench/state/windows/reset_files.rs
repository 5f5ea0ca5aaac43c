//! Which files a reset begins anew.

use std::path::Path;

use crate::endpoints::Endpoint;
use crate::runtime::Settings;

/// The regular files of an application that a reset begins anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResetFiles {
    /// The files of sources, which are read again.
    pub read: Vec<String>,
    /// The files of sinks, and the one of the dead letters, which are emptied.
    pub written: Vec<String>,
}

impl ResetFiles {
    /// Those of a run with these settings, and with this file for dead letters.
    pub fn of(settings: &Settings, dead_letters: Option<&Path>) -> Self {
        // One that is not there yet will be one.
        let is_regular = |path: &Path| path.is_file() || !path.exists();
        let regular = |path: &Path| is_regular(path).then(|| path.display().to_string());
        let file = |endpoint: &Endpoint| match endpoint {
            Endpoint::File(path) => regular(path),
            _ => None,
        };
        let letters = dead_letters.and_then(regular);
        let mut written: Vec<String> = Vec::new();
        for path in settings.sinks.iter().flatten().filter_map(file).chain(letters) {
            // Pipelines may share one.
            if !written.contains(&path) {
                written.push(path);
            }
        }
        Self { read: settings.sources.iter().filter_map(file).collect(), written }
    }
}
