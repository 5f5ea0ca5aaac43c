//! What an encoder writes to.

#![expect(
    clippy::inline_always,
    reason = "an encoder's appends are made one: where the bytes end stays in a register"
)]

use std::{fmt, io};

use super::decimal::{EIGHT_DIGITS, eight_digits, first_digits};

/// Where an encoder writes the bytes of a message. It can append and nothing else, so it writes straight to
/// where the outputs of many messages are gathered, and cannot touch those of other messages.
///
/// It implements [`io::Write`] and [`fmt::Write`], for `write!` and for whatever writes to those. The
/// methods of its own are much faster than `write!`.
///
/// ```
/// use wallaroo::{Encoder, Out};
///
/// fn line((name, total): &(String, u64), output: &mut Out<'_>) {
///     output.text(name);
///     output.text(": ");
///     output.decimal(*total);
///     output.byte(b'\n');
/// }
///
/// assert_eq!(line.encoded(&("rides".to_owned(), 12)).unwrap(), b"rides: 12\n");
/// ```
pub struct Out<'a> {
    /// What has been written, and behind it bytes without a meaning: room for more. A `Vec` is only appended
    /// to by looking at its length and changing it, while `end` may stay in a register.
    buffer: &'a mut Vec<u8>,
    /// Where the room begins.
    end: usize,
    /// For encoders that write to a `Vec`.
    scratch: &'a mut Vec<u8>,
}

impl<'a> Out<'a> {
    /// Writes behind the first `end` bytes of a buffer, over those that are there. The buffer becomes longer
    /// if that is not enough.
    #[inline(always)]
    pub(crate) fn new(buffer: &'a mut Vec<u8>, end: usize, scratch: &'a mut Vec<u8>) -> Self {
        debug_assert!(end <= buffer.len(), "what has been written is within the buffer");
        Self { buffer, end, scratch }
    }

    /// Where in its buffer it has written up to.
    #[inline(always)]
    pub(crate) fn end(&self) -> usize {
        self.end
    }

    /// Appends a byte.
    #[inline(always)]
    pub fn byte(&mut self, byte: u8) {
        self.bytes([byte]);
    }

    /// Appends bytes: a slice, an array (`7_u32.to_be_bytes()`), a `Vec`.
    #[inline(always)]
    pub fn bytes(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.end += put(self.buffer, self.end, bytes);
    }

    /// Appends a text.
    #[inline(always)]
    pub fn text(&mut self, text: &str) {
        self.bytes(text);
    }

    /// Appends a number in decimal digits.
    #[inline(always)]
    pub fn decimal(&mut self, number: u64) {
        if number < EIGHT_DIGITS {
            return self.first_digits(number);
        }
        let (high, low) = (number / EIGHT_DIGITS, number % EIGHT_DIGITS);
        if high < EIGHT_DIGITS {
            self.first_digits(high);
        } else {
            self.first_digits(high / EIGHT_DIGITS);
            self.bytes(eight_digits(high % EIGHT_DIGITS));
        }
        self.bytes(eight_digits(low));
    }

    /// Appends a number in decimal digits, after a minus sign if it is negative.
    #[inline(always)]
    pub fn signed_decimal(&mut self, number: i64) {
        if number < 0 {
            self.byte(b'-');
        }
        self.decimal(number.unsigned_abs());
    }

    #[inline(always)]
    fn first_digits(&mut self, number: u64) {
        let (digits, count) = first_digits(number);
        put(self.buffer, self.end, &digits);
        self.end += count;
    }

    /// Appends what is written to a `Vec` that is empty at first, unless it is refused.
    pub(super) fn through_scratch<E>(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.scratch.clear();
        write(self.scratch)?;
        self.end += put(self.buffer, self.end, self.scratch);
        Ok(())
    }
}

/// Puts bytes behind the first `end` of a buffer. Returns how many they are.
#[inline(always)]
fn put(buffer: &mut Vec<u8>, end: usize, bytes: &[u8]) -> usize {
    match buffer.get_mut(end..end + bytes.len()) {
        Some(room) => room.copy_from_slice(bytes),
        None => put_with_more_room(buffer, end, bytes),
    }
    bytes.len()
}

/// Adds bytes for which the room is too short. Then the buffer has room for as much again.
#[cold]
#[inline(never)]
fn put_with_more_room(buffer: &mut Vec<u8>, end: usize, bytes: &[u8]) {
    buffer.truncate(end);
    buffer.extend_from_slice(bytes);
    buffer.resize(buffer.len().max(32) * 2, 0);
}

impl io::Write for Out<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes(bytes);
        Ok(bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Write for Out<'_> {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text(text);
        Ok(())
    }
}

impl fmt::Debug for Out<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Out").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is written behind `before`, with this much room at first.
    fn written(before: &[u8], room: usize, write: impl FnOnce(&mut Out<'_>)) -> Vec<u8> {
        let (mut buffer, mut scratch) = (before.to_vec(), Vec::new());
        buffer.resize(before.len() + room, b'?');
        let mut out = Out::new(&mut buffer, before.len(), &mut scratch);
        write(&mut out);
        let end = out.end();
        buffer.truncate(end);
        buffer
    }

    fn assert_decimal(number: u64) {
        assert_eq!(written(b"", 0, |out| out.decimal(number)), number.to_string().as_bytes());
    }

    #[test]
    fn numbers_of_each_length_are_written_as_they_are_displayed() {
        for bit in 0..64 {
            [(1 << bit) - 1, 1 << bit].into_iter().for_each(assert_decimal);
        }
        for power in 0..20 {
            let power = 10_u64.pow(power);
            [power - 1, power, power + 1].into_iter().for_each(assert_decimal);
        }
        assert_decimal(u64::MAX);
        for number in [i64::MIN, i64::MIN + 1, -10, -1, 0, 1, i64::MAX] {
            let found = written(b"", 0, |out| out.signed_decimal(number));
            assert_eq!(found, number.to_string().as_bytes());
        }
    }

    /// One append.
    #[derive(Debug, Clone)]
    enum Append {
        Byte(u8),
        Bytes(Vec<u8>),
        Text(String),
        Decimal(u64),
        Signed(i64),
        Write(Vec<u8>),
        Format(u64, String),
        Scratch(Vec<u8>),
    }

    impl Append {
        fn to_out(&self, out: &mut Out<'_>) {
            match self {
                Self::Byte(byte) => out.byte(*byte),
                Self::Bytes(bytes) => out.bytes(bytes),
                Self::Text(text) => out.text(text),
                Self::Decimal(number) => out.decimal(*number),
                Self::Signed(number) => out.signed_decimal(*number),
                Self::Write(bytes) => io::Write::write_all(out, bytes).unwrap(),
                Self::Format(number, text) => {
                    fmt::Write::write_fmt(out, format_args!("{number:x} {text}")).unwrap();
                }
                Self::Scratch(bytes) => out
                    .through_scratch(|scratch| {
                        scratch.extend(bytes);
                        Ok::<_, ()>(())
                    })
                    .unwrap(),
            }
        }

        fn to_vec(&self, bytes: &mut Vec<u8>) {
            match self {
                Self::Byte(byte) => bytes.push(*byte),
                Self::Text(text) => bytes.extend(text.bytes()),
                Self::Decimal(number) => bytes.extend(number.to_string().bytes()),
                Self::Signed(number) => bytes.extend(number.to_string().bytes()),
                Self::Format(number, text) => bytes.extend(format!("{number:x} {text}").bytes()),
                Self::Bytes(more) | Self::Write(more) | Self::Scratch(more) => bytes.extend(more),
            }
        }
    }

    fn append() -> impl Strategy<Value = Append> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..200);
        prop_oneof![
            any::<u8>().prop_map(Append::Byte),
            bytes().prop_map(Append::Bytes),
            ".{0,40}".prop_map(Append::Text),
            // Numbers of all lengths.
            (any::<u64>(), 0_u32..64).prop_map(|(bits, by)| Append::Decimal(bits >> by)),
            (any::<i64>(), 0_u32..64).prop_map(|(bits, by)| Append::Signed(bits >> by)),
            bytes().prop_map(Append::Write),
            (any::<u64>(), ".{0,9}").prop_map(|(number, text)| Append::Format(number, text)),
            bytes().prop_map(Append::Scratch),
        ]
    }

    proptest! {
        #[test]
        fn what_is_appended_stands_behind_what_was_there_whatever_the_room(
            before in proptest::collection::vec(any::<u8>(), 0..20),
            room in 0_usize..300,
            appends in proptest::collection::vec(append(), 0..20),
        ) {
            let found = written(&before, room, |out| {
                for append in &appends {
                    append.to_out(out);
                }
            });
            let mut expected = before.clone();
            for append in &appends {
                append.to_vec(&mut expected);
            }
            prop_assert_eq!(found, expected);
        }
    }
}
