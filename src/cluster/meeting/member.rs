//! What each process has of the life that it is in: its connections to all others.
//!
//! Invariant: all connections that are given out together belong to one life, two for each other process.

use std::collections::{BTreeMap, BTreeSet};

use super::life::Life;
use super::messages::{Channel, Link};
use super::refusal::Refusal;
use crate::core::numbers::ProcessIndex;

/// The end of a connection: to which process, and for what.
pub(super) type End = (ProcessIndex, Channel);

/// A process that meets others. `S` is a connection.
pub(super) struct Member<S> {
    me: ProcessIndex,
    processes: usize,
    stage: Stage<S>,
}

/// How far it has come.
enum Stage<S> {
    /// It is in no life.
    Waiting,
    /// It connects to others and is connected to. Who has been let in may not have arrived yet.
    Meshing { life: Life, let_in: BTreeSet<End>, sockets: BTreeMap<End, S> },
}

impl<S> Member<S> {
    pub fn new(me: ProcessIndex, processes: usize) -> Self {
        Self { me, processes, stage: Stage::Waiting }
    }

    /// A life begins, and the connections of an earlier one are gone. Returns those that this process has to make.
    pub fn begin(&mut self, life: Life) -> Vec<End> {
        self.stage = Stage::Meshing { life, let_in: BTreeSet::new(), sockets: BTreeMap::new() };
        let lesser = (0..self.me.0).map(ProcessIndex);
        lesser.flat_map(|process| Channel::ALL.map(|channel| (process, channel))).collect()
    }

    /// The life in which it is is over.
    pub fn end(&mut self) {
        self.stage = Stage::Waiting;
    }

    /// Whether one that comes may be connected.
    pub fn judge(&mut self, link: Link) -> Result<(), Refusal> {
        match &mut self.stage {
            Stage::Meshing { life, let_in, .. } if *life == link.life => {
                if link.from <= self.me || link.from.0 >= self.processes {
                    return Err(Refusal::Index(link.from));
                }
                // The other end of an earlier one may have been handed on already.
                let is_new = let_in.insert((link.from, link.channel));
                if is_new { Ok(()) } else { Err(Refusal::Twice) }
            }
            Stage::Waiting | Stage::Meshing { .. } => Err(Refusal::OtherLife),
        }
    }

    /// A connection is made, by whichever end. It is dropped if it is of another life.
    pub fn connected(&mut self, of: Life, end: End, socket: S) {
        match &mut self.stage {
            Stage::Meshing { life, sockets, .. } if *life == of => {
                let earlier = sockets.insert(end, socket);
                debug_assert!(earlier.is_none(), "each connection of a life is made once");
            }
            Stage::Waiting | Stage::Meshing { .. } => {}
        }
    }

    /// The life of which all connections are made.
    pub fn ready(&self) -> Option<Life> {
        match &self.stage {
            Stage::Meshing { life, sockets, .. } if sockets.len() == self.needed() => Some(*life),
            Stage::Waiting | Stage::Meshing { .. } => None,
        }
    }

    /// All have all connections of this life: those of this process, which is in no life then. `None` if it has not.
    pub fn start(&mut self, life: Life) -> Option<BTreeMap<End, S>> {
        if self.ready() != Some(life) {
            return None;
        }
        match std::mem::replace(&mut self.stage, Stage::Waiting) {
            Stage::Meshing { sockets, .. } => Some(sockets),
            Stage::Waiting => None,
        }
    }

    fn needed(&self) -> usize {
        self.processes.saturating_sub(1) * Channel::ALL.len()
    }
}
