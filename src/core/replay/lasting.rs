//! What is left of a recording without the messages that were taken back.

use super::error::ReplayError;
use super::script::Script;
use super::source::Recording;
use crate::core::topology::Topology;

/// A chapter of a recording.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChapterAt {
    /// Which one.
    pub chapter: usize,
    /// How many messages entered before it.
    pub start: u64,
}

/// What is left of a chapter.
pub(super) struct Left {
    pub script: Script,
    /// Whether that is all of it.
    pub is_whole: bool,
}

/// How many messages of a chapter were not taken back by the beginning of the chapter `by`.
pub(super) fn lasting(recording: &impl Recording, at: ChapterAt, by: usize) -> u64 {
    let ChapterAt { chapter, start } = at;
    let count = recording.chapters().get(chapter).map_or(0, |info| info.messages);
    let taken_back = recording.taken_back().iter().filter(|one| one.chapter < by);
    let places = taken_back.filter_map(|one| one.message?.checked_sub(start + 1));
    places.filter(|place| *place < count).min().unwrap_or(count)
}

/// A chapter without what was taken back by the beginning of the chapter `by`. What was taken back does not enter, so nothing
/// has to be put back; only of a message that the recording does not have any more, it has.
///
/// # Errors
///
/// It cannot be read.
pub(super) fn left_of(
    recording: &impl Recording,
    topology: &Topology,
    at: ChapterAt,
    by: usize,
) -> Result<Left, ReplayError> {
    let ChapterAt { chapter, .. } = at;
    let script = recording.script(chapter, topology)?;
    let lasting = lasting(recording, at, by);
    let mut all = recording.taken_back().iter().filter(|_| chapter < by);
    let puts_back = all.any(|one| one.chapter == chapter && one.message.is_some());
    let is_whole = !puts_back && lasting == script.messages();
    let script = if is_whole { script } else { script.without_from(lasting) };
    Ok(Left { script, is_whole })
}
