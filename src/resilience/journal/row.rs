//! A row of the journal as bytes.
//!
//! A row is its columns, one after another, and then their checksum, in the form in which a checksum takes columns: an
//! integer is 8 bytes, little-endian; a text or blob is its length as such an integer, then its bytes. So a row
//! tells where it ends, and one that is cut or changed is found out. Nothing here knows files.

use std::io::IoSlice;
use std::sync::Arc;

use bytes::Bytes;

use super::contents::Replayed;
use crate::core::frames::pieces::Pieces;
use crate::resilience::position::Slot;
use crate::resilience::sealed::{Seal, begin};

/// The bytes of an integer.
const INTEGER: usize = 8;

/// The columns of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Columns<'a> {
    pub row: u64,
    pub pipeline: &'a str,
    pub slot: Slot,
    pub source: &'a str,
    /// The offset of the first frame in its source.
    pub at: u64,
    /// Where each frame ends in `bytes`.
    pub ends: &'a [u32],
    pub bytes: &'a [u8],
}

/// Rows that are to be written one after another. The bytes of their frames are not copied.
pub(crate) struct Rows<'a> {
    seal: Seal,
    /// All of the rows but the bytes of their frames.
    around: Vec<u8>,
    /// The bytes of each row's frames, and before which byte of `around` they stand.
    frames: Vec<(usize, &'a [u8])>,
}

impl<'a> Rows<'a> {
    pub fn new(seal: Seal) -> Self {
        Self { seal, around: Vec::new(), frames: Vec::new() }
    }

    /// Adds a row. Returns how many bytes it has.
    pub fn push(&mut self, columns: &Columns<'a>) -> u64 {
        let Columns { row, pipeline, slot, source, at, ends, bytes } = *columns;
        let start = self.around.len();
        self.integer(row);
        self.text(pipeline);
        self.integer(slot.0);
        self.text(source);
        self.integer(at);
        append_ends(ends, &mut self.around);
        self.integer(bytes.len() as u64);
        let mut hasher = begin(Some(self.seal));
        hasher.update(self.around.get(start..).unwrap_or_default());
        hasher.update(bytes);
        self.frames.push((self.around.len(), bytes));
        self.integer(hasher.finalize().into());
        (self.around.len() - start + bytes.len()) as u64
    }

    /// All of the bytes, in order.
    pub fn slices(&self) -> Vec<IoSlice<'_>> {
        let (mut slices, mut start) = (Vec::with_capacity(2 * self.frames.len() + 1), 0);
        for (end, bytes) in &self.frames {
            slices.push(IoSlice::new(self.around.get(start..*end).unwrap_or_default()));
            slices.push(IoSlice::new(bytes));
            start = *end;
        }
        slices.push(IoSlice::new(self.around.get(start..).unwrap_or_default()));
        slices
    }

    fn integer(&mut self, number: u64) {
        self.around.extend(number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.integer(text.len() as u64);
        self.around.extend_from_slice(text.as_bytes());
    }
}

/// A row as it was found.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    pub row: u64,
    pub pipeline: &'a str,
    pub slot: Slot,
    /// How many frames it has.
    pub frames: u64,
    pub bytes: &'a [u8],
    /// How many bytes the whole row has.
    pub length: usize,
    source: &'a str,
    at: u64,
    ends: Ends<'a>,
}

impl<'a> Found<'a> {
    /// The row with which these bytes begin. `None` if they do not begin with a whole one.
    pub fn first_of(all: &'a [u8], seal: Seal) -> Option<Self> {
        let mut rest = all;
        let row = integer(&mut rest)?;
        let pipeline = blob(&mut rest)?;
        let slot = Slot(integer(&mut rest)?);
        let source = blob(&mut rest)?;
        let at = integer(&mut rest)?;
        let ends = blob(&mut rest)?;
        let bytes = blob(&mut rest)?;
        let columns = all.get(..all.len() - rest.len())?;
        let mut hasher = begin(Some(seal));
        hasher.update(columns);
        if integer(&mut rest)? != u64::from(hasher.finalize()) {
            return None;
        }
        let (pipeline, source) =
            (std::str::from_utf8(pipeline).ok()?, std::str::from_utf8(source).ok()?);
        let ends = Ends::of(ends)?;
        let (frames, length) = (ends.count, columns.len() + INTEGER);
        Some(Self { row, pipeline, slot, frames, bytes, length, source, at, ends })
    }

    /// The row as it is replayed, of the bytes in which it was found. `None` if its frames are not within its bytes.
    pub fn replayed(&self, all: &Bytes) -> Option<Replayed> {
        let pieces = Pieces::new(all.slice_ref(self.bytes), self.ends.unpacked()?, self.at);
        pieces.are_whole().then(|| Replayed {
            row: self.row,
            pipeline: Arc::from(self.pipeline),
            slot: self.slot,
            source: Arc::from(self.source),
            pieces,
            done: 0,
        })
    }
}

/// Takes an integer off.
fn integer(rest: &mut &[u8]) -> Option<u64> {
    let (number, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u64::from_le_bytes(*number))
}

/// Takes a text or blob off.
fn blob<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(integer(rest)?).ok()?;
    let (bytes, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(bytes)
}

/// Where the frames of a row end, as a blob: their number as an integer, then 4 bytes, the length of each, if they all have
/// the same; otherwise 4 bytes per frame.
#[derive(Debug, Clone, Copy)]
struct Ends<'a> {
    count: u64,
    numbers: &'a [[u8; 4]],
}

impl<'a> Ends<'a> {
    fn of(mut blob: &'a [u8]) -> Option<Self> {
        let count = integer(&mut blob)?;
        let (numbers, rest) = blob.as_chunks();
        let fits = numbers.len() == 1 || numbers.len() as u64 == count;
        (rest.is_empty() && fits).then_some(Self { count, numbers })
    }

    /// `None` if one is beyond what a row may have.
    fn unpacked(&self) -> Option<Vec<u32>> {
        let Ok(count) = u32::try_from(self.count) else { return None };
        match self.numbers {
            [length] => {
                let length = u32::from_le_bytes(*length);
                (1..=count).map(|frame| length.checked_mul(frame)).collect()
            }
            ends => Some(ends.iter().map(|end| u32::from_le_bytes(*end)).collect()),
        }
    }
}

fn append_ends(ends: &[u32], to: &mut Vec<u8>) {
    let same = ends.first().copied().filter(|length| {
        (1..).zip(ends).all(|(frame, end)| length.checked_mul(frame) == Some(*end))
    });
    let length = INTEGER + 4 * if same.is_some() { 1 } else { ends.len() };
    to.extend((length as u64).to_le_bytes());
    to.extend((ends.len() as u64).to_le_bytes());
    if let Some(length) = same {
        to.extend(length.to_le_bytes());
        return;
    }
    let start = to.len();
    to.resize(start + 4 * ends.len(), 0);
    let places = to.get_mut(start..).unwrap_or_default().as_chunks_mut().0;
    for (place, end) in places.iter_mut().zip(ends) {
        *place = end.to_le_bytes();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SEAL: Seal = Seal { directory: 7, generation: 0, worker: 0 };

    /// A row with frames of these lengths.
    fn written(row: u64, source: &str, lengths: &[u32]) -> (Vec<u8>, Vec<u32>, Vec<u8>) {
        let ends: Vec<u32> = lengths
            .iter()
            .scan(0, |end, length| {
                *end += length;
                Some(*end)
            })
            .collect();
        let length = ends.last().map_or(0, |end| *end as usize);
        let bytes: Vec<u8> = (0..=255).cycle().take(length).collect();
        let (slot, at) = (Slot(5), 1 << 40);
        let columns =
            Columns { row, pipeline: "votes", slot, source, at, ends: &ends, bytes: &bytes };
        let mut rows = Rows::new(SEAL);
        let length = rows.push(&columns);
        let file: Vec<u8> = rows.slices().iter().flat_map(|slice| slice.to_vec()).collect();
        assert_eq!(file.len() as u64, length);
        (file, ends, bytes)
    }

    fn lengths() -> impl Strategy<Value = Vec<u32>> {
        let same = (0_u32..40, 0_usize..30).prop_map(|(length, count)| vec![length; count]);
        prop_oneof![same, prop::collection::vec(0_u32..40, 0..30)]
    }

    proptest! {
        #[test]
        fn what_was_written_is_found(row: u64, source in "[a-ü]{0,9}", lengths in lengths(), rest: [u8; 9]) {
            let (file, ends, bytes) = written(row, &source, &lengths);
            let all = Bytes::from([&file[..], &rest].concat());
            let found = Found::first_of(&all, SEAL).unwrap();
            prop_assert_eq!((found.length, found.frames), (file.len(), ends.len() as u64));
            let replayed = found.replayed(&all).unwrap();
            prop_assert_eq!((replayed.row, &*replayed.pipeline, replayed.slot), (row, "votes", Slot(5)));
            prop_assert_eq!(&*replayed.source, &*source);
            prop_assert_eq!(replayed.pieces, Pieces::new(Bytes::from(bytes), ends, 1 << 40));
        }

        #[test]
        fn a_row_that_is_cut_anywhere_is_not_whole(lengths in lengths(), cut: prop::sample::Index) {
            let (file, ..) = written(3, "client", &lengths);
            let cut = cut.index(file.len());
            prop_assert!(Found::first_of(&file[..cut], SEAL).is_none());
            // Its end may never have come to the disk.
            let mut zeros = file.clone();
            zeros[cut..].fill(0);
            prop_assert!(zeros == file || Found::first_of(&zeros, SEAL).is_none());
        }

        #[test]
        fn a_row_with_a_changed_bit_is_not_whole(lengths in lengths(), at: prop::sample::Index, bit in 0..8) {
            let (mut file, ..) = written(3, "client", &lengths);
            let at = at.index(file.len());
            file[at] ^= 1_u8 << bit;
            prop_assert!(Found::first_of(&file, SEAL).is_none());
        }
    }

    #[test]
    fn frames_of_one_length_take_no_room_for_their_ends() {
        let room = |lengths: &[u32]| written(1, "", lengths).0.len() - written(1, "", &[]).0.len();
        assert_eq!((room(&[12; 100]), room(&[12; 1])), (1200 + 4, 12 + 4));
        let different: Vec<u32> = (0..100).map(|at| 11 + at % 3).collect();
        assert_eq!(room(&different), different.iter().sum::<u32>() as usize + 400);
    }

    #[test]
    fn a_row_of_another_directory_is_not_ours() {
        let (file, ..) = written(1, "client", &[3]);
        assert!(Found::first_of(&file, Seal { directory: 8, ..SEAL }).is_none());
    }
}
