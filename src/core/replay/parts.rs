//! In which parts a chapter is looked through.

use std::ops::Range;

use super::traced::Direction;

/// How many messages are looked at first when something is looked for backwards.
const NEAR: u64 = 64;

/// How many times as many are looked at after that.
const FARTHER: u64 = 64;

/// In which parts the messages of a chapter are looked through. To look at a message takes longer than to process it, and
/// what is looked for backwards is most often near.
pub(super) fn parts_of(wanted: Range<u64>, direction: Direction) -> Vec<Range<u64>> {
    let mut parts = Vec::new();
    let (mut end, mut size) = (wanted.end, NEAR);
    if direction == Direction::Back {
        while end.saturating_sub(size) > wanted.start {
            parts.push(end - size..end);
            (end, size) = (end - size, size.saturating_mul(FARTHER));
        }
    }
    parts.push(wanted.start..end);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_chapter_are_all_of_it_once_and_backwards_the_near_ones_come_first() {
        for (wanted, direction, parts) in [
            (10..5000, Direction::Forth, vec![(10, 5000)]),
            (0..3, Direction::Back, vec![(0, 3)]),
            (0..5000, Direction::Back, vec![(4936, 5000), (840, 4936), (0, 840)]),
            (7..7, Direction::Back, vec![(7, 7)]),
        ] {
            let found = parts_of(wanted, direction);
            let found: Vec<_> = found.into_iter().map(|part| (part.start, part.end)).collect();
            assert_eq!(found, parts);
        }
    }
}
