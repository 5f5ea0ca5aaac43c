//! Taking the last message back: what is said of it.

use super::Workbench;
use crate::core::figures::counted;
use crate::core::frames::trace::Trace;
use crate::telemetry::{Snapshot, TakenBackShown};
use crate::workbench::words;

impl Workbench {
    /// Whether outputs leave, so that they cannot be taken back.
    pub(super) fn outputs_leave(&self) -> bool {
        self.snapshot.undo.outputs_leave && self.snapshot.totals.messages_out > 0
    }

    /// Whether a message was taken back.
    pub(in crate::workbench) fn was_taken_back(&self, trace: &Trace) -> bool {
        let undo = &self.snapshot.undo;
        let pipeline = self.topology.pipeline_index(&trace.pipeline);
        !undo.messages.is_empty()
            && pipeline.is_some_and(|pipeline| undo.has(pipeline, trace.sequence))
    }

    /// Takes note of what has come of taking a message back.
    pub(super) fn note_undone(&mut self, snapshot: &Snapshot) {
        let (before, now) = (&self.snapshot.undo, &snapshot.undo);
        if (before.wanted, before.outcome.is_some()) == (now.wanted, now.outcome.is_some()) {
            return;
        }
        match &now.outcome {
            None => {}
            Some(Ok(done)) => {
                let pipelines = self.topology.pipelines();
                let plan = pipelines.get(done.pipeline.0).filter(|_| pipelines.len() > 1);
                let pipeline = plan.map(|plan| plan.name.to_string());
                // What was taken back is to be seen.
                self.frozen = false;
                self.remark(in_words(done, pipeline), false);
            }
            Some(Err(why)) => self.notify(why.to_string(), true),
        }
    }
}

/// What was taken back, and what stays. The pipeline is named if there are several.
fn in_words(done: &TakenBackShown, pipeline: Option<String>) -> String {
    let TakenBackShown { sequence, partitions, first, outputs, dead_letters, .. } = done;
    let of = pipeline.map(|pipeline| format!(" of {pipeline}")).unwrap_or_default();
    let changed = match (partitions, first) {
        (0, _) | (_, None) => "it had changed no partition".to_owned(),
        (1, Some((key, true))) => format!("`{}` is gone again", words::key(key)),
        (1, Some((key, false))) => format!("`{}` is as it was before", words::key(key)),
        (count, Some(_)) => format!("{count} partitions are as they were before"),
    };
    let mut text = format!("message {sequence}{of} is taken back: {changed}");
    let stays = |count: u64, what: &str, one: &str, more: &str| {
        let verb = if count == 1 { one } else { more };
        (count > 0).then(|| format!("; {} {verb}", counted(count, what)))
    };
    text.extend(stays(*outputs, "output", "has left and stays", "have left and stay"));
    text.extend(stays(*dead_letters, "dead letter", "of it stays", "of it stay"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::numbers::{PipelineIndex, SequenceNumber};

    #[test]
    fn it_is_said_what_is_as_before_and_what_stays() {
        let done = |partitions, is_gone, outputs, dead_letters| TakenBackShown {
            pipeline: PipelineIndex(0),
            sequence: SequenceNumber(5),
            partitions,
            first: (partitions > 0).then(|| ("a".into(), is_gone)),
            outputs,
            dead_letters,
        };
        for (done, pipeline, text) in [
            (done(1, true, 0, 0), None, "message #5 is taken back: `a` is gone again"),
            (
                done(1, false, 2, 0),
                Some("votes"),
                "message #5 of votes is taken back: `a` is as it was before; 2 outputs have left and stay",
            ),
            (
                done(3, true, 1, 0),
                None,
                "message #5 is taken back: 3 partitions are as they were before; 1 output has left and stays",
            ),
            (
                done(0, false, 0, 1),
                None,
                "message #5 is taken back: it had changed no partition; 1 dead letter of it stays",
            ),
        ] {
            assert_eq!(in_words(&done, pipeline.map(str::to_owned)), text);
        }
    }
}
