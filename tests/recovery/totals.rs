//! The sums that say which votes counted.
//!
//! In a client's `run`th life its `n`th vote is worth `run * LIFE + n`: so a total tells by itself
//! which votes are in it. A life's votes count from the first one on, and none is left out.

use std::collections::BTreeMap;

/// What a life adds to a vote.
pub const LIFE: u32 = 1_000_000;

/// The votes that made these totals, which are in their order: of each life, how many.
pub fn lives(totals: &[u64]) -> BTreeMap<u32, u32> {
    let mut lives: BTreeMap<u32, u32> = BTreeMap::new();
    let mut before = 0;
    for total in totals {
        let vote = u32::try_from(total - before).unwrap();
        let (life, number) = (vote / LIFE, vote % LIFE);
        let newest = lives.last_key_value().map_or(0, |(life, _)| *life);
        assert!(life >= newest, "life {life} came after life {newest}");
        let count = lives.entry(life).or_default();
        assert_eq!(number, *count + 1, "vote {number} of life {life} came after vote {count}");
        *count = number;
        before = *total;
    }
    lives
}

/// The totals of lines such as `a => 10`.
pub fn totals(lines: &[Vec<u8>]) -> Vec<u64> {
    let total = |line: &Vec<u8>| std::str::from_utf8(&line[5..]).unwrap().parse().unwrap();
    lines.iter().map(total).collect()
}
