//! The thread that does a branch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::edits::{MessageName, Spot, WhatIf};
use super::shared::Shared;
use crate::core::frames::preview::shortened;
use crate::core::guard::guarded;
use crate::core::numbers::PipelineIndex;
use crate::core::partitions::saved::{SavedPartition, to_json};
use crate::core::replay::ReplayError;
use crate::core::replay::branch::{
    BranchEdit, Difference, LetterLeft, PartitionDiffers, SinkDiffers,
};
use crate::core::replay::from_memory::MemoryRecording;
use crate::core::replay::source::Recording as _;
use crate::core::replay::timeline::Timeline;
use crate::core::topology::Topology;
use crate::session::past::{Opened, Sources};
use crate::telemetry::{
    BranchDiffers, CutBytes, LetterShown, PartitionDiffersShown, SinkDiffersShown, StateShown,
};

/// How often it is told how far it is.
const TOLD: Duration = Duration::from_millis(50);

/// The thread that does a branch.
pub(super) struct Working {
    pub sources: Sources,
    pub edits: Vec<WhatIf>,
    pub shared: Arc<Shared>,
}

impl Working {
    /// Does the branch, and puts down what came of it.
    pub fn work_to_the_end(self) {
        let shared = Arc::clone(&self.shared);
        let outcome = guarded(move || self.work());
        let outcome = outcome.map(Arc::new).map_err(Arc::from);
        shared.put(|shown| shown.outcome = Some(outcome));
    }

    fn work(self) -> Result<BranchDiffers, String> {
        let Self { sources, edits, shared } = self;
        let Opened { topology, recording, dropped: first, missing } = sources.open();
        shared.put(|shown| shown.without_newest = !missing.is_empty());
        let timeline = Timeline::new(Arc::clone(&topology), recording);
        let mut timeline = timeline.map_err(in_words)?.until(Arc::clone(&shared.end));
        let names = Names { timeline: &timeline, topology: &topology };
        let edits: Vec<_> = edits.iter().map(|edit| names.edit(edit)).collect::<Result<_, _>>()?;
        let all = timeline.messages_of_branch(&edits);
        shared.put(|shown| shown.all = all);
        let mut told = Instant::now();
        let found = timeline.branch(&edits, &mut |done| {
            if told.elapsed() >= TOLD {
                told = Instant::now();
                shared.put(|shown| shown.done = done);
            }
        });
        let last = first + timeline.messages();
        found.map(|found| shown(found, (first, last), &topology)).map_err(in_words)
    }
}

fn in_words(error: ReplayError) -> String {
    error.to_string()
}

/// Finds messages by their names.
struct Names<'a> {
    timeline: &'a Timeline<MemoryRecording>,
    topology: &'a Topology,
}

impl Names<'_> {
    fn edit(&self, edit: &WhatIf) -> Result<BranchEdit, String> {
        Ok(match edit {
            WhatIf::LeaveOut(name) => BranchEdit::LeaveOut { message: self.number(*name)? },
            WhatIf::Replace(name, frame, times) => {
                let message = self.number(*name)?;
                BranchEdit::Replace { message, frames: vec![frame.clone(); *times] }
            }
            WhatIf::PutIn { at, pipeline, frame, times } => BranchEdit::PutIn {
                before: self.entered_at(*at)? + 1,
                pipeline: *pipeline,
                frames: vec![frame.clone(); *times],
            },
            WhatIf::SetState { at, state, key, json } => BranchEdit::SetState {
                after: self.entered_at(*at)?,
                state: Arc::clone(state),
                key: key.clone(),
                json: json.clone(),
            },
        })
    }

    /// How many messages have entered at a moment.
    fn entered_at(&self, at: Spot) -> Result<u64, String> {
        match at {
            Spot::Beginning => Ok(0),
            Spot::Before(name) => Ok(self.number(name)? - 1),
            Spot::After(name) => self.number(name),
            Spot::End => Ok(self.timeline.messages()),
        }
    }

    /// The number of a message in the recording, from 1.
    fn number(&self, name: MessageName) -> Result<u64, String> {
        let MessageName { pipeline, sequence } = name;
        let recording = self.timeline.recording();
        let found = recording.number_of(pipeline, sequence);
        let is_taken_back = recording.taken_back().iter().any(|one| one.message == found);
        if found.is_some() && is_taken_back {
            let of = name_of(self.topology, pipeline);
            return Err(format!(
                "message {sequence} of {of} was taken back: it is not there any more"
            ));
        }
        found.ok_or_else(|| {
            let of = name_of(self.topology, pipeline);
            format!(
                "message {sequence} of {of} is not in the recording: it is newer than what is recorded, or so old that \
                 it was dropped, because the recording would take too much memory"
            )
        })
    }
}

fn name_of(topology: &Topology, pipeline: PipelineIndex) -> &str {
    topology.pipelines().get(pipeline.0).map_or("a pipeline", |plan| &plan.name)
}

/// What a front end shows of a difference.
fn shown(found: Difference, (first, last): (u64, u64), topology: &Topology) -> BranchDiffers {
    let unfaithful = found.unfaithful.map(|error| match error {
        ReplayError::Differs { state, key, .. } => format!("partition `{key}` of {state}"),
        other => other.to_string(),
    });
    BranchDiffers {
        last,
        partition_count: found.partition_count,
        partitions: found.partitions.into_iter().map(partition).collect(),
        outputs: found.outputs.into_iter().map(|sink| sink_shown(sink, topology)).collect(),
        dead_letters: found.dead_letters.map(letter),
        compared_until: found.compared_until.map(|until| first + until),
        unfaithful,
    }
}

fn partition(differs: PartitionDiffers) -> PartitionDiffersShown {
    let state = |saved: SavedPartition| StateShown {
        messages: saved.messages,
        poisoned: saved.poisoned,
        value: to_json(&saved.value).unwrap_or_else(Into::into),
    };
    let PartitionDiffers { state: name, key, happened, branch } = differs;
    PartitionDiffersShown {
        state: name,
        key,
        happened: happened.map(state),
        branch: branch.map(state),
    }
}

fn sink_shown(SinkDiffers { sink, outputs }: SinkDiffers, topology: &Topology) -> SinkDiffersShown {
    let mut pipelines: Vec<&str> = topology.places_of(sink).map(|(_, name)| &**name).collect();
    pipelines.dedup();
    let plan = topology.pipelines().get(sink.pipeline.0);
    let sinks = plan.map(|plan| plan.sinks.as_slice()).unwrap_or_default();
    let name = sinks.get(sink.sink.0).and_then(|plan| plan.name.as_deref());
    let number = || (sinks.len() > 1).then(|| format!("sink {}", sink.sink.0 + 1));
    let name = name.map(str::to_owned).or_else(number).unwrap_or_default();
    let outputs = outputs.map(|output| CutBytes::of(&output));
    SinkDiffersShown { pipelines: pipelines.join(", "), sink: name, outputs }
}

fn letter(LetterLeft { pipeline, step, reason, payload, .. }: LetterLeft) -> LetterShown {
    LetterShown { pipeline, step, reason: shortened(reason), payload: CutBytes::of(&payload) }
}
