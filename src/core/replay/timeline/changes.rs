//! The messages that changed a partition, or a field of it: found by a look at its state before and after each of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use super::Timeline;
use crate::core::frames::probe::{Carried, Change, Looks, Probe};
use crate::core::frames::trace::Trace;
use crate::core::replay::error::ReplayError;
use crate::core::replay::parts::parts_of;
use crate::core::replay::recording::{PartitionName, SavedState};
use crate::core::replay::script::{Entering, Script};
use crate::core::replay::source::Recording;
use crate::core::replay::traced::Direction;
use crate::core::replay::watch::Watch;
use crate::core::topology::Topology;

/// A partition, or a field of it: the names of the fields and the places in lists that lead to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartOfState {
    /// The partition.
    pub name: PartitionName,
    /// Empty for all of the state.
    pub field: Vec<String>,
}

impl<R: Recording> Timeline<R> {
    /// The message that gave a partition, or a field of it, the value that it has at this moment: of those until then that had
    /// not been taken back, the one with the last change. `None` if it has had that value since the beginning. A moment behind
    /// the last one is now.
    ///
    /// # Errors
    ///
    /// The recording cannot be read, or is of another application.
    pub fn last_change(
        &mut self,
        at: u64,
        of: &PartOfState,
    ) -> Result<Option<Change>, ReplayError> {
        let by = self.chapter_at(at);
        for chapter in self.chapters_from(at.saturating_add(1), Direction::Back) {
            if !self.has_changed(chapter, &of.name)? {
                continue;
            }
            let mut wanted = self.wanted_in(chapter, at.saturating_add(1), Direction::Back);
            // What was taken back by then has given it nothing.
            wanted.end = wanted.end.min(self.lasting(chapter, by));
            let probe = self.newest_in(chapter, wanted, of, 1)?;
            if let Some(change) = probe.and_then(|probe| probe.last()) {
                return Ok(Some(self.numbered(chapter, change)));
            }
        }
        Ok(None)
    }

    /// The changes before a message, no more than `most` of them, the nearest ones: by the numbers of their messages, the
    /// greatest first. Those of messages that had been taken back by then are not among them.
    ///
    /// # Errors
    ///
    /// As [`last_change`](Self::last_change).
    pub fn changes_before(
        &mut self,
        from: u64,
        of: &PartOfState,
        most: usize,
    ) -> Result<Vec<Change>, ReplayError> {
        self.changes_lasting((from, self.chapter_at(from)), of, most)
    }

    /// The chapter that a message is in. How many chapters there are if it is behind the last message: that is now.
    fn chapter_at(&self, message: u64) -> usize {
        let is_now = message > self.messages();
        if is_now { self.recording.chapters().len() } else { self.chapter_of(message) }
    }

    /// The same, of those messages that had not been taken back by the beginning of the chapter `by`.
    fn changes_lasting(
        &mut self,
        (from, by): (u64, usize),
        of: &PartOfState,
        most: usize,
    ) -> Result<Vec<Change>, ReplayError> {
        let mut all = Vec::new();
        for chapter in self.chapters_from(from, Direction::Back) {
            if all.len() >= most {
                break;
            }
            if !self.has_changed(chapter, &of.name)? {
                continue;
            }
            let mut wanted = self.wanted_in(chapter, from, Direction::Back);
            wanted.end = wanted.end.min(self.lasting(chapter, by));
            let left = most - all.len();
            let probe = self.newest_in(chapter, wanted, of, left)?;
            let changes = probe.map(|probe| probe.changes()).unwrap_or_default().into_iter();
            all.extend(changes.rev().map(|change| self.numbered(chapter, change)));
        }
        Ok(all)
    }

    /// The first change after a message.
    ///
    /// # Errors
    ///
    /// As [`last_change`](Self::last_change).
    pub fn change_after(
        &mut self,
        from: u64,
        of: &PartOfState,
    ) -> Result<Option<Change>, ReplayError> {
        for chapter in self.chapters_from(from, Direction::Forth) {
            if !self.has_changed(chapter, &of.name)? {
                continue;
            }
            // From 0 on, all messages are after it.
            let first = self.start(chapter);
            let looks = match from.checked_sub(first + 1) {
                None => Looks::All,
                Some(at) => Looks::After(at),
            };
            self.go_to(chapter)?;
            let script = self.script()?;
            let probe = self.probe(&script, of, (looks, 1), true)?;
            let mut nearest = probe.changes().into_iter().next();
            nearest = nearest.map(|change| self.numbered(chapter, change));
            if probe.is_overtaken() {
                nearest = self.nearer(chapter, from, of, nearest)?;
            }
            if nearest.is_some() {
                return Ok(nearest);
            }
        }
        Ok(None)
    }

    /// The first change of a chapter after a message, if messages overtook each other on their way to the partition: one
    /// that changes nothing behind those that overtook it may change something at its own moment, when they have not
    /// entered yet. So it looks back from the first one that was found, or from the end.
    fn nearer(
        &mut self,
        chapter: usize,
        from: u64,
        of: &PartOfState,
        mut nearest: Option<Change>,
    ) -> Result<Option<Change>, ReplayError> {
        loop {
            let behind = nearest.as_ref().map(|change| change.number);
            let behind = behind.unwrap_or(self.start(chapter + 1) + 1);
            // What was taken back later is on the way forth, too.
            match self.changes_lasting((behind, chapter), of, 1)?.pop() {
                Some(before) if before.number > from => nearest = Some(before),
                _ => return Ok(nearest),
            }
        }
    }

    /// What happened to these messages, which are in ascending order.
    ///
    /// # Errors
    ///
    /// As [`last_change`](Self::last_change).
    pub fn traces_of(&mut self, messages: &[u64]) -> Result<Vec<Arc<Trace>>, ReplayError> {
        let mut traces = Vec::new();
        let same_chapter =
            |one: &u64, other: &u64| self.chapter_of(*one) == self.chapter_of(*other);
        let parts: Vec<Vec<u64>> = messages.chunk_by(same_chapter).map(<[u64]>::to_vec).collect();
        for part in parts {
            let Some(last) = part.last() else { continue };
            let chapter = self.chapter_of(*last);
            self.go_to(chapter)?;
            let first = self.start(chapter);
            let script = self.script()?.until(last - first);
            let mut machine = self.machine(script.crew)?;
            let topology = Arc::clone(&self.topology);
            let wanted = part.iter().map(|message| message - first - 1).collect();
            let mut some = SomeTraced { topology: &topology, wanted, traces: BTreeMap::new() };
            self.run(&mut machine, &script, &mut some)?;
            traces.extend(some.traces.into_values());
        }
        Ok(traces)
    }

    /// Whether a chapter has changed a partition.
    fn has_changed(&self, chapter: usize, of: &PartitionName) -> Result<bool, ReplayError> {
        Ok(has(&self.recording.changed(chapter)?, of))
    }

    /// The nearest changes at the end of a part of a chapter. `None` if no message was at the partition.
    ///
    /// To look at a state takes as long as the state is large, and the last changes are most often near: so first only the
    /// messages are counted, and the last few of them are looked at before the others.
    fn newest_in(
        &mut self,
        chapter: usize,
        wanted: Range<u64>,
        of: &PartOfState,
        most: usize,
    ) -> Result<Option<Arc<Probe>>, ReplayError> {
        self.go_to(chapter)?;
        let script = self.script()?.until(wanted.end);
        let count = self.probe(&script, of, (Looks::Places(0, 0), 0), false)?.touched();
        let mut nearest = None;
        let first_parts = parts_of(0..count, Direction::Back);
        let starts = first_parts.iter().map(|part| part.start);
        for start in starts.filter(|_| count > 0) {
            let looks = Looks::Places(start, u64::MAX);
            let probe = self.probe(&script, of, (looks, most), false)?;
            // Workers take turns: a message that was there before may have a greater number.
            let is_nearest = |first| probe.skipped().is_none_or(|skipped| skipped < first);
            let is_enough = probe.changes().len() >= most && probe.first().is_some_and(is_nearest);
            nearest = Some(probe);
            if is_enough {
                break;
            }
        }
        Ok(nearest)
    }

    /// Does a chapter again with a probe on its way.
    fn probe(
        &mut self,
        script: &Script,
        of: &PartOfState,
        (looks, most): (Looks, usize),
        stops_at_first: bool,
    ) -> Result<Arc<Probe>, ReplayError> {
        let name = (Arc::clone(&of.name.0), of.name.1.clone());
        let probe = Arc::new(Probe::new(name, of.field.clone(), looks, most));
        let mut machine = self.machine(script.crew)?;
        let mut probing = Probing {
            probe: Arc::clone(&probe),
            on_their_way: VecDeque::new(),
            in_order: Some(0),
            stops_at_first,
        };
        self.run(&mut machine, script, &mut probing)?;
        Ok(probe)
    }

    /// A change with the number of its message in the recording.
    fn numbered(&self, chapter: usize, change: Change) -> Change {
        Change { number: self.start(chapter) + change.number + 1, ..change }
    }
}

/// Whether a partition is among those that a chapter changed.
pub(super) fn has(changed: &[SavedState], (state, key): &PartitionName) -> bool {
    changed.iter().any(|(name, partitions)| {
        name == state && partitions.iter().any(|partition| partition.key == *key)
    })
}

/// Traces some messages of a chapter.
struct SomeTraced<'a> {
    topology: &'a Topology,
    /// Their numbers in the chapter.
    wanted: BTreeSet<u64>,
    traces: BTreeMap<u64, Arc<Trace>>,
}

impl Watch for SomeTraced<'_> {
    fn enters(&mut self, entering: &mut Entering) {
        let name = entering.name(self.topology);
        let behind = entering.number + entering.frames.len() as u64;
        for number in self.wanted.range(entering.number..behind) {
            if let Ok(place) = u32::try_from(number - entering.number) {
                self.traces.insert(*number, entering.frames.begin_trace(name, place));
            }
        }
    }
}

/// Gives all frames a probe.
struct Probing {
    probe: Arc<Probe>,
    /// What frames carry that are not dropped yet, and more.
    on_their_way: VecDeque<Arc<Carried>>,
    /// The number of the message that enters next; `None` if workers took them in another order than they were read.
    in_order: Option<u64>,
    stops_at_first: bool,
}

impl Watch for Probing {
    fn enters(&mut self, entering: &mut Entering) {
        self.in_order = self.in_order.filter(|next| *next == entering.number);
        self.in_order = self.in_order.map(|next| next + entering.frames.len() as u64);
        let carried = Arc::new(Carried { probe: Arc::clone(&self.probe), first: entering.number });
        entering.frames.carry(Arc::clone(&carried));
        if self.stops_at_first {
            self.on_their_way.push_back(carried);
        }
    }

    fn goes_on(&mut self) -> bool {
        while self.on_their_way.pop_front_if(|carried| Arc::strong_count(carried) == 1).is_some() {}
        let Some(first) = self.probe.first().filter(|_| self.stops_at_first) else { return true };
        // An earlier message may still be on its way, or enter.
        let earlier = self.on_their_way.front().is_some_and(|carried| carried.first < first);
        earlier || self.in_order.is_none()
    }
}
