//! Random choices for an application's message generator: the same seed gives the same messages.

use rand::distr::Distribution;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::Zipf;

/// How uneven the keys of generated messages are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Skew {
    /// All keys are equally likely.
    Even,
    /// Zipf's law with this exponent: 1 is typical of words. An exponent that is not above 0, or not finite, counts as
    /// even.
    Zipf(f64),
    /// One key has this share of the messages, from 0 to 1, and the others are equally likely.
    OneHot(f64),
}

/// Makes the random choices of an application's generator. The same seed and skew give the same choices
/// on every machine.
///
/// ```
/// use wallaroo::Generator;
///
/// let mut one = Generator::new(7, 0.0);
/// let mut other = Generator::new(7, 0.0);
/// assert_eq!(one.below(100), other.below(100));
/// ```
#[derive(Debug, Clone)]
pub struct Generator {
    random: ChaCha8Rng,
    skew: Skew,
}

impl Generator {
    /// A generator with this seed. `skew` is the exponent of Zipf's law by which
    /// [`choose`](Self::choose) prefers low numbers: 0 prefers none, 1 is typical of words.
    /// A skew below 0 or not finite counts as 0.
    pub fn new(seed: u64, skew: f64) -> Self {
        Self::skewed(seed, Skew::Zipf(skew))
    }

    /// A generator with this seed, whose [`choose`](Self::choose) prefers numbers as `skew` says. The number
    /// that one key's share goes to is 0.
    pub fn skewed(seed: u64, skew: Skew) -> Self {
        Self { random: ChaCha8Rng::seed_from_u64(seed), skew }
    }

    /// The same generator, which goes on with another skew.
    #[must_use]
    pub fn with_skew(self, skew: Skew) -> Self {
        Self { skew, ..self }
    }

    /// A number from 0 up to `limit`, excluded, each equally likely; 0 if the limit is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.random.random_range(0..limit) }
    }

    /// A number from 0 up to `limit`, excluded, low ones more likely by the generator's skew. Use
    /// it for the key of a message, so that `--skew` makes some partitions hot.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank is a whole number from 1 to the limit"
    )]
    pub fn choose(&mut self, limit: u64) -> u64 {
        match self.skew {
            Skew::Zipf(exponent) if exponent > 0.0 && exponent.is_finite() => {
                match Zipf::new(limit as f64, exponent) {
                    Ok(zipf) => (zipf.sample(&mut self.random) as u64).clamp(1, limit) - 1,
                    Err(_) => self.below(limit),
                }
            }
            Skew::OneHot(share) if limit > 1 => {
                if self.random.random_bool(share.clamp(0.0, 1.0)) {
                    0
                } else {
                    1 + self.below(limit - 1)
                }
            }
            Skew::Even | Skew::Zipf(_) | Skew::OneHot(_) => self.below(limit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often each number is chosen.
    fn chosen(skew: Skew) -> [u32; 10] {
        let mut generator = Generator::skewed(1, skew);
        let mut counts = [0; 10];
        for _ in 0..10_000 {
            counts[usize::try_from(generator.choose(10)).unwrap()] += 1;
        }
        counts
    }

    #[test]
    fn one_key_has_its_share_and_the_others_share_the_rest() {
        let [hot, others @ ..] = chosen(Skew::OneHot(0.55));
        assert!((5_300..5_700).contains(&hot), "{hot}");
        assert!(others.iter().all(|count| (400..600).contains(count)), "{others:?}");
    }

    #[test]
    fn an_exponent_that_is_no_law_prefers_no_key() {
        for exponent in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(chosen(Skew::Zipf(exponent)), chosen(Skew::Even));
        }
        assert!(chosen(Skew::Zipf(1.0)).is_sorted_by(|one, next| one >= next));
    }

    #[test]
    fn a_choice_among_nothing_or_one_is_the_first() {
        for skew in [Skew::Even, Skew::Zipf(1.0), Skew::OneHot(0.5), Skew::OneHot(f64::NAN)] {
            let mut generator = Generator::skewed(1, skew);
            assert_eq!([generator.choose(0), generator.choose(1)], [0, 0], "{skew:?}");
        }
    }
}
