//! The loop with its reading within the clock, and with what crates there are to make it faster.

use std::fs::File;
use std::io::Read;

use hashbrown::HashMap;

use super::{Run, output, served, written_lines};
use crate::digits::by_itoa;
use crate::expected::Outcome;
use crate::failure::Failure;
use crate::frames::Blocks;
use crate::jobs::{Route, Site};
use crate::lines::{Lines, Output, Written};
use crate::messages::{Message, push_line};
use crate::meter::Meter;

/// What the loop has counted and written.
type Counted<M> = (HashMap<<M as Message>::Key, u64>, Written);

/// Counts all votes.
pub fn run<M: Message>(site: &Site) -> Result<Run, Failure> {
    if site.job.route() == Route::Tcp {
        return served::run(site, |votes, output| count::<M>(votes, output), outcome::<M>);
    }
    let output = output(site)?;
    let meter = Meter::process()?;
    let counted = count::<M>(File::open(&site.input)?, output)?;
    let cost = meter.cost()?;
    let outcome = Outcome { written: written_lines(site)?, ..outcome::<M>(counted) };
    Ok(Run { outcome, cost, latency: None })
}

/// The loop.
fn count<M: Message>(votes: impl Read, output: Output) -> Result<Counted<M>, Failure> {
    let mut totals = HashMap::<M::Key, u64>::new();
    let (mut blocks, mut lines) = (Blocks::new(votes), Lines::new(output));
    let mut count = |message: M| {
        let total = totals.entry(message.key()).or_default();
        *total += message.votes();
        lines.line(|line| push_line::<M>(message.key(), *total, line, by_itoa));
    };
    while blocks.next(&mut count)? {}
    let written = lines.finish()?;
    Ok((totals, written))
}

fn outcome<M: Message>((totals, written): Counted<M>) -> Outcome {
    Outcome::new(written, totals.into_iter().map(|(key, total)| (key.into(), total)))
}
