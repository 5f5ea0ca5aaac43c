//! Messages out of framed bytes: a u32 big-endian length, then the payload.

use std::io::Read;

use crate::failure::Failure;
use crate::messages::Message;

/// How many bytes are read at a time.
pub const BLOCK: usize = 128 * 1024;

/// How many bytes a frame's header has.
const HEADER: usize = 4;

/// How many bytes a message's frame has.
pub const fn frame_length<M: Message>() -> usize {
    HEADER + M::PAYLOAD
}

/// Appends a message's frame.
pub fn push_frame<M: Message>(message: M, bytes: &mut Vec<u8>) {
    bytes.extend(u32::try_from(M::PAYLOAD).unwrap_or(u32::MAX).to_be_bytes());
    message.push_payload(bytes);
}

/// Gives `each` the messages of all whole frames. Returns how many bytes are left.
#[inline]
pub fn cut<M: Message>(mut bytes: &[u8], mut each: impl FnMut(M)) -> Result<usize, Failure> {
    while let Some((header, after)) = bytes.split_first_chunk::<HEADER>() {
        let length = usize::try_from(u32::from_be_bytes(*header))?;
        let Some((payload, after)) = after.split_at_checked(length) else { break };
        each(M::decode(payload).ok_or("a payload has another length than its job's")?);
        bytes = after;
    }
    Ok(bytes.len())
}

/// Reads messages a block at a time.
pub struct Blocks<R> {
    source: R,
    buffer: Vec<u8>,
    filled: usize,
}

impl<R: Read> Blocks<R> {
    /// Nothing is read yet.
    pub fn new(source: R) -> Self {
        Self { source, buffer: vec![0; BLOCK], filled: 0 }
    }

    /// Gives `each` the messages that one reading completes. False at the end.
    #[inline]
    pub fn next<M: Message>(&mut self, each: impl FnMut(M)) -> Result<bool, Failure> {
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        let read = self.source.read(room)?;
        if read == 0 {
            return if self.filled == 0 {
                Ok(false)
            } else {
                Err("the last frame is cut off".into())
            };
        }
        self.filled += read;
        let left = cut(self.buffer.get(..self.filled).unwrap_or_default(), each)?;
        self.buffer.copy_within(self.filled - left..self.filled, 0);
        self.filled = left;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::{Count, Vote};

    /// Gives one byte a reading.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let most = buffer.len().min(1);
            self.0.read(&mut buffer[..most])
        }
    }

    #[test]
    fn frames_are_whole_however_they_are_read() {
        let votes = [Vote { letter: b'a', votes: 1 }, Vote { letter: b'z', votes: u32::MAX }];
        let mut bytes = Vec::new();
        for vote in votes {
            push_frame(vote, &mut bytes);
        }
        let (mut blocks, mut read) = (Blocks::new(Slow(&bytes)), Vec::new());
        while blocks.next(|vote: Vote| read.push(vote)).unwrap() {}
        assert_eq!(read, votes);
    }

    #[test]
    fn a_frame_that_is_cut_off_and_one_of_another_length_are_errors() {
        let mut bytes = Vec::new();
        push_frame(Vote { letter: b'a', votes: 1 }, &mut bytes);
        let mut blocks = Blocks::new(&bytes[..bytes.len() - 1]);
        let mut next = || blocks.next(|_: Vote| {});
        assert!(next().unwrap());
        assert!(next().is_err());
        assert!(cut(&bytes, |_: Count| {}).is_err());
    }
}
