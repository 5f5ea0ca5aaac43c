//! The same for a message that waits to enter, and a frame that is to enter in its place.

use std::sync::Arc;

use super::{Looked, Surroundings, first_frame, look};
use crate::core::frames::Frames;
use crate::core::frames::assembler::Assembler;
use crate::core::frames::pieces::Pieces;
use crate::core::guard::guarded;
use crate::core::numbers::PipelineIndex;
use crate::core::topology::PipelinePlan;

/// What the first of these frames would do. Does not panic, whatever the author's code does.
///
/// # Errors
///
/// There is no such pipeline, or it cannot be looked at, for this reason.
pub fn foresee_entry(
    around: Surroundings<'_>,
    pipeline: PipelineIndex,
    frames: Frames,
) -> Result<Looked, String> {
    let plan = around.topology.pipelines().get(pipeline.0);
    let plan = plan.ok_or("the application has no such pipeline")?;
    guarded(|| Ok(look(around, pipeline, plan, frames)))
}

/// The frame that these bytes are. `limit` is the longest payload in bytes. A last line without its end gets one: it may
/// not be the last one where it enters.
///
/// # Errors
///
/// They are none, or there is more. The error is a sentence for a person.
pub fn one_frame(plan: &PipelinePlan, limit: u64, bytes: &[u8]) -> Result<Pieces, String> {
    if plan.source.makes_its_messages() {
        return Err(format!("pipeline `{}` makes its messages itself", plan.name));
    }
    let whole = with_end(plan, limit, bytes);
    let bytes = whole.as_deref().unwrap_or(bytes);
    let frames = first_frame(plan, limit, bytes).map_err(|letter| match letter {
        Some(letter) => format!("this is no message: {}", letter.reason),
        None => "nothing is typed".to_owned(),
    })?;
    let pieces = Pieces::new(frames.bytes().clone(), frames.ends().to_vec(), 0);
    if pieces.byte_length() == bytes.len() as u64 {
        Ok(pieces)
    } else {
        Err("one message takes the place of one message: these are more bytes than that".to_owned())
    }
}

/// These bytes with an end, if they are a frame only because nothing is behind them.
fn with_end(plan: &PipelinePlan, limit: u64, bytes: &[u8]) -> Option<Vec<u8>> {
    let framing = &plan.source.framing;
    let mut assembler = Assembler::new(Arc::clone(framing), limit, 1);
    assembler.buffer().extend_from_slice(bytes);
    let (Ok(None), Ok(Some(_))) = (assembler.cut(), assembler.last()) else { return None };
    framing.frame(bytes).ok()
}
