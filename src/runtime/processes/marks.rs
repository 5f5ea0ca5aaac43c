//! Marks that processes send each other, after which all notices of before have come home.
//!
//! A notice about frames may pass several processes on its way home, one for each exchange that the frames have passed.
//! When process 0 begins, each process sends a mark to every other one, behind all notices that it has passed on so far.
//! Whoever has got the marks of all others has passed on all that was under way to it, and sends the next ones. After as
//! many as a notice passes processes at most, process 0 has all of them.
//!
//! Invariant: the connections keep the order in which something was said, and a notice is passed on before the next
//! message is heard.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::core::topology::Topology;

/// A mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// How often process 0 has begun.
    number: u64,
    /// How many marks its process has sent since then.
    step: usize,
}

/// The marks of a process.
#[derive(Debug)]
pub(super) struct Marks {
    /// How many other processes there are.
    others: usize,
    number: u64,
    /// How many marks of each step have come.
    come: Vec<usize>,
    /// How many were sent.
    sent: usize,
}

/// How many processes a notice passes at most: one for each exchange, and one for outputs.
pub(super) fn longest_way(topology: &Topology) -> NonZeroUsize {
    let steps = topology.pipelines().iter().map(|plan| plan.steps.len()).max();
    NonZeroUsize::MIN.saturating_add(steps.unwrap_or_default())
}

impl Marks {
    pub fn new(processes: usize, longest_way: NonZeroUsize) -> Self {
        let others = processes.saturating_sub(1);
        Self { others, number: 0, come: vec![0; longest_way.get()], sent: 0 }
    }

    /// Begins, at process 0. Returns the mark to send to all others.
    pub fn begin(&mut self) -> Mark {
        debug_assert!(self.number == 0 || self.all_have_come(), "one after another");
        self.start(self.number + 1)
    }

    fn start(&mut self, number: u64) -> Mark {
        self.number = number;
        self.come.fill(0);
        self.sent = 1;
        Mark { number, step: 0 }
    }

    /// A mark has come. Returns those to send to all others.
    pub fn hear(&mut self, mark: Mark) -> Vec<Mark> {
        let mut send = Vec::new();
        if mark.number > self.number {
            send.push(self.start(mark.number));
        }
        // A mark of before is of no use any more: process 0 has all of its own.
        if mark.number == self.number
            && let Some(come) = self.come.get_mut(mark.step)
        {
            *come += 1;
        }
        while self.sent < self.come.len()
            && self.come.get(self.sent - 1).is_some_and(|come| *come == self.others)
        {
            send.push(Mark { number: self.number, step: self.sent });
            self.sent += 1;
        }
        send
    }

    /// Whether all marks have come: then all notices of before the beginning are at home.
    pub fn all_have_come(&self) -> bool {
        self.come.last().is_some_and(|come| *come == self.others)
    }
}

/// Who waits at process 0 until all notices have come home.
#[derive(Debug)]
pub(super) struct Waiting {
    marks: Marks,
    /// Those for whom it has begun.
    now: Vec<oneshot::Sender<()>>,
    /// Those who came later.
    next: Vec<oneshot::Sender<()>>,
}

impl Waiting {
    pub fn new(marks: Marks) -> Self {
        Self { marks, now: Vec::new(), next: Vec::new() }
    }

    /// Waits for the notices of before now. Returns the mark to send to all others, if one is to be sent now.
    pub fn wait(&mut self, told: oneshot::Sender<()>) -> Option<Mark> {
        if !self.now.is_empty() {
            self.next.push(told);
            return None;
        }
        self.now.push(told);
        Some(self.marks.begin())
    }

    /// A mark has come. Returns those to send to all others.
    pub fn hear(&mut self, mark: Mark) -> Vec<Mark> {
        let mut send = self.marks.hear(mark);
        if self.marks.all_have_come() && !self.now.is_empty() {
            for told in std::mem::replace(&mut self.now, std::mem::take(&mut self.next)) {
                // If the receiver is gone, nobody waits any more.
                let _ = told.send(());
            }
            if !self.now.is_empty() {
                send.push(self.marks.begin());
            }
        }
        send
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    /// What is under way.
    #[derive(Debug, Clone)]
    enum Said {
        Mark(Mark),
        /// A notice that has these processes before it.
        Notice(Vec<usize>),
    }

    /// Processes with connections that keep the order.
    struct World {
        processes: usize,
        /// From each process to each.
        lines: Vec<VecDeque<Said>>,
        waiting: Waiting,
        hosts: Vec<Marks>,
        home: usize,
    }

    impl World {
        fn new(processes: usize, way: usize) -> Self {
            let marks = || Marks::new(processes, NonZeroUsize::new(way).unwrap());
            Self {
                processes,
                lines: vec![VecDeque::new(); processes * processes],
                waiting: Waiting::new(marks()),
                hosts: (0..processes).map(|_| marks()).collect(),
                home: 0,
            }
        }

        fn say_all(&mut self, from: usize, marks: Vec<Mark>) {
            for mark in marks {
                for to in (0..self.processes).filter(|to| *to != from) {
                    self.lines[from * self.processes + to].push_back(Said::Mark(mark));
                }
            }
        }

        /// A notice is passed on, or is at home.
        fn pass_on(&mut self, at: usize, mut way: Vec<usize>) {
            match way.pop() {
                None => self.home += 1,
                Some(to) => self.lines[at * self.processes + to].push_back(Said::Notice(way)),
            }
        }

        /// Something arrives, if anything is under way on this line.
        fn deliver(&mut self, line: usize) {
            let Some(said) = self.lines[line].pop_front() else { return };
            let at = line % self.processes;
            match said {
                Said::Notice(way) => self.pass_on(at, way),
                Said::Mark(mark) if at == 0 => {
                    let send = self.waiting.hear(mark);
                    self.say_all(0, send);
                }
                Said::Mark(mark) => {
                    let send = self.hosts[at].hear(mark);
                    self.say_all(at, send);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn when_all_marks_have_come_all_notices_of_before_are_at_home(
            processes in 2_usize..5,
            way in 1_usize..4,
            notices in prop::collection::vec(prop::collection::vec(0_usize..4, 0..4), 0..12),
            choices in prop::collection::vec(any::<usize>(), 0..400),
            waits in 1_usize..4,
        ) {
            let mut world = World::new(processes, way);
            let mut told = Vec::new();
            for _ in 0..waits {
                for notice in &notices {
                    // From the last process of the way to process 0, over so many others as may be.
                    let mut path = vec![0];
                    for process in notice.iter().map(|process| process % processes) {
                        if path.last() != Some(&process) && path.len() < way {
                            path.push(process);
                        }
                    }
                    let last = path.last().copied().unwrap();
                    let start = (last + 1) % processes;
                    world.pass_on(start, path);
                }
                let before = world.home + world.lines.iter().flatten()
                    .filter(|said| matches!(said, Said::Notice(_))).count();
                let (tell, heard) = oneshot::channel();
                let begun = world.waiting.wait(tell);
                world.say_all(0, begun.into_iter().collect());
                told.push((heard, before));
            }
            let lines = processes * processes;
            let all = choices.into_iter().map(|choice| choice % lines).chain((0..lines).cycle());
            for line in all {
                world.deliver(line);
                for (heard, before) in &mut told {
                    if heard.try_recv().is_ok() {
                        prop_assert!(world.home >= *before, "{} of {before} are at home", world.home);
                        *before = 0;
                    }
                }
                if world.lines.iter().all(VecDeque::is_empty) {
                    break;
                }
            }
            prop_assert!(told.iter().all(|(_, before)| *before == 0 || notices.is_empty()));
        }
    }
}
