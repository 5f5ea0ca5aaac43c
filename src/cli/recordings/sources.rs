//! Where the frames of a recording are.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::core::replay::recording::Content;
use crate::resilience::ResilienceError;
use crate::resilience::history::Recording;

/// Where the frames of a recording are.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Sources {
    /// How many messages have their frames in the recording.
    pub messages_held: u64,
    /// How many messages their source makes itself.
    pub messages_made: u64,
    /// The files in which the others are, by their names.
    pub files: BTreeMap<String, InFile>,
}

/// What a recording needs of a file.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct InFile {
    /// How many messages.
    pub messages: u64,
    /// How many bytes.
    pub bytes: u64,
}

impl Sources {
    /// Reads all chapters of a recording.
    pub fn of(recording: &Recording) -> Result<Self, ResilienceError> {
        let mut sources = Self::default();
        for chapter in recording.chapters() {
            let chapter = recording.chapter(chapter.epoch)?;
            for entered in chapter.workers.iter().flat_map(|log| &log.entered) {
                match entered.content {
                    Content::Frames(_) => sources.messages_held += entered.count,
                    Content::Numbers { .. } => sources.messages_made += entered.count,
                    Content::File { length, .. } => {
                        let file = sources.files.entry(entered.source.to_string()).or_default();
                        file.messages += entered.count;
                        file.bytes += length;
                    }
                }
            }
        }
        Ok(sources)
    }
}
