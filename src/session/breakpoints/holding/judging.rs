//! Which breakpoint holds a message that has not entered, and what is shown of it.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::application::Key;
use crate::core::foresight::{Foresight, Looked};
use crate::core::frames::Frames;
use crate::core::replay::smallest::first_step;
use crate::core::seen::seen_in;
use crate::core::topology::Topology;
use crate::runtime::passes::Front;
use crate::session::breakpoints::judge::Bench;
use crate::telemetry::HeldShown;

/// The max length of a frame or an output that is shown, in bytes.
const MAX_SHOWN: usize = 64 * 1024;

/// Why a message is held.
pub struct Why {
    /// The breakpoint's number, and its condition.
    pub breakpoint: u64,
    text: Arc<str>,
    step: Arc<str>,
    key: Option<Key>,
    unjudged: Option<Arc<str>>,
}

/// What is counted of a message when it is certain what becomes of it: else the same message would be counted again after
/// a crash, and what is said once would not be said.
#[derive(Default)]
pub struct Counts(Vec<(u64, Option<Arc<str>>)>);

impl Counts {
    /// Counts the message.
    pub fn count(self, bench: &Mutex<Bench>) {
        let mut bench = bench.lock();
        for (number, unjudged) in self.0 {
            let found = bench.breakpoints.iter_mut().find(|one| one.number == number);
            match (found, unjudged) {
                (None, _) => {}
                (Some(breakpoint), None) => breakpoint.hits += 1,
                (Some(breakpoint), Some(why)) => {
                    breakpoint.unjudged += 1;
                    breakpoint.why_not.get_or_insert(why);
                }
            }
        }
    }
}

/// Which breakpoint holds of a message, or is not known to: one that holds comes first. Nothing is counted yet.
pub fn judge(
    topology: &Topology,
    bench: &Mutex<Bench>,
    looked: &Result<Looked, String>,
) -> (Option<Why>, Counts) {
    let by: Vec<_> = {
        let bench = bench.lock();
        let on = bench.breakpoints.iter().filter(|one| one.on && one.hold);
        on.map(|one| (one.number, Arc::clone(&one.text), Arc::clone(&one.condition))).collect()
    };
    let seen = looked.as_ref().map(|looked| seen_in(&looked.trace, topology, &looked.letters));
    let (mut holds, mut unknown, mut counts) = (None, None, Counts::default());
    for (number, text, condition) in by {
        let verdict = match &seen {
            Ok(seen) => first_step(&*condition, seen),
            Err(why) => Err((*why).clone()),
        };
        let partly = looked.as_ref().ok().and_then(only_partly);
        let verdict = match verdict {
            Ok(None) => partly.map_or(Ok(None), Err),
            verdict => verdict,
        };
        let is_told = {
            let bench = bench.lock();
            let mut on = bench.breakpoints.iter().filter(|one| one.on && one.hold);
            // It may have been taken away meanwhile.
            let Some(one) = on.find(|one| one.number == number) else { continue };
            one.why_not.is_some()
        };
        match verdict {
            Ok(None) => {}
            Ok(Some(seen)) => {
                counts.0.push((number, None));
                let (step, key) = (Arc::clone(&seen.step), seen.key.clone());
                holds.get_or_insert(Why { breakpoint: number, text, step, key, unjudged: None });
            }
            Err(why) => {
                let why: Arc<str> = why.into();
                counts.0.push((number, Some(Arc::clone(&why))));
                if is_told {
                    continue;
                }
                let last = seen.as_ref().ok().and_then(|seen| seen.steps.last());
                let step = last.map_or_else(|| "its steps".into(), |step| Arc::clone(&step.step));
                let key = last.and_then(|step| step.key.clone());
                let unjudged = Some(why);
                unknown.get_or_insert(Why { breakpoint: number, text, step, key, unjudged });
            }
        }
    }
    (holds.or(unknown), counts)
}

/// What is shown of a message that is held: not all of what is long, because it is sent to those that are attached.
pub fn shown(
    topology: &Topology,
    number: u64,
    ((pipeline, sequence), frames): (Front, &Frames),
    (why, looked): (&Why, Option<Looked>),
) -> HeldShown {
    let frame = frames.frame(0);
    let plan = topology.pipelines().get(pipeline.0);
    let foresight = looked.map(|looked| short(looked.foresight)).unwrap_or_default();
    HeldShown {
        number,
        text: Arc::clone(&why.text),
        pipeline,
        pipeline_name: plan.map_or_else(|| "".into(), |plan| Arc::clone(&plan.name)),
        source: Arc::clone(frames.source()),
        sequence,
        frame: frame.get(..MAX_SHOWN).unwrap_or(frame).to_vec(),
        length: frame.len(),
        foresight: Arc::new(foresight),
        step: Arc::clone(&why.step),
        key: why.key.clone(),
        unjudged: why.unjudged.clone(),
        decided: None,
    }
}

/// What a message would do, without what nobody looks at there and with the beginning of what is long.
fn short(mut foresight: Foresight) -> Foresight {
    (foresight.missing, foresight.fields) = (Vec::new(), Vec::new());
    if let Some(output) = &mut foresight.output {
        output.truncate(MAX_SHOWN);
    }
    if let Some(failure) = &mut foresight.failure {
        failure.bytes.truncate(MAX_SHOWN);
    }
    foresight
}

/// Why not all is known of what a message would do; `None` if all is.
fn only_partly(looked: &Looked) -> Option<String> {
    let foresight = &looked.foresight;
    let cut = || {
        let text = "it becomes more messages than are looked at before it enters";
        foresight.cut.then(|| text.to_owned())
    };
    let missing = || {
        let text = "it touches more partitions than are looked at before it enters";
        (!foresight.missing.is_empty()).then(|| text.to_owned())
    };
    foresight.unknown.clone().or_else(cut).or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::frames::dead_letter::{Cause, DeadLetter};
    use crate::core::numbers::{SequenceNumber, Timestamp};

    #[test]
    fn of_what_a_message_would_do_as_much_is_shown_as_can_be_sent() {
        let long = vec![b'x'; 8 * 1024 * 1024];
        let letter = DeadLetter {
            pipeline: "p".into(),
            step: "s".into(),
            cause: Cause::Refused,
            reason: "no".to_owned(),
            bytes: long.clone().into(),
            header: Vec::new().into(),
            end: Vec::new().into(),
            source: "file".into(),
            sequence: SequenceNumber(1),
            offset: 0,
            key: None,
            at: Timestamp(0),
        };
        let missing = vec![("totals".into(), Key::from("a"))];
        let (output, failure) = (Some(long), Some(letter));
        let foresight = short(Foresight { output, failure, missing, ..Foresight::default() });
        assert_eq!(foresight.output.map(|output| output.len()), Some(MAX_SHOWN));
        assert_eq!(foresight.failure.map(|failure| failure.bytes.len()), Some(MAX_SHOWN));
        assert!(foresight.missing.is_empty());
    }
}
