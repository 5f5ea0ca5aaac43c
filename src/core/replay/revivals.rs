//! Behind which messages of a chapter people revived partitions.

use std::collections::BTreeMap;

use super::schedule::{Begun, Entries, Entry};
use crate::core::numbers::{PipelineIndex, SequenceNumber};

/// Frames that a worker took together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    /// Their pipeline.
    pub pipeline: PipelineIndex,
    /// The number of the first in their source.
    pub first: SequenceNumber,
    /// The number in the chapter behind that of the last.
    pub end: u64,
}

/// Whether a worker with this schedule revived a partition.
pub(super) fn are_in(schedule: &[u8]) -> bool {
    entries(schedule).any(|entry| matches!(entry, Entry::Revived { .. }))
}

/// For each revival of each worker, in the order of its schedule: how many messages of the chapter have entered when all
/// that the worker ran before has entered. Never fewer than at the revival before it.
pub(super) fn behind(workers: &[(&[u8], Vec<Taken>)]) -> Vec<Vec<u64>> {
    let (mut pipelines, mut ends) = (BTreeMap::new(), BTreeMap::new());
    for (schedule, all) in workers {
        let stages = entries(schedule).filter_map(|entry| match entry {
            Entry::Run { stage, begun: Begun::Frames { .. }, .. } => Some(stage.0),
            Entry::Run { .. } | Entry::Revived { .. } | Entry::TakenBack { .. } => None,
        });
        for (stage, taken) in stages.zip(all) {
            pipelines.insert(stage, taken.pipeline);
            ends.insert((taken.pipeline, taken.first), taken.end);
        }
    }
    // The stages of a pipeline follow the one where its frames enter.
    let end_of = |stage: usize, first: SequenceNumber| {
        let (_, pipeline) = pipelines.range(..=stage).next_back()?;
        let same = (*pipeline, SequenceNumber(0))..=(*pipeline, first);
        ends.range(same).next_back().map(|(_, end)| *end)
    };
    let of_worker = |(schedule, all): &(&[u8], Vec<Taken>)| {
        let (mut taken, mut behind, mut revivals) = (all.iter(), 0_u64, Vec::new());
        for entry in entries(schedule) {
            let end = match entry {
                Entry::Run { begun: Begun::Frames { .. }, .. } => {
                    taken.next().map(|taken| taken.end)
                }
                Entry::Run { stage, begun: Begun::Routed { first, .. }, .. } => {
                    end_of(stage.0, first)
                }
                Entry::Run { begun: Begun::Continued, .. } | Entry::TakenBack { .. } => None,
                Entry::Revived { .. } => {
                    revivals.push(behind);
                    None
                }
            };
            behind = behind.max(end.unwrap_or(0));
        }
        revivals
    };
    workers.iter().map(of_worker).collect()
}

/// The entries that can be read: a run reports the one that cannot.
fn entries(schedule: &[u8]) -> impl Iterator<Item = Entry> {
    Entries::new(schedule).map_while(Result::ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::Key;
    use crate::core::numbers::WorkerIndex;
    use crate::core::replay::schedule::{Ran, StageIndex, append, append_run};

    #[test]
    fn a_revival_of_a_worker_that_takes_no_frames_is_behind_what_it_was_sent_before() {
        let revived = Entry::Revived { state: 0, key: Key::from("a") };
        let (mut takes, mut receives, mut all) = (Vec::new(), Vec::new(), Vec::new());
        append(&mut receives, &revived);
        for (pipeline, stage, end) in [(0, 0, 2), (1, 4, 3), (0, 0, 5)] {
            let first = SequenceNumber(end);
            append_run(&mut takes, StageIndex(stage), Begun::Frames { at_once: false }, Ran::Done);
            append(&mut takes, &revived);
            let begun = Begun::Routed { from: WorkerIndex(0), first };
            append_run(&mut receives, StageIndex(stage + 1), begun, Ran::Done);
            append(&mut receives, &revived);
            all.push(Taken { pipeline: PipelineIndex(pipeline), first, end });
        }
        let found = behind(&[(&takes, all), (&receives, Vec::new())]);
        assert_eq!(found, [vec![2, 3, 5], vec![0, 2, 3, 5]]);
        assert!(are_in(&receives) && !are_in(&[]));
    }
}
