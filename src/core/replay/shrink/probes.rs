//! Asks the probe, counts, and keeps the smallest input that did it.

use std::collections::HashSet;
use std::ops::ControlFlow;

use super::candidate::{Candidate, Message, Probe, Trial, Verdict};
use super::kept::Kept;

/// What is made smaller at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Messages are left out.
    Messages,
    /// Partitions of the base are left out.
    Base,
    /// Payloads become simpler.
    Payloads,
}

/// How far the search is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is made smaller.
    pub stage: Stage,
    /// How many messages are left.
    pub messages: usize,
    /// How many partitions of the base are left.
    pub base: usize,
    /// How many candidates were run.
    pub probes: u64,
}

/// Why the search ends early.
#[derive(Debug)]
pub(super) enum End<E> {
    /// Whoever watches it has stopped it, or it has run as many messages as it may.
    Stopped,
    /// The probe has failed.
    Failed(E),
}

/// Whether a trial does it.
#[derive(Clone, Copy)]
enum Answer {
    No,
    Yes {
        /// After how many messages, if the probe can tell.
        after: Option<usize>,
    },
}

/// Answers of trials with more ranges than this are not remembered: they would take more memory than the messages.
const MAX_RANGES_REMEMBERED: usize = 64;

/// How many messages all candidates together may have, and how many times those of the whole input, if that is more.
/// The number of candidates grows with that of the messages that are needed: if those are thousands, it would not end.
const MAX_RUN: u64 = 50_000_000;
const MAX_WHOLE: u64 = 20;

/// The max number of answers that are remembered.
const MAX_REMEMBERED: usize = 100_000;

/// The smallest input so far, and whoever is asked about smaller ones.
pub(super) struct Probes<'a, P> {
    pub input: &'a [Message],
    pub probe: P,
    pub watch: &'a mut dyn FnMut(&Progress) -> ControlFlow<()>,
    /// The smallest input that did it. Before one has, the whole input.
    pub best: Trial,
    /// Whether `best` was seen to do it.
    pub is_proven: bool,
    /// Whether it was with the last message of `best` that it happened.
    pub is_last_needed: bool,
    pub stage: Stage,
    /// How many candidates were run.
    pub count: u64,
    /// How many messages they had.
    run: u64,
    /// Trials that did not do it.
    failed: HashSet<Trial>,
}

impl<'a, P: Probe> Probes<'a, P> {
    pub fn new(
        input: &'a [Message],
        whole: Trial,
        probe: P,
        watch: &'a mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Self {
        Self {
            input,
            probe,
            watch,
            best: whole,
            is_proven: false,
            is_last_needed: false,
            stage: Stage::Messages,
            count: 0,
            run: 0,
            failed: HashSet::new(),
        }
    }

    /// Whether a trial, which is smaller than the best one, does it. If so, it is the best one from now on, without the
    /// messages behind the one with which it happened.
    pub fn try_it(&mut self, trial: Trial) -> Result<bool, End<P::Error>> {
        let messages = trial.messages.clone();
        match self.ask(trial)? {
            Answer::No => return Ok(false),
            Answer::Yes { after: Some(until) } if until < messages.len() => {
                let cut = self.best.with_messages(&messages.places(0..until));
                self.ask(cut)?;
            }
            Answer::Yes { .. } => {}
        }
        Ok(true)
    }

    /// The same for the best one with these messages. Returns what is left of them.
    pub fn try_messages(&mut self, messages: &Kept) -> Result<Option<Kept>, End<P::Error>> {
        let is_smaller = self.try_it(self.best.with_messages(messages))?;
        Ok(is_smaller.then(|| self.best.messages.clone()))
    }

    /// The same for the best one with these partitions of the base.
    pub fn try_base(&mut self, base: &Kept) -> Result<Option<Kept>, End<P::Error>> {
        let is_smaller = self.try_it(self.best.with_base(base))?;
        Ok(is_smaller.then(|| self.best.base.clone()))
    }

    fn ask(&mut self, trial: Trial) -> Result<Answer, End<P::Error>> {
        if self.is_proven && trial == self.best {
            return Ok(Answer::Yes { after: None });
        }
        if self.failed.contains(&trial) {
            return Ok(Answer::No);
        }
        let candidate = Candidate { messages: self.input, trial: &trial };
        let verdict = self.probe.probe(&candidate).map_err(End::Failed)?;
        self.count += 1;
        self.run = self.run.saturating_add(trial.messages.len() as u64);
        let answer = match verdict {
            Verdict::No => Answer::No,
            Verdict::Yes => Answer::Yes { after: None },
            Verdict::YesAfter(messages) => Answer::Yes { after: Some(messages) },
        };
        match answer {
            Answer::No => self.remember(trial),
            Answer::Yes { after } => {
                self.is_last_needed = after.is_some_and(|after| after >= trial.messages.len());
                self.best = trial;
                self.is_proven = true;
            }
        }
        self.tell()?;
        Ok(answer)
    }

    fn remember(&mut self, trial: Trial) {
        let ranges = trial.messages.range_count() + trial.base.range_count();
        if ranges <= MAX_RANGES_REMEMBERED && self.failed.len() < MAX_REMEMBERED {
            self.failed.insert(trial);
        }
    }

    fn tell(&mut self) -> Result<(), End<P::Error>> {
        let progress = Progress {
            stage: self.stage,
            messages: self.best.messages.len(),
            base: self.best.base.len(),
            probes: self.count,
        };
        let most = MAX_RUN.max(MAX_WHOLE.saturating_mul(self.input.len() as u64));
        let is_too_long = self.is_proven && self.run > most;
        if (self.watch)(&progress).is_break() || is_too_long { Err(End::Stopped) } else { Ok(()) }
    }
}
