//! Frames in parts: how some of them are taken.

use super::Frames;

impl Frames {
    /// Takes the first frames off: this many, or all if there are fewer. `None` if there are no frames.
    pub fn split_to(&mut self, count: usize) -> Option<Self> {
        if self.is_empty() {
            return None;
        }
        debug_assert!(self.traces.is_empty(), "frames are traced when they have been taken");
        let content = self.content.split_to(count);
        let first = Self { content, traces: Vec::new(), ..self.clone() };
        self.first = self.first.plus(first.len() as u64);
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::core::frames::pieces::Pieces;
    use crate::core::numbers::{SequenceNumber, Timestamp};

    fn three() -> Frames {
        let bytes = Bytes::from_static(b"\0\0\0\x01a\0\0\0\0\0\0\0\x02bc");
        let pieces = Pieces::new(bytes, vec![5, 9, 15], 100);
        Frames::new("test".into(), SequenceNumber(10), Timestamp(5), 4, pieces)
    }

    #[test]
    fn taking_frames_off_one_by_one_gives_the_same_frames() {
        let whole = three();
        let mut rest = three();
        for frame in 0..3 {
            let first = rest.split_to(1).unwrap();
            assert_eq!(first.len(), 1);
            assert_eq!(first.frame(0), whole.frame(frame));
            assert_eq!(first.sequence(0), whole.sequence(frame));
            assert_eq!(first.offset(0), whole.offset(frame));
        }
        assert!(rest.is_empty());
        assert!(rest.split_to(1).is_none());
        let mut rest = three();
        let first = rest.split_to(2).unwrap();
        assert_eq!(
            (first.numbers(), rest.numbers()),
            ((whole.sequence(0), whole.sequence(1)), rest.numbers())
        );
        assert_eq!(
            (rest.len(), rest.sequence(0), rest.offset(0)),
            (1, whole.sequence(2), whole.offset(2))
        );
        assert_eq!((rest.split_to(5).map(|rest| rest.len()), rest.len()), (Some(1), 0));
    }
}
