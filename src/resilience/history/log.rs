//! What a worker did in a chapter, as bytes.
//!
//! The integers, texts and blobs are those of [`packed`](super::packed), the names of sources those of
//! [`names`](super::names). FORMAT.md has the layout. Nothing here knows files.

use bytes::Bytes;

use super::names::{NamesRead, NamesWritten};
use super::packed::{blob, integer, integers, take_blob, take_integer, take_size};
use crate::core::frames::pieces::Pieces;
use crate::core::numbers::{PipelineIndex, SequenceNumber, Timestamp};
use crate::core::replay::recording::{Content, Entered, WorkerLog};

/// The max number of frames without a byte that are together.
const MANY_EMPTY: u32 = 65_536;

/// What is in frames that entered, as a number.
const FRAMES: u64 = 0;
const FILE: u64 = 1;
const NUMBERS: u64 = 2;

/// Gives the bytes of a log to `put`, in order. The bytes of frames are not copied before that.
pub(super) fn write<E>(
    log: &WorkerLog,
    mut put: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let (mut around, mut names) = (Vec::new(), NamesWritten::default());
    blob(&log.schedule, &mut around);
    integer(log.entered.len() as u64, &mut around);
    for entered in &log.entered {
        let Entered { pipeline, source, first, read_at, count, content } = entered;
        integer(pipeline.0 as u64, &mut around);
        names.append(source, &mut around);
        integers(&[first.0, read_at.0, *count], &mut around);
        match content {
            Content::Frames(pieces) => {
                integer(FRAMES, &mut around);
                integer(pieces.offset(0), &mut around);
                append_ends(pieces.ends(), &mut around);
                let length = usize::try_from(pieces.byte_length()).unwrap_or(usize::MAX);
                let bytes = pieces.bytes().get(..length).unwrap_or_default();
                debug_assert!(pieces.are_whole(), "ends ascend and are within the bytes");
                integer(bytes.len() as u64, &mut around);
                put(&around)?;
                around.clear();
                put(bytes)?;
            }
            Content::File { offset, length, checksum } => {
                integers(&[FILE, *offset, *length, u64::from(*checksum)], &mut around);
            }
            Content::Numbers { from } => integers(&[NUMBERS, *from], &mut around),
        }
    }
    put(&around)
}

/// The log that these bytes are, to the last. `None` if they are none. Its frames are parts of the bytes.
pub(super) fn read(all: &Bytes) -> Option<WorkerLog> {
    let (mut rest, mut names) = (&all[..], NamesRead::default());
    let schedule = take_blob(&mut rest)?.to_vec();
    let count = take_integer(&mut rest)?;
    let mut entered = Vec::new();
    for _ in 0..count {
        entered.push(take_entered(&mut rest, all, &mut names)?);
    }
    rest.is_empty().then_some(WorkerLog { schedule, entered })
}

fn take_entered(rest: &mut &[u8], all: &Bytes, names: &mut NamesRead) -> Option<Entered> {
    let pipeline = PipelineIndex(take_size(rest)?);
    let source = names.take(rest)?;
    let first = SequenceNumber(take_integer(rest)?);
    let read_at = Timestamp(take_integer(rest)?);
    let count = take_integer(rest)?;
    let content = match take_integer(rest)? {
        FRAMES => {
            let offset = take_integer(rest)?;
            let ends = take_ends(rest)?;
            let bytes = all.slice_ref(take_blob(rest)?);
            let whole = ends.len() as u64 == count
                && offset.checked_add(bytes.len() as u64).is_some()
                && ends.last().map_or(0, |end| *end as usize) == bytes.len();
            Content::Frames(whole.then(|| Pieces::new(bytes, ends, offset))?)
        }
        FILE => Content::File {
            offset: take_integer(rest)?,
            length: take_integer(rest)?,
            checksum: u32::try_from(take_integer(rest)?).ok()?,
        },
        NUMBERS => Content::Numbers { from: take_integer(rest)? },
        _ => return None,
    };
    Some(Entered { pipeline, source, first, read_at, count, content })
}

/// Appends where frames end: their number, then the length of each plus one if they all have the same; otherwise 0 and
/// each length.
fn append_ends(ends: &[u32], to: &mut Vec<u8>) {
    integer(ends.len() as u64, to);
    let same = ends.first().copied().filter(|length| {
        (1..).zip(ends).all(|(frame, end)| length.checked_mul(frame) == Some(*end))
    });
    if let Some(length) = same {
        integer(u64::from(length) + 1, to);
        return;
    }
    integer(0, to);
    let mut before = 0;
    for end in ends {
        integer(u64::from(end.saturating_sub(before)), to);
        before = *end;
    }
}

fn take_ends(rest: &mut &[u8]) -> Option<Vec<u32>> {
    // What has more frames than this was not written by this program.
    let count = u32::try_from(take_integer(rest)?).ok()?;
    if let Some(length) = take_integer(rest)?.checked_sub(1) {
        // Frames without bytes are few: otherwise some bytes could say that there are billions of them.
        let is_possible = |length: &u32| *length > 0 || count <= MANY_EMPTY;
        let length = u32::try_from(length).ok().filter(is_possible)?;
        return (1..=count).map(|frame| length.checked_mul(frame)).collect();
    }
    let (mut ends, mut end) = (Vec::new(), 0_u32);
    for _ in 0..count {
        end = end.checked_add(u32::try_from(take_integer(rest)?).ok()?)?;
        ends.push(end);
    }
    Some(ends)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;
    use crate::resilience::history::tests::model::worker_log;

    fn written(log: &WorkerLog) -> Bytes {
        let mut all = Vec::new();
        let put = |bytes: &[u8]| {
            all.extend_from_slice(bytes);
            Ok::<_, Infallible>(())
        };
        write(log, put).unwrap();
        Bytes::from(all)
    }

    proptest! {
        #[test]
        fn a_log_comes_back_as_it_was_written(log in worker_log()) {
            prop_assert_eq!(read(&written(&log)), Some(log));
        }

        #[test]
        fn a_log_that_is_cut_is_none(log in worker_log(), cut: prop::sample::Index) {
            let all = written(&log);
            prop_assert_eq!(read(&all.slice(..cut.index(all.len()))), None);
        }

        #[test]
        fn no_bytes_make_reading_panic(bytes: Vec<u8>) {
            let _ = read(&Bytes::from(bytes));
        }
    }
}
