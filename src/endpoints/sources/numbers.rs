//! The numbers of the messages that a source makes itself, as the bytes of its frames.
//!
//! They are read as a file is: by the workers, a block at a time, from any position on. A block is one batch.

use std::io::{self, Read};

use super::intake::MAX_FRAMES;
use crate::application::HasMessage;
use crate::core::frames::wrapping::NUMBER_LENGTH;

/// The numbers from one on, up to the first that has no message.
pub(super) struct Numbers {
    pub next: u64,
    pub has: HasMessage,
}

impl Read for Numbers {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = (buffer.len() / NUMBER_LENGTH).min(MAX_FRAMES) as u64;
        let count = self.count(room.min(u64::MAX - self.next));
        let (places, _) = buffer.as_chunks_mut::<NUMBER_LENGTH>();
        let numbers = self.next..self.next + count;
        places.iter_mut().zip(numbers).for_each(|(place, number)| *place = number.to_be_bytes());
        self.next += count;
        Ok(usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(NUMBER_LENGTH))
    }
}

impl Numbers {
    /// How many of the next `most` numbers have a message. If the last of them has one, so have the others, and
    /// nothing else is asked.
    fn count(&self, most: u64) -> u64 {
        let has = |count: u64| count == 0 || (self.has)(self.next + count - 1);
        if has(most) {
            return most;
        }
        // `all` numbers have a message, `too_many` have not.
        let (mut all, mut too_many) = (0, most);
        while all + 1 < too_many {
            let middle = all + (too_many - all) / 2;
            if has(middle) { all = middle } else { too_many = middle }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// The numbers that are read, a block at a time, and how often it was asked for a message.
    fn read(from: u64, end: u64, block: usize) -> (Vec<u64>, u64) {
        let asked = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&asked);
        let has = move |number| {
            count.fetch_add(1, Ordering::Relaxed);
            number < end
        };
        let mut numbers = Numbers { next: from, has: Arc::new(has) };
        let (mut buffer, mut found) = (vec![0; block], Vec::new());
        loop {
            let length = numbers.read(&mut buffer).unwrap();
            if length == 0 {
                return (found, asked.load(Ordering::Relaxed));
            }
            let (read, []) = buffer[..length].as_chunks() else { panic!("whole numbers") };
            found.extend(read.iter().map(|number| u64::from_be_bytes(*number)));
        }
    }

    #[test]
    fn the_numbers_end_at_the_first_without_a_message_wherever_blocks_end() {
        for (from, end) in [(0, 0), (0, 1), (0, 64), (3, 64), (5, 61), (64, 64), (70, 64)] {
            for block in [8, 15, 16, 80, 512, 1024] {
                let (found, _) = read(from, end, block);
                assert_eq!(found, (from..end).collect::<Vec<_>>(), "{from}..{end} by {block}");
            }
        }
    }

    #[test]
    fn a_block_costs_one_question_and_the_last_one_few() {
        let (found, asked) = read(0, 100_000, 8 * 4096);
        assert_eq!(found.len(), 100_000);
        assert!(asked < 24 + 2 * 13 + 2, "{asked}");
    }

    #[test]
    fn the_last_number_of_all_is_not_passed() {
        assert_eq!(read(u64::MAX - 3, u64::MAX, 80).0.len(), 3);
    }
}
