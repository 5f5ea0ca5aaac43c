//! Simpler bytes.

use bytes::Bytes;

use super::nearer::{Payload, nearer_to_zero};

/// Simpler payloads of any bytes: fewer, with zeros in place of some, and with smaller big-endian integers of 1, 2, 4
/// or 8 bytes at any place.
pub fn simpler_binary(payload: &Bytes) -> Box<dyn Iterator<Item = Payload>> {
    Box::new(
        shorter(payload.clone()).chain(zeroed(payload.clone())).chain(smaller(payload.clone())),
    )
}

fn shorter(payload: Bytes) -> impl Iterator<Item = Payload> {
    let lengths = nearer_to_zero(payload.len() as u128);
    let lengths = lengths.filter_map(|length| usize::try_from(length).ok());
    lengths.filter_map(move |length| payload.get(..length).map(<[u8]>::to_vec))
}

/// Zeros in place of all, of halves, and of smaller and smaller pieces.
fn zeroed(payload: Bytes) -> impl Iterator<Item = Payload> {
    let pieces = (0..).map_while(|halvings| payload.len().checked_shr(halvings));
    let pieces: Vec<usize> = pieces.take_while(|piece| *piece > 0).collect();
    pieces.into_iter().flat_map(move |piece| {
        let payload = payload.clone();
        (0..payload.len()).step_by(piece).filter_map(move |at| {
            let mut simpler = payload.to_vec();
            let until = simpler.len().min(at + piece);
            let bytes = simpler.get_mut(at..until)?;
            let is_zero = bytes.iter().all(|byte| *byte == 0);
            bytes.fill(0);
            (!is_zero).then_some(simpler)
        })
    })
}

/// Smaller integers.
fn smaller(payload: Bytes) -> impl Iterator<Item = Payload> {
    [8, 4, 2, 1].into_iter().flat_map(move |width: usize| {
        let payload = payload.clone();
        (0..payload.len()).flat_map(move |at| {
            let payload = payload.clone();
            let bytes = payload.get(at..at + width).unwrap_or_default();
            // With zeros in the first half, it is a shorter integer, too.
            let has_width = bytes.iter().take(width.div_ceil(2)).any(|byte| *byte > 0);
            let bytes = if has_width { bytes } else { &[] };
            let number = bytes.iter().fold(0, |number, byte| number << 8 | u128::from(*byte));
            nearer_to_zero(number).filter_map(move |number| {
                let mut simpler = payload.to_vec();
                let bytes = number.to_be_bytes();
                simpler.get_mut(at..at + width)?.copy_from_slice(bytes.get(16 - width..)?);
                Some(simpler)
            })
        })
    })
}
