//! A session's past: going there, and what is seen of it.

use std::sync::Arc;

use super::Session;
use super::orders::{Answer, Order};
use super::past::{Moment, Past, Sources, Travel, reads_again};
use super::view::SHOWN;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::core::replay::recording::Crew;
use crate::telemetry::{
    OutputShown, PartitionView, PartitionsShown, Snapshot, Totals, TracedShown,
};

impl Order {
    /// Whether its effect is to be seen, so that the past is left for it.
    pub(super) fn is_seen_now(&self) -> bool {
        match self {
            Self::Inject(..)
            | Self::Step
            | Self::Held(_)
            | Self::Load(_)
            | Self::Crash
            | Self::Kill(_)
            | Self::Reset
            | Self::Undo
            | Self::ChangeWorkers { .. } => true,
            Self::PauseOrResume
            | Self::StopLoad
            | Self::Pin(_)
            | Self::Breakpoint(_)
            | Self::Revive { .. }
            | Self::WhatIf(_)
            | Self::EndWhatIf
            | Self::Shrink(_)
            | Self::EndShrink
            | Self::Test(_) => false,
        }
    }
}

impl Session {
    /// Goes to a moment of the past, or back to now. It is looked for while the engine goes on: snapshots show it when
    /// it is found, and are of the moment before until then. What has to be told is among the [`told`](Self::told).
    pub fn travel(&mut self, travel: Travel) {
        let mut rewind = std::mem::take(&mut self.rewind);
        rewind.travel(self, travel);
        self.rewind = rewind;
    }

    /// Whether there is a past to go to.
    pub(super) fn is_recorded(&self) -> bool {
        self.settings.recorded.is_some() && self.settings.resilience.is_some()
    }

    pub(super) fn begin_past(&self) -> Result<Past, String> {
        if self.settings.attachable && !self.is_recorded() {
            return Err(
                "this run is not recorded: start it with --resilience-dir and --history".to_owned()
            );
        }
        // First: a past for which there is no place orders no checkpoint.
        let place = self.places.take()?;
        Past::begin(self.sources()?, place)
            .map_err(|error| format!("the past cannot be shown: {error}"))
    }

    /// What a replay of this run needs.
    pub(super) fn sources(&self) -> Result<Sources, String> {
        let recorded = self.settings.recorded.as_ref().filter(|_| self.is_recorded());
        let Some(recorded) = recorded else {
            return Err("there is no past to go to: this run is not recorded".to_owned());
        };
        let workers = self.settings.all_workers(self.settings.workers);
        let crew = Crew { workers, of_each_process: workers, precreate: false };
        Ok(Sources {
            topology: Arc::clone(self.engine.topology()),
            crew,
            recorded: Arc::clone(recorded),
            read: reads_again(),
            saved: self.engine.save(),
            news: Arc::clone(&self.collector.news),
        })
    }

    /// Takes what the user has to be told of the past.
    pub fn told(&mut self) -> Vec<Answer> {
        self.rewind.told().chain(self.made_test()).collect()
    }

    /// The number of the message of the moment of the past that is shown; `None` if that is now.
    pub(super) fn moment_shown(&self) -> Option<u64> {
        self.rewind.past.as_ref()?.found().map(|(moment, _)| moment.message)
    }

    /// Leaves the past for orders whose effect is to be seen.
    pub(super) fn leave_past_for(&mut self, order: &Order) {
        self.rewind.leave_for(order);
    }

    /// Looks at what has been found of the past. True if a new snapshot would differ.
    pub(super) fn look_back(&mut self, view: &PartitionView) -> bool {
        let mut rewind = std::mem::take(&mut self.rewind);
        let looked = rewind.look(self, view);
        self.rewind = rewind;
        looked
    }

    /// The snapshot of the moment that was found, if one is wanted: what the engine does is of now. `now` has all dead
    /// letters that are kept.
    pub(super) fn as_of_then(&self, past: Option<&Past>, now: Snapshot) -> Snapshot {
        let Some(past) = past else { return now };
        let replaying = past.is_busy();
        let Some((moment, partitions)) = past.found() else {
            return Snapshot { replaying, search: past.search(), ..now };
        };
        let own = self.trace_of_then(&moment);
        let (dead_letters, letters) = self.letters_of_then(&moment, &now);
        let totals = Totals {
            messages_in: moment.message,
            stateful: moment.stateful,
            dead_letters: letters.unwrap_or(dead_letters.len() as u64),
            ..Totals::default()
        };
        Snapshot {
            totals,
            partitions: self.partitions_of_then(&moment, own.as_ref(), partitions),
            traces: self.traces_of_then(&moment, own.as_ref()),
            traced: TracedShown::default(),
            outputs: self.outputs_of_then(&moment),
            dead_letters,
            past: Some(moment.shown(own, letters.is_some())),
            replaying,
            search: past.search(),
            changes: past.changes(),
            ..now
        }
    }

    /// What happened to the message of then: as it was traced, with its times, if that is still kept.
    fn trace_of_then(&self, moment: &Moment) -> Option<Arc<Trace>> {
        let traces = self.collector.traces.lock();
        let kept = traces.newest_first().find(|trace| moment.is_of(trace));
        kept.or(moment.trace.as_ref()).cloned()
    }

    fn traces_of_then(&self, moment: &Moment, own: Option<&Arc<Trace>>) -> Vec<Arc<Trace>> {
        let topology = self.engine.topology();
        let traces = self.collector.traces.lock();
        let before = traces.newest_first().filter(|trace| moment.is_after(trace, topology));
        own.into_iter().chain(before).take(SHOWN).cloned().collect()
    }

    fn outputs_of_then(&self, moment: &Moment) -> Vec<Arc<OutputShown>> {
        let topology = self.engine.topology();
        let outputs = self.collector.outputs.lock();
        let then = outputs.newest_first().filter(|output| moment.has_output(output, topology));
        then.take(SHOWN).cloned().collect()
    }

    /// The dead letters of then, newest first, and how many there were; `None` if that is not known any more.
    fn letters_of_then(
        &self,
        moment: &Moment,
        now: &Snapshot,
    ) -> (Vec<Arc<DeadLetter>>, Option<u64>) {
        let topology = self.engine.topology();
        let kept = &now.dead_letters;
        let then = |letter: &&Arc<DeadLetter>| moment.has_letter(letter, topology);
        let mut letters: Vec<_> = kept.iter().filter(then).cloned().collect();
        let all_kept = kept.len() as u64 == now.totals.dead_letters;
        let oldest_is_of_then = kept.last().is_some_and(|oldest| then(&oldest));
        let later = (kept.len() - letters.len()) as u64;
        let count = now.totals.dead_letters.saturating_sub(later);
        if letters.is_empty() {
            // Those that are not kept any more are made again, as far back as the last checkpoint.
            letters = moment.dead_letters.iter().rev().cloned().collect();
        }
        (letters, (all_kept || oldest_is_of_then).then_some(count))
    }

    fn partitions_of_then(
        &self,
        moment: &Moment,
        own: Option<&Arc<Trace>>,
        mut shown: PartitionsShown,
    ) -> PartitionsShown {
        if let Some(opened) = &mut shown.opened {
            let topology = self.engine.topology();
            let (first, traces) = self.histories.lock().of(&opened.name.1);
            let before = |trace: &Arc<Trace>| moment.is_after(trace, topology);
            let own = own.filter(|trace| trace.keys_since(0).0.contains(&opened.name.1));
            opened.first = first.filter(before).or_else(|| own.cloned());
            opened.traces = traces.into_iter().filter(before).collect();
            opened.traces.splice(0..0, own.cloned());
        }
        shown
    }
}
