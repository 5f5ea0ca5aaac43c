//! Makes the messages of a load, some of them malformed.

use std::sync::Arc;

use super::fault::{Fault, Spoiled};
use super::settings::{Mix, Share};
use crate::application::{Generate, Generator};
use crate::core::frames::framing::{Framing, NoFrame};

/// Makes the messages of a load. The same seed and mix give the same messages.
pub struct Maker {
    framing: Arc<dyn Framing>,
    frame_limit: u64,
    make: Generate,
    mix: Mix,
    generator: Generator,
}

/// Messages that are sent together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Portion {
    /// Whole frames, one after another.
    pub frames: Vec<u8>,
    /// What is no frame, a message each.
    pub broken: Vec<Vec<u8>>,
    /// How many messages were spoiled; a decoder may accept some of those that are frames.
    pub malformed: u64,
}

impl Maker {
    /// A maker of messages for this framing, with payloads from the application's generator.
    pub fn new(
        framing: Arc<dyn Framing>,
        frame_limit: u64,
        make: Generate,
        mix: Mix,
        seed: u64,
    ) -> Self {
        let generator = Generator::skewed(seed, mix.keys.skew());
        Self { framing, frame_limit, make, mix, generator }
    }

    /// Makes another mix of messages from now on.
    #[must_use]
    pub fn with_mix(self, mix: Mix) -> Self {
        Self { mix, generator: self.generator.with_skew(mix.keys.skew()), ..self }
    }

    /// Makes the next messages.
    ///
    /// # Errors
    ///
    /// The framing has no header for a payload of the application's generator.
    pub fn make(&mut self, messages: u64) -> Result<Portion, NoFrame> {
        let mut portion = Portion::default();
        for _ in 0..messages {
            let payload = (self.make)(&mut self.generator);
            match self.spoiled(&payload) {
                Some(spoiled) => {
                    portion.malformed += 1;
                    match spoiled {
                        Spoiled::Frame(bytes) => portion.frames.extend(bytes),
                        Spoiled::Broken(bytes) => portion.broken.push(bytes),
                    }
                }
                None => portion.frames.extend(self.framing.frame(&payload)?),
            }
        }
        Ok(portion)
    }

    /// The bytes of a message that is to be malformed. `None` if it is not to be, or cannot be.
    fn spoiled(&mut self, payload: &[u8]) -> Option<Spoiled> {
        let Self { framing, frame_limit, mix, generator, .. } = self;
        let share = u64::from(mix.malformed.0);
        if share == 0 || generator.below(Share::WHOLE.into()) >= share {
            return None;
        }
        let (first, among) = match &mix.fault {
            Some(fault) => (0, std::slice::from_ref(fault)),
            None => (generator.below(Fault::ALL.len() as u64), &Fault::ALL[..]),
        };
        // A fault that this message cannot have is replaced by the next.
        let first = usize::try_from(first).unwrap_or(0);
        let mut faults = among.iter().cycle().skip(first).take(among.len());
        faults.find_map(|fault| fault.spoil(&**framing, *frame_limit, payload, generator))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::frames::framing::big_endian_framing;
    use crate::core::load::settings::Keys;

    /// A maker of payloads of one byte, one of ten keys.
    fn maker(mix: Mix, seed: u64) -> Maker {
        let make: Generate =
            Arc::new(|generator| vec![u8::try_from(generator.choose(10)).unwrap()]);
        Maker::new(big_endian_framing(4), 1_000, make, mix, seed)
    }

    fn mix(malformed: u32, fault: Option<Fault>) -> Mix {
        Mix { keys: Keys::OneHot(Share(6_000)), malformed: Share(malformed), fault }
    }

    /// Whether a count is within six deviations of a share of this many trials.
    fn is_share(count: u64, of: u64, share: f64) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let (count, of) = (count as f64, of as f64);
        (count - of * share).abs() <= 6.0 * (of * share * (1.0 - share)).sqrt()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn the_same_seed_gives_the_same_messages_however_they_are_divided(
            seed in any::<u64>(),
            malformed in 0_u32..=Share::WHOLE,
            parts in prop::collection::vec(1_u64..50, 1..10),
        ) {
            let mut maker_of_parts = maker(mix(malformed, None), seed);
            let mut joined = Portion::default();
            for part in &parts {
                let portion = maker_of_parts.make(*part).unwrap();
                joined.frames.extend(portion.frames);
                joined.broken.extend(portion.broken);
                joined.malformed += portion.malformed;
            }
            let whole = maker(mix(malformed, None), seed).make(parts.iter().sum()).unwrap();
            prop_assert_eq!(joined, whole);
        }

        #[test]
        fn as_many_are_malformed_as_the_share_says(
            seed in any::<u64>(),
            malformed in prop_oneof![Just(0_u32), 1_u32..500, 500_u32..=Share::WHOLE],
            fault in prop_oneof![Just(None), prop::sample::select(&Fault::ALL).prop_map(Some)],
        ) {
            let made = maker(mix(malformed, fault), seed).make(4_000).unwrap();
            let share = f64::from(malformed) / f64::from(Share::WHOLE);
            prop_assert!(is_share(made.malformed, 4_000, share), "{}", made.malformed);
            let broken = made.broken.len() as u64;
            match fault {
                None => prop_assert!(is_share(broken, made.malformed, 0.6), "{broken}"),
                Some(Fault::WrongLength | Fault::RandomBytes) => prop_assert_eq!(broken, 0),
                Some(_) => prop_assert_eq!(broken, made.malformed),
            }
        }

        #[test]
        fn one_hot_key_has_its_share(seed in any::<u64>()) {
            let made = maker(mix(0, None), seed).make(4_000).unwrap();
            prop_assert_eq!((made.broken.len(), made.malformed), (0, 0));
            prop_assert_eq!(made.frames.len(), 4_000 * 5);
            let hot = made.frames.chunks(5).filter(|frame| frame[4] == 0).count() as u64;
            prop_assert!(is_share(hot, 4_000, 0.6), "{}", hot);
        }
    }

    #[test]
    fn another_mix_goes_on_with_other_messages() {
        let mut maker = maker(mix(0, None), 1);
        let even = maker.make(100).unwrap();
        let mut maker = maker.with_mix(mix(Share::WHOLE, Some(Fault::ShortHeader)));
        let spoiled = maker.make(100).unwrap();
        assert_eq!((even.frames.len(), even.malformed), (500, 0));
        assert_eq!((spoiled.frames.len(), spoiled.broken.len()), (0, 100));
    }
}
