//! Random choices for an application's message generator: the same seed gives the same messages.

use rand::distr::Distribution;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::Zipf;

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
    skew: f64,
}

impl Generator {
    /// A generator with this seed. `skew` is the exponent of Zipf's law by which
    /// [`choose`](Self::choose) prefers low numbers: 0 prefers none, 1 is typical of words.
    /// A skew below 0 or not finite counts as 0.
    pub fn new(seed: u64, skew: f64) -> Self {
        let skew = if skew.is_finite() { skew.max(0.0) } else { 0.0 };
        Self { random: ChaCha8Rng::seed_from_u64(seed), skew }
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
        match Zipf::new(limit as f64, self.skew) {
            Ok(zipf) if self.skew > 0.0 => {
                (zipf.sample(&mut self.random) as u64).clamp(1, limit) - 1
            }
            _ => self.below(limit),
        }
    }
}
