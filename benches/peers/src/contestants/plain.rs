//! The loop that one would write first, in std alone. All others are told as parts of it.

use std::collections::HashMap;
use std::fs;

use super::{Run, output, served, written_lines};
use crate::digits::by_loop;
use crate::expected::Outcome;
use crate::failure::Failure;
use crate::frames::{Blocks, cut};
use crate::jobs::{Route, Site};
use crate::lines::{Lines, Output, Written};
use crate::messages::{Message, push_line};
use crate::meter::Meter;

/// The totals so far, and the lines made of them.
struct Counting<M: Message> {
    totals: HashMap<M::Key, u64>,
    lines: Lines,
}

impl<M: Message> Counting<M> {
    fn new(output: Output) -> Self {
        Self { totals: HashMap::new(), lines: Lines::new(output) }
    }

    #[inline]
    fn count(&mut self, message: M) {
        let total = self.totals.entry(message.key()).or_default();
        *total += message.votes();
        self.lines.line(|line| push_line::<M>(message.key(), *total, line, by_loop));
    }

    fn outcome(self, written: Written) -> Outcome {
        let totals = self.totals.into_iter();
        Outcome::new(written, totals.map(|(key, total)| (key.into(), total)))
    }
}

/// Counts all votes.
pub fn run<M: Message>(site: &Site) -> Result<Run, Failure> {
    if site.job.route() == Route::Tcp {
        let count = |votes, output| {
            let (mut blocks, mut counting) = (Blocks::new(votes), Counting::<M>::new(output));
            while blocks.next(|message| counting.count(message))? {}
            let written = counting.lines.finish()?;
            Ok((counting, written))
        };
        return served::run(site, count, |(counting, written)| counting.outcome(written));
    }
    let votes = fs::read(&site.input)?;
    let mut counting = Counting::<M>::new(output(site)?);
    let meter = Meter::process()?;
    cut(&votes, |message| counting.count(message))?;
    let written = counting.lines.finish()?;
    let cost = meter.cost()?;
    let outcome = Outcome { written: written_lines(site)?, ..counting.outcome(written) };
    Ok(Run { outcome, cost, latency: None })
}
