//! Timely Dataflow by hand: one exchange, a table a worker, lines written where totals are made. No
//! types of the author's, no dead letters, no bound on what waits, no telemetry.

use std::cell::RefCell;
use std::fs::File;
use std::hash::BuildHasher;
use std::io::{self, Read, Seek, SeekFrom, Take};
use std::path::Path;
use std::rc::Rc;

use hashbrown::{DefaultHashBuilder, HashMap};
use timely::Config;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::InputHandle;
use timely::dataflow::channels::pact::{Exchange, Pipeline};
use timely::dataflow::operators::Operator;
use timely::worker::Worker;

use super::{Run, output, written_lines};
use crate::digits::by_itoa;
use crate::expected::Outcome;
use crate::failure::Failure;
use crate::frames::{Blocks, frame_length};
use crate::jobs::Site;
use crate::lines::{Lines, Output, Written};
use crate::messages::{Message, push_line};
use crate::meter::Meter;

/// How many votes enter the dataflow at a time.
const BATCH: usize = 1_024;

/// Which workers read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// One, so that each key's votes keep their order.
    One,
    /// Each an equal part of the file.
    All,
}

/// What a worker has counted and written.
struct Part<M: Message> {
    totals: HashMap<M::Key, u64>,
    written: Written,
}

/// Counts all votes.
pub fn run<M: Message>(site: &Site, workers: usize, readers: Readers) -> Result<Run, Failure> {
    let (input, output) = (site.input.clone(), output(site)?);
    let meter = Meter::process()?;
    let owners = DefaultHashBuilder::default();
    let config = if workers == 1 { Config::thread() } else { Config::process(workers) };
    let guards = timely::execute(config, move |worker| -> Result<Part<M>, Failure> {
        let votes = share::<M>(&input, worker.index(), worker.peers(), readers)?;
        work(worker, votes, output.clone(), owners.clone())
    })?;
    let parts: Result<Vec<Part<M>>, Failure> =
        guards.join().into_iter().map(|part| part?).collect();
    let cost = meter.cost()?;
    let outcome = Outcome { written: written_lines(site)?, ..outcome(parts?) };
    Ok(Run { outcome, cost, latency: None })
}

/// The part of the file that a worker reads.
fn share<M: Message>(
    input: &Path,
    index: usize,
    peers: usize,
    readers: Readers,
) -> io::Result<Take<File>> {
    let mut file = File::open(input)?;
    let (index, peers, frame) = (index as u64, peers as u64, frame_length::<M>() as u64);
    let frames = file.metadata()?.len() / frame;
    let (begin, end) = match readers {
        Readers::All => (frames * index / peers, frames * (index + 1) / peers),
        Readers::One if index == 0 => (0, frames),
        Readers::One => (0, 0),
    };
    file.seek(SeekFrom::Start(begin * frame))?;
    Ok(file.take((end - begin) * frame))
}

/// Builds a worker's dataflow, feeds it, and waits for its end.
fn work<M: Message>(
    worker: &mut Worker,
    votes: impl Read,
    output: Output,
    owners: DefaultHashBuilder,
) -> Result<Part<M>, Failure> {
    let mut input = InputHandle::<u64, CapacityContainerBuilder<Vec<M>>>::new();
    let totals = Rc::new(RefCell::new(HashMap::<M::Key, u64>::new()));
    let lines = Rc::new(RefCell::new(Lines::new(output)));
    build(worker, &mut input, &totals, &lines, owners);

    let (mut blocks, mut batch) = (Blocks::new(votes), Vec::with_capacity(BATCH));
    loop {
        let more = blocks.next(|message| {
            batch.push(message);
            if batch.len() == BATCH {
                input.send_batch(&mut batch);
                batch.clear();
            }
        })?;
        if !more {
            break;
        }
        worker.step();
    }
    input.send_batch(&mut batch);
    input.close();
    while worker.has_dataflows() {
        worker.step_or_park(None);
    }
    let written = lines.borrow_mut().finish()?;
    Ok(Part { totals: totals.take(), written })
}

/// Votes go to the owner of their key, which finds all totals of a batch before any line is made.
fn build<M: Message>(
    worker: &mut Worker,
    input: &mut InputHandle<u64, CapacityContainerBuilder<Vec<M>>>,
    totals: &Rc<RefCell<HashMap<M::Key, u64>>>,
    lines: &Rc<RefCell<Lines>>,
    owners: DefaultHashBuilder,
) {
    let (totals, lines) = (Rc::clone(totals), Rc::clone(lines));
    worker.dataflow(|scope| {
        let owner = Exchange::new(move |message: &M| owners.hash_one(message.key()));
        let count = input.to_stream(scope).unary(owner, "totals", |_, _| {
            let mut found = Vec::with_capacity(BATCH);
            move |input, output| {
                let mut totals = totals.borrow_mut();
                input.for_each(|time, batch| {
                    found.extend(batch.drain(..).map(|message| {
                        let total = totals.entry(message.key()).or_default();
                        *total += message.votes();
                        (message.key(), *total)
                    }));
                    output.session(&time).give_container(&mut found);
                    found.clear();
                });
            }
        });
        count.container::<Vec<_>>().sink(Pipeline, "lines", move |(input, _)| {
            let mut lines = lines.borrow_mut();
            input.for_each(|_, batch| {
                for (key, total) in batch.drain(..) {
                    lines.line(|line| push_line::<M>(key, total, line, by_itoa));
                }
            });
        });
    });
}

fn outcome<M: Message>(parts: Vec<Part<M>>) -> Outcome {
    let written = parts.iter().fold(Written::default(), |sum, part| sum.and(part.written));
    let totals = parts.into_iter().flat_map(|part| part.totals);
    let totals: Vec<(u64, u64)> = totals.map(|(key, total)| (key.into(), total)).collect();
    Outcome::new(written, totals.into_iter())
}
