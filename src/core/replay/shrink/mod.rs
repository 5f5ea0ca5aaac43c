//! The smallest input that still does it: poisons a partition, makes a dead letter, or whatever a [`Probe`] looks for.
//!
//! First the messages that have to do with it, if the caller knows them; then messages are left out, then partitions of
//! the base, at last payloads become [simpler](simpler_payloads). What is left is 1-minimal: without any single message
//! or partition of it, it does not do it. Nothing here depends on time or chance: for the same probe, the result is the
//! same.

mod candidate;
mod kept;
mod minimal;
mod payloads;
mod probes;
mod simpler;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use bytes::Bytes;
use thiserror::Error;

use candidate::Trial;
pub use candidate::{Candidate, Chosen, Input, Message, Probe, Slice, Verdict};
use kept::Kept;
use minimal::{minimal, single};
use payloads::Payloads;
use probes::{End, Probes};
pub use probes::{Progress, Stage};
pub use simpler::{Payload, Simpler, simpler_binary, simpler_payloads};

/// A message of the smallest input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShrunkMessage {
    /// The index of the message in the whole input.
    pub original: usize,
    /// The pipeline and the payload, which may be simpler than that of the input.
    pub message: Message,
}

/// The smallest input that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shrunk {
    /// The messages that are left, in the order in which they enter.
    pub messages: Vec<ShrunkMessage>,
    /// The indices of the partitions of the base that are left, in ascending order.
    pub base: Vec<usize>,
    /// How many candidates were run.
    pub probes: u64,
    /// Whether nothing smaller is left to be tried. False if the search was stopped, or if there were too many
    /// candidates, or too many simpler payloads of a message.
    pub complete: bool,
}

/// There is no smallest input.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ShrinkError<E> {
    /// Not even the whole input does it.
    #[error(
        "the whole input does not do it when it is run again: there is nothing to make smaller"
    )]
    NotReproduced,
    /// The search was stopped before any candidate did it.
    #[error("stopped before anything was found: let it run longer")]
    Stopped,
    /// The probe has failed.
    #[error(transparent)]
    Probe(#[from] E),
}

/// Looks for the smallest input for which the probe says yes. `watch` is called after each candidate: if it breaks, the
/// search ends with the smallest so far.
///
/// ```
/// use std::convert::Infallible;
/// use std::ops::ControlFlow;
///
/// use wallaroo::core::numbers::PipelineIndex;
/// use wallaroo::core::replay::shrink::{self, Candidate, Input, Message, Verdict};
///
/// // It happens when the numbers together are more than 100.
/// let number = |payload: &[u8]| std::str::from_utf8(payload).ok()?.parse::<u32>().ok();
/// let probe = |candidate: &Candidate<'_>| {
///     let numbers = candidate.messages().filter_map(|message| number(message.payload));
///     Ok::<_, Infallible>(if numbers.sum::<u32>() > 100 { Verdict::Yes } else { Verdict::No })
/// };
/// let messages = ["1", "2", "90", "3", "80", "4"]
///     .map(|number| Message { pipeline: PipelineIndex(0), payload: number.into() });
/// let input = Input { messages: &messages, ..Input::default() };
/// let watch = &mut |_: &_| ControlFlow::Continue(());
/// let shrunk = shrink::shrink(&input, probe, &shrink::simpler_payloads, watch)?;
/// let left: Vec<_> =
///     shrunk.messages.iter().map(|left| (left.original, &*left.message.payload)).collect();
/// assert_eq!(left, [(2, &b"21"[..]), (4, b"80")]);
/// # Ok::<(), shrink::ShrinkError<Infallible>>(())
/// ```
///
/// # Errors
///
/// Not even the whole input does it, the probe has failed, or the search was stopped before anything was found.
pub fn shrink<P: Probe>(
    input: &Input<'_>,
    probe: P,
    simpler: &Simpler<'_>,
    watch: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Shrunk, ShrinkError<P::Error>> {
    let whole = Trial {
        messages: Kept::all(input.messages.len()),
        base: Kept::all(input.base),
        edited: BTreeMap::new(),
    };
    let mut probes = Probes::new(input.messages, whole, probe, watch);
    let mut payloads = Payloads::default();
    let complete = match search(&mut probes, input.slice.as_ref(), &mut payloads, simpler) {
        Ok(()) if !probes.is_proven => return Err(ShrinkError::NotReproduced),
        Ok(()) => !payloads.were_too_many(),
        Err(End::Stopped) if !probes.is_proven => return Err(ShrinkError::Stopped),
        Err(End::Stopped) => false,
        Err(End::Failed(error)) => return Err(ShrinkError::Probe(error)),
    };
    let Trial { messages, base, edited } = &probes.best;
    let of_input = |original| {
        let Message { pipeline, payload } = input.messages.get(original)?;
        let payload: Bytes = edited.get(&original).unwrap_or(payload).clone();
        Some(ShrunkMessage { original, message: Message { pipeline: *pipeline, payload } })
    };
    let messages = messages.iter().filter_map(of_input).collect();
    Ok(Shrunk { messages, base: base.iter().collect(), probes: probes.count, complete })
}

/// Finds something that does it, and makes it smaller until nothing changes any more.
fn search<P: Probe>(
    probes: &mut Probes<'_, P>,
    slice: Option<&Slice>,
    payloads: &mut Payloads,
    simpler: &Simpler<'_>,
) -> Result<(), End<P::Error>> {
    let whole = probes.best.clone();
    if let Some(Slice { messages, base }) = slice {
        let inside = |all: &Kept, some: &[usize]| {
            Kept::of(some.iter().copied().filter(|index| *index < all.len()))
        };
        let trial = Trial {
            messages: inside(&whole.messages, messages),
            base: inside(&whole.base, base),
            edited: BTreeMap::new(),
        };
        probes.try_it(trial)?;
    }
    if !probes.is_proven && !probes.try_it(whole)? {
        return Ok(());
    }
    loop {
        leave_out_messages(probes)?;
        let before = probes.best.clone();
        leave_out_base(probes)?;
        probes.stage = Stage::Payloads;
        payloads.simplify(probes, simpler)?;
        if probes.best == before {
            // So the messages are still minimal: what they are minimal for has not changed.
            return Ok(());
        }
    }
}

fn leave_out_messages<P: Probe>(probes: &mut Probes<'_, P>) -> Result<(), End<P::Error>> {
    probes.stage = Stage::Messages;
    if probes.try_messages(&Kept::default())?.is_some() {
        return Ok(());
    }
    let all = probes.best.messages.clone();
    // Mostly the message with which it happened is one of the causes.
    let fixed = usize::from(probes.is_last_needed);
    let last = Kept::default().with_last_of(&all, fixed);
    if fixed > 0 && probes.try_messages(&last)?.is_some() {
        return Ok(());
    }
    single(all, fixed, |messages| probes.try_messages(messages))?;
    let all = probes.best.messages.clone();
    minimal(all, |messages| probes.try_messages(messages))?;
    Ok(())
}

fn leave_out_base<P: Probe>(probes: &mut Probes<'_, P>) -> Result<(), End<P::Error>> {
    probes.stage = Stage::Base;
    if probes.try_base(&Kept::default())?.is_some() {
        return Ok(());
    }
    let all = probes.best.base.clone();
    single(all, 0, |base| probes.try_base(base))?;
    let all = probes.best.base.clone();
    minimal(all, |base| probes.try_base(base))?;
    Ok(())
}
