//! Integers and texts as few bytes. Nothing here knows what they mean.
//!
//! An integer is 7 bits per byte, the lowest first; all of its bytes but the last have the highest bit set. A text or
//! blob is its length as such an integer, then its bytes. Integers of a history are mostly small.

/// The bits of a byte that are of the number.
const LOW: u8 = 0x7f;

/// How many they are.
const BITS: u32 = 7;

/// Appends an integer.
pub(super) fn integer(mut number: u64, to: &mut Vec<u8>) {
    while number > u64::from(LOW) {
        to.push(low_bits(number) | !LOW);
        number >>= BITS;
    }
    to.push(low_bits(number));
}

/// Appends integers, one after another.
pub(super) fn integers(numbers: &[u64], to: &mut Vec<u8>) {
    for number in numbers {
        integer(*number, to);
    }
}

fn low_bits(number: u64) -> u8 {
    number.to_le_bytes().first().copied().unwrap_or_default() & LOW
}

/// Appends a text or blob.
pub(super) fn blob(bytes: &[u8], to: &mut Vec<u8>) {
    integer(bytes.len() as u64, to);
    to.extend_from_slice(bytes);
}

/// Takes an integer off. `None` if the bytes do not begin with one of 64 bits.
pub(super) fn take_integer(rest: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0_u64, 0);
    loop {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        let bits = u64::from(byte & LOW);
        let shifted = bits.checked_shl(shift)?;
        if shifted >> shift != bits {
            return None;
        }
        number |= shifted;
        if byte & !LOW == 0 {
            return Some(number);
        }
        shift += BITS;
    }
}

/// Takes an integer off that is a length or a place in memory.
pub(super) fn take_size(rest: &mut &[u8]) -> Option<usize> {
    usize::try_from(take_integer(rest)?).ok()
}

/// Takes a text or blob off.
pub(super) fn take_blob<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = take_size(rest)?;
    let (bytes, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_appended_is_taken_off(number: u64, shift in 0_u32..64, bytes: Vec<u8>, behind: Vec<u8>) {
            let number = number >> shift;
            let mut all = Vec::new();
            integer(number, &mut all);
            blob(&bytes, &mut all);
            all.extend(&behind);
            let mut rest = &all[..];
            prop_assert_eq!(take_integer(&mut rest), Some(number));
            prop_assert_eq!(take_blob(&mut rest), Some(&bytes[..]));
            prop_assert_eq!(rest, &behind[..]);
        }

        #[test]
        fn no_bytes_make_reading_panic(bytes: Vec<u8>) {
            let mut rest = &bytes[..];
            while take_blob(&mut rest).is_some() {}
        }
    }

    #[test]
    fn small_integers_take_one_byte_and_more_than_64_bits_are_refused() {
        let length = |number| {
            let mut bytes = Vec::new();
            integer(number, &mut bytes);
            bytes.len()
        };
        assert_eq!((length(0), length(127), length(128), length(u64::MAX)), (1, 1, 2, 10));
        assert_eq!(take_integer(&mut &[0xff; 9][..]), None);
        let too_much = [&[0xff; 9][..], &[2]].concat();
        assert_eq!(take_integer(&mut &too_much[..]), None);
    }
}
