//! `record export`: a recording, or a part of it, as a single file.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::of_app::{recorded_topology, refuse_beyond};
use super::printed::print_lines;
use crate::application::Key;
use crate::cli::app::App;
use crate::cli::arguments::ExportArguments;
use crate::cli::failure::Failure;
use crate::core::frames::pieces::Pieces;
use crate::core::numbers::Epoch;
use crate::core::replay::recording::Entered;
use crate::core::replay::sliced::{SliceError, Sliced};
use crate::core::text::counted;
use crate::core::topology::Topology;
use crate::endpoints::is_inside;
use crate::resilience::ResilienceError;
use crate::resilience::history::{self, OnDisk, Recording, Written, read_again};

/// Which part of a recording is written.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    /// The checkpoints at its beginning and at its end.
    epochs: (Epoch, Epoch),
    /// Its first and its last message. If it has none, the first is one more than the last.
    messages: (u64, u64),
}

pub(super) fn export(apps: &[App], arguments: &ExportArguments) -> Result<(), Failure> {
    let ExportArguments { recording: path, from, to, keys, out } = arguments;
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        return Err(Failure::Usage(format!("--from {from} is behind --to {to}")));
    }
    if path.is_dir() && is_inside(out, path) {
        return Err(Failure::Usage(format!(
            "--out names {}, which is in the resilience directory {}: choose another place",
            out.display(),
            path.display()
        )));
    }
    let on_disk = OnDisk::open(path).map_err(Failure::failed)?;
    let recording = on_disk.recording();
    let all = recording.summary().messages;
    for (option, message) in [("--from", from), ("--to", to)] {
        refuse_beyond(option, *message, all)?;
    }
    let chapters = recording.chapters().map(|chapter| (chapter.epoch, chapter.messages));
    let part = part_of(recording.first(), chapters, (from.unwrap_or(0), to.unwrap_or(u64::MAX)));
    let topology = recorded_topology(apps, recording.identity());
    let (begin, end) = part.epochs;
    let held = if keys.is_empty() {
        // Only frames in files need the application.
        let read = |entered: &Entered| read_pieces(entered, topology.as_deref(), recording);
        history::export(recording, part.epochs, out, read).map_err(Failure::failed)?;
        let (first, last) = part.messages;
        match (last + 1).saturating_sub(first) {
            0 => "no messages".to_owned(),
            count => format!("{}, {first} to {last}", counted(count, "message")),
        }
    } else {
        let topology = topology.ok_or_else(|| Failure::Failed(not_here(recording)))?;
        slice(topology, on_disk.part(part.epochs), keys, out)?
    };
    print_lines(&format!(
        "{} has {held} of {all}, from checkpoint {begin} to {end}\n",
        out.display()
    ))
}

/// Writes what happened at some keys, and says what that is.
fn slice(
    topology: Arc<Topology>,
    recording: OnDisk,
    keys: &[Key],
    out: &Path,
) -> Result<String, Failure> {
    let mut sliced = Sliced::new(topology, &recording, keys).map_err(Failure::failed)?;
    let base = sliced.base().clone();
    let held = format!(
        "{} at {}",
        counted(sliced.messages(), "message"),
        counted(sliced.keys() as u64, "key")
    );
    let saved_at = recording.recording().chapters().map(|info| (info.epoch, info.saved_at));
    let saved_at: BTreeMap<Epoch, u64> = saved_at.collect();
    let recording = recording.recording();
    let chapters = sliced.by_ref().map(|sliced| {
        let no_slice =
            |error: SliceError| ResilienceError::refused(recording.path(), error.to_string());
        let (chapter, changed) = sliced.map_err(no_slice)?;
        let saved_at = saved_at.get(&chapter.epoch).copied().unwrap_or_default();
        Ok(Written { chapter, changed, saved_at })
    });
    history::write_new(recording, &base, chapters, out).map_err(Failure::failed)?;
    Ok(held)
}

/// The whole chapters from a message to another. `chapters` are those of a recording with this base, each with its epoch
/// and how many messages entered.
fn part_of(
    base: Epoch,
    chapters: impl Iterator<Item = (Epoch, u64)>,
    (from, to): (u64, u64),
) -> Part {
    let mut part = Part { epochs: (base, base), messages: (1, 0) };
    let mut before = 0;
    for (epoch, messages) in chapters {
        let last = before + messages;
        if before >= to {
            break;
        }
        if last < from {
            part = Part { epochs: (epoch, epoch), messages: (last + 1, last) };
        } else {
            (part.epochs.1, part.messages.1) = (epoch, last);
        }
        before = last;
    }
    part
}

/// Reads frames of a file again, and cuts them as the application does.
fn read_pieces(
    entered: &Entered,
    topology: Option<&Topology>,
    recording: &Recording,
) -> io::Result<Pieces> {
    let plan = topology.and_then(|topology| topology.pipelines().get(entered.pipeline.0));
    let Some(plan) = plan else { return Err(io::Error::other(not_here(recording))) };
    let framing = &plan.source.framing;
    let frames = read_again(entered, framing).map_err(io::Error::other)?;
    Ok(Pieces::new(frames.bytes().clone(), frames.ends().to_vec(), frames.byte_offset()))
}

fn not_here(recording: &Recording) -> String {
    let application = &recording.identity().application;
    format!(
        "its frames are cut by the application `{application}` as it was run, which this program does not have: use the \
         program that has recorded it"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(from: u64, to: u64) -> (u64, u64, u64, u64) {
        let chapters = [(11, 10), (12, 0), (13, 5), (14, 5), (15, 0)];
        let chapters = chapters.into_iter().map(|(epoch, messages)| (Epoch(epoch), messages));
        let Part { epochs, messages } = part_of(Epoch(10), chapters, (from, to));
        (epochs.0.0, epochs.1.0, messages.0, messages.1)
    }

    #[test]
    fn a_part_begins_and_ends_at_checkpoints_and_has_all_that_is_wanted() {
        assert_eq!(part(0, u64::MAX), (10, 15, 1, 20));
        assert_eq!(part(1, 10), (10, 11, 1, 10));
        assert_eq!(part(10, 11), (10, 13, 1, 15));
        assert_eq!(part(11, 11), (12, 13, 11, 15));
        assert_eq!(part(16, u64::MAX), (13, 15, 16, 20));
        assert_eq!(part(20, 20), (13, 14, 16, 20));
    }

    #[test]
    fn a_recording_without_messages_is_a_part_without_messages() {
        let none = part_of(Epoch(3), std::iter::empty(), (0, u64::MAX));
        assert_eq!(none, Part { epochs: (Epoch(3), Epoch(3)), messages: (1, 0) });
    }
}
