//! Renoir: its own operators, from a stream of votes to a line each.

use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

use renoir::prelude::*;

use super::{Run, output, written_lines};
use crate::digits::by_itoa;
use crate::expected::{Outcome, mixed};
use crate::failure::Failure;
use crate::frames::Blocks;
use crate::jobs::Site;
use crate::lines::{Lines, Output, Written};
use crate::messages::{Message, push_line};
use crate::meter::Meter;

/// How many votes pass from one replica to another at a time.
const BATCH: usize = 1_024;

/// What the replicas have done. Renoir keeps the totals to itself, so that lines are compared by a
/// checksum.
#[derive(Default)]
struct Done {
    written: Written,
    keys: u64,
    checksum: u64,
    failed: Option<Failure>,
}

impl Done {
    fn note(done: &Mutex<Self>, note: impl FnOnce(&mut Self)) {
        note(&mut done.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Counts all votes.
pub fn run<M: Message>(site: &Site, replicas: u64) -> Result<Run, Failure> {
    let done = Arc::new(Mutex::new(Done::default()));
    let output = output(site)?;
    let meter = Meter::process()?;
    let context = StreamContext::new(RuntimeConfig::local(replicas)?);
    let votes = Votes::<M> {
        blocks: Blocks::new(File::open(&site.input)?),
        read: Vec::new().into_iter(),
        done: Arc::clone(&done),
    };
    let mut lines = Replica {
        lines: Lines::new(output.clone()),
        output,
        keys: 0,
        checksum: 0,
        done: Arc::clone(&done),
    };
    context
        .stream_iter(votes)
        .batch_mode(BatchMode::fixed(BATCH))
        .group_by(|message: &M| message.key())
        .rich_map({
            let mut total = None;
            move |(_, message)| {
                let is_new = total.is_none();
                let sum = total.unwrap_or(0) + message.votes();
                total = Some(sum);
                (sum, is_new)
            }
        })
        .for_each(move |(key, (total, is_new))| lines.write::<M>(key, total, is_new));
    context.execute_blocking();
    let cost = meter.cost()?;
    let mut done = done.lock().map_err(|_| "a replica panicked")?;
    if let Some(failed) = done.failed.take() {
        return Err(failed);
    }
    let outcome = Outcome {
        lines: done.written.lines,
        bytes: done.written.bytes,
        keys: done.keys,
        totals: None,
        checksum: Some(done.checksum),
        written: written_lines(site)?,
    };
    Ok(Run { outcome, cost, latency: None })
}

/// The votes of a file, one at a time.
struct Votes<M> {
    blocks: Blocks<File>,
    read: std::vec::IntoIter<M>,
    done: Arc<Mutex<Done>>,
}

impl<M: Message> Iterator for Votes<M> {
    type Item = M;

    fn next(&mut self) -> Option<M> {
        loop {
            if let Some(message) = self.read.next() {
                return Some(message);
            }
            let mut block =
                Vec::with_capacity(crate::frames::BLOCK / crate::frames::frame_length::<M>() + 1);
            match self.blocks.next(|message| block.push(message)) {
                Ok(true) => self.read = block.into_iter(),
                Ok(false) => return None,
                Err(failure) => {
                    Done::note(&self.done, |done| done.failed = Some(failure));
                    return None;
                }
            }
        }
    }
}

/// Where a replica writes its lines. It tells what it has done when it is dropped.
struct Replica {
    output: Output,
    lines: Lines,
    keys: u64,
    checksum: u64,
    done: Arc<Mutex<Done>>,
}

impl Replica {
    #[inline]
    fn write<M: Message>(&mut self, key: M::Key, total: u64, is_new: bool) {
        self.keys += u64::from(is_new);
        self.checksum = self.checksum.wrapping_add(mixed(key.into(), total));
        self.lines.line(|line| push_line::<M>(key, total, line, by_itoa));
    }
}

impl Clone for Replica {
    /// Another replica, which has not written anything.
    fn clone(&self) -> Self {
        let (output, done) = (self.output.clone(), Arc::clone(&self.done));
        Self { lines: Lines::new(output.clone()), output, keys: 0, checksum: 0, done }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        let written = self.lines.finish();
        Done::note(&self.done, |done| {
            done.keys += self.keys;
            done.checksum = done.checksum.wrapping_add(self.checksum);
            match written {
                Ok(written) => done.written = done.written.and(written),
                Err(error) => done.failed = Some(error.into()),
            }
        });
    }
}
