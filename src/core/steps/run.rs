//! Runs frames through all segments of a pipeline on one worker that owns every key.

use std::sync::Arc;

use super::batch::{Output, Payload, Produced};
use super::context::{Context, Report};
use super::{Progress, Segment};
use crate::core::frames::Frames;

/// Runs frames through a pipeline's segments; `write` gets the outputs. It stops when `go_on` says no, which is
/// asked after each piece: then what has been made until then still goes through the segments behind.
/// Returns whether it came to the end.
pub(in crate::core) fn run_through(
    segments: &mut [Box<dyn Segment>],
    frames: Frames,
    context: &mut Context<'_>,
    go_on: impl Fn(&Report) -> bool,
    mut write: impl FnMut(Output),
) -> Progress {
    let mut batches = vec![(Arc::new(frames), Payload::Frames)];
    let mut whole = Progress::Done;
    for segment in segments {
        let mut produced = Produced::default();
        for (frames, payload) in batches.drain(..) {
            segment.begin(&frames, payload, context);
            debug_assert!(!context.report.unreadable, "a batch that was encoded here can be read");
            while segment.next(&frames, context, &mut produced) == Progress::More {
                if !go_on(context.report) {
                    whole = Progress::More;
                    break;
                }
            }
            segment.finish(&frames, context, &mut produced);
            if whole == Progress::More {
                break;
            }
        }
        produced.outputs.into_iter().for_each(&mut write);
        batches = produced.routed.into_iter().map(|batch| (batch.frames, batch.payload)).collect();
    }
    whole
}
