//! The frames of a script that no worker has taken.

use std::collections::{BTreeSet, HashMap};

use crate::core::numbers::{PipelineIndex, SequenceNumber, Timestamp};
use crate::core::replay::script::{Entering, Script};

/// The frames that enter in a script, by their pipelines and first numbers: whether no worker has taken them, and when
/// they were read.
#[derive(Default)]
pub(super) struct Untaken {
    all: HashMap<FramesName, Timestamp>,
    untaken: BTreeSet<FramesName>,
}

/// A pipeline, and the first number of the frames there.
type FramesName = (PipelineIndex, SequenceNumber);

impl Untaken {
    /// Those of this script.
    pub fn of(script: &Script) -> Self {
        let all = script.entering().filter(|entering| !entering.frames.is_empty());
        let all = all.map(|entering| (name(entering), entering.frames.read_at()));
        let all: HashMap<_, _> = all.collect();
        Self { untaken: all.keys().copied().collect(), all }
    }

    /// A worker takes these frames.
    pub fn take(&mut self, entering: Option<&Entering>) {
        if let Some(entering) = entering {
            self.untaken.remove(&name(entering));
        }
    }

    /// Whether no worker has taken some of the frames before these of a pipeline.
    pub fn has_older(&self, pipeline: PipelineIndex, first: SequenceNumber) -> bool {
        self.untaken.range((pipeline, SequenceNumber(0))..(pipeline, first)).next().is_some()
    }

    /// Whether frames with this first number are untaken, and when they were read; `None` if there are none.
    pub fn find(
        &self,
        pipeline: PipelineIndex,
        first: SequenceNumber,
    ) -> Option<(bool, Timestamp)> {
        let name = (pipeline, first);
        Some((self.untaken.contains(&name), *self.all.get(&name)?))
    }
}

fn name(entering: &Entering) -> FramesName {
    (entering.pipeline, entering.frames.numbers().0)
}
