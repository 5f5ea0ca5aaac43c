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
    use crate::core::frames::tests::three;

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
        assert_eq!(first.numbers(), (whole.sequence(0), whole.sequence(1)));
        assert_eq!(rest.numbers(), (whole.sequence(2), whole.sequence(2)));
        assert_eq!((rest.frame(0), rest.offset(0)), (whole.frame(2), whole.offset(2)));
        assert_eq!((rest.split_to(5).map(|rest| rest.len()), rest.len()), (Some(1), 0));
    }
}
