//! What a seed decides.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

/// Random numbers from a seed: the same on every machine.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    /// One of these.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
    }

    /// When to kill: often while the program starts, sometimes late.
    pub fn delay(&mut self) -> Duration {
        let limit = self.one_of(&[8, 30, 80, 200, 400]);
        Duration::from_micros(self.below(limit * 1000))
    }
}

/// Tries seeds one after another, and says at which one it failed.
pub fn for_seeds(usual: u64, test: impl Fn(&mut Chance)) {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("CRASH_SEED").unwrap_or(1);
    for seed in first..first + number("CRASH_ROUNDS").unwrap_or(usual) {
        let tried = catch_unwind(AssertUnwindSafe(|| test(&mut Chance::new(seed))));
        if let Err(panic) = tried {
            eprintln!("failed with CRASH_SEED={seed}");
            resume_unwind(panic);
        }
    }
}
