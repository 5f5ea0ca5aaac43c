//! What process 0 decides: who is there, when all may connect, and when all may begin.
//!
//! Invariant: `Start` is said only to calls that have been welcomed to that life and have said that they are ready, all
//! of them. If any of them goes or is replaced before, that life never starts.

use std::collections::{BTreeMap, BTreeSet};

use super::life::Life;
use crate::core::numbers::ProcessIndex;

/// Which call: a process that calls again has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct CallNumber(pub u64);

/// What process 0 hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// A process has come, with whom all is as it must be.
    Came(ProcessIndex, CallNumber),
    /// A call has ended.
    Gone(CallNumber),
    /// One has all its connections.
    Ready(CallNumber, Life),
    /// Process 0 itself has all its connections.
    OwnReady(Life),
    /// One cannot have them, or it takes too long.
    Stuck(Life),
}

/// What process 0 does then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Process 0 itself connects in this life.
    Begin(Life),
    /// The life that it was in is over.
    End,
    /// Tell one that it is replaced, and let it go.
    Replace(CallNumber),
    Welcome(CallNumber, Life),
    /// All are welcomed and connected: this one may begin.
    Start(CallNumber, Life),
    /// Process 0 may.
    StartOwn(Life),
}

/// One round after another, until all have met.
pub(super) struct Round {
    processes: usize,
    present: BTreeMap<ProcessIndex, CallNumber>,
    stage: Stage,
}

enum Stage {
    /// Not all are there.
    Gathering,
    /// All are there and connect to each other. Process 0 is among those that are ready.
    Meshing { life: Life, ready: BTreeSet<ProcessIndex> },
    /// All have met.
    Met,
}

impl Round {
    pub fn new(processes: usize) -> Self {
        Self { processes, present: BTreeMap::new(), stage: Stage::Gathering }
    }

    /// Decides what an event comes to. If another life begins, it is `next`.
    pub fn on(&mut self, event: Event, next: Life) -> Vec<Order> {
        match event {
            Event::Came(process, call) => self.came(process, call, next),
            Event::Gone(call) => self.gone(call),
            Event::Ready(call, life) => match self.process(call) {
                Some(process) => self.ready(process, life),
                None => Vec::new(),
            },
            Event::OwnReady(life) => self.ready(ProcessIndex(0), life),
            Event::Stuck(stuck) => match self.stage {
                Stage::Meshing { life, .. } if life == stuck => self.again(next),
                Stage::Gathering | Stage::Meshing { .. } | Stage::Met => Vec::new(),
            },
        }
    }

    /// The processes that have not come.
    pub fn awaited(&self) -> Vec<ProcessIndex> {
        let all = (1..self.processes).map(ProcessIndex);
        all.filter(|process| !self.present.contains_key(process)).collect()
    }

    /// The life in which all connect to each other, and those that are not ready.
    pub fn unready(&self) -> Option<(Life, Vec<ProcessIndex>)> {
        let Stage::Meshing { life, ready } = &self.stage else { return None };
        let all = (0..self.processes).map(ProcessIndex);
        Some((*life, all.filter(|process| !ready.contains(process)).collect()))
    }

    /// The process that has made a call.
    pub fn process(&self, call: CallNumber) -> Option<ProcessIndex> {
        self.present.iter().find(|(_, present)| **present == call).map(|(process, _)| *process)
    }

    fn came(&mut self, process: ProcessIndex, call: CallNumber, next: Life) -> Vec<Order> {
        let is_member = process.0 > 0 && process.0 < self.processes;
        debug_assert!(is_member, "who comes has been looked at");
        if !is_member || matches!(self.stage, Stage::Met) {
            return Vec::new();
        }
        let earlier = self.present.insert(process, call).map(Order::Replace);
        earlier.into_iter().chain(self.again(next)).collect()
    }

    fn gone(&mut self, call: CallNumber) -> Vec<Order> {
        let Some(process) = self.process(call) else { return Vec::new() };
        self.present.remove(&process);
        match self.stage {
            Stage::Meshing { .. } => {
                self.stage = Stage::Gathering;
                vec![Order::End]
            }
            Stage::Gathering | Stage::Met => Vec::new(),
        }
    }

    /// Begins another life, if all are there.
    fn again(&mut self, life: Life) -> Vec<Order> {
        let was_meshing = matches!(self.stage, Stage::Meshing { .. });
        if !self.awaited().is_empty() {
            self.stage = Stage::Gathering;
            return if was_meshing { vec![Order::End] } else { Vec::new() };
        }
        self.stage = Stage::Meshing { life, ready: BTreeSet::new() };
        let welcome = self.present.values().map(|call| Order::Welcome(*call, life));
        [Order::Begin(life)].into_iter().chain(welcome).collect()
    }

    fn ready(&mut self, process: ProcessIndex, of: Life) -> Vec<Order> {
        let Stage::Meshing { life, ready } = &mut self.stage else { return Vec::new() };
        if *life != of {
            return Vec::new();
        }
        ready.insert(process);
        if ready.len() < self.processes {
            return Vec::new();
        }
        self.stage = Stage::Met;
        let start = self.present.values().map(|call| Order::Start(*call, of));
        start.chain([Order::StartOwn(of)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_that_gets_stuck_is_followed_by_another_one_and_nothing_starts_it() {
        let mut round = Round::new(2);
        let (one, two) = (Life::numbered(1), Life::numbered(2));
        let call = CallNumber(7);
        let welcome = |life| vec![Order::Begin(life), Order::Welcome(call, life)];
        assert_eq!(round.on(Event::Came(ProcessIndex(1), call), one), welcome(one));
        assert_eq!(round.on(Event::OwnReady(one), two), []);
        assert_eq!(round.on(Event::Stuck(one), two), welcome(two));
        for late in [Event::Ready(call, one), Event::OwnReady(one), Event::Stuck(one)] {
            assert_eq!(round.on(late, Life::numbered(3)), []);
        }
        assert_eq!(round.on(Event::OwnReady(two), one), []);
        let start = vec![Order::Start(call, two), Order::StartOwn(two)];
        assert_eq!(round.on(Event::Ready(call, two), one), start);
    }

    #[test]
    fn a_second_call_of_an_index_replaces_the_first_and_begins_anew() {
        let mut round = Round::new(2);
        let (one, two) = (Life::numbered(1), Life::numbered(2));
        let process = ProcessIndex(1);
        round.on(Event::Came(process, CallNumber(1)), one);
        let orders = round.on(Event::Came(process, CallNumber(2)), two);
        let again = [Order::Begin(two), Order::Welcome(CallNumber(2), two)];
        assert_eq!(orders, [&[Order::Replace(CallNumber(1))][..], &again].concat());
        assert_eq!(round.on(Event::Gone(CallNumber(1)), one), []);
        assert_eq!(round.on(Event::Gone(CallNumber(2)), one), [Order::End]);
        assert_eq!(round.awaited(), [process]);
    }
}
