//! How far the hops of a trace can be told apart, if several messages were made of its frame.

use crate::core::frames::trace::{Hop, HopEvent};
use crate::core::frames::way::{Node, Way};
use crate::core::topology::{PipelinePlan, StepKind};

/// What the hops of a trace tell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// Whether all that has happened is among them.
    pub all: bool,
    /// Whether all dead letters among them are of a message.
    pub ends: bool,
    /// Whether the messages that have passed a state step are told apart.
    pub apart: Apart,
}

/// Whether it is known which outputs, and which dead letters behind state steps, are of which message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Apart {
    /// No two messages have passed the same state step: all outputs are of the one that has.
    One,
    /// Several have, and it is known.
    Told,
    /// Several have, and it is not known.
    Mixed,
}

impl Known {
    /// `plan` is of the trace's pipeline.
    pub fn of(hops: &[Hop], way: &Way, left_out: usize, plan: Option<&PipelinePlan>) -> Self {
        let left_over = || way.left_over.iter().filter_map(|at| hops.get(*at));
        let is_dead = |hop: &Hop| matches!(hop.event, HopEvent::DeadLetter(_));
        let is_written = |hop: &Hop| matches!(hop.event, HopEvent::Written(_));
        let are_told = |plan: &PipelinePlan| {
            left_over().all(is_written)
                && each_has_an_end(hops, way, plan)
                && (is_one_worker(hops) || !is_mixed(plan))
        };
        let apart = match plan {
            _ if !is_several(hops) => Apart::One,
            Some(plan) if are_told(plan) => Apart::Told,
            Some(_) | None => Apart::Mixed,
        };
        Self { all: left_out == 0, ends: !left_over().any(is_dead), apart }
    }
}

/// Whether several messages have passed the same state step.
fn is_several(hops: &[Hop]) -> bool {
    let is_state = |hop: &&Hop| matches!(hop.event, HopEvent::StateChanged { .. });
    let mut rest = hops.iter();
    while let Some(hop) = rest.by_ref().find(is_state) {
        if rest.clone().filter(is_state).any(|later| later.step == hop.step) {
            return true;
        }
    }
    false
}

fn is_one_worker(hops: &[Hop]) -> bool {
    hops.windows(2).all(|pair| matches!(pair, [one, next] if one.worker == next.worker))
}

/// Whether messages that have passed a state step change the worker again: then they can overtake each other.
fn is_mixed(plan: &PipelinePlan) -> bool {
    let is_state = |kind: &StepKind| matches!(kind, StepKind::State { .. });
    let behind = plan.steps.iter().map(|step| &step.kind).skip_while(|kind| !is_state(kind));
    behind.into_iter().any(|kind| matches!(kind, StepKind::Parallel | StepKind::Partition { .. }))
}

/// Whether there is a hop of each message that has come to an encoder. There is none of a message without an output, and
/// then the outputs of the others cannot be told apart.
fn each_has_an_end(hops: &[Hop], way: &Way, plan: &PipelinePlan) -> bool {
    let encoders = plan.steps.iter().filter(|step| step.kind == StepKind::Encode);
    let encoders: Vec<&str> = encoders.map(|step| &*step.name).collect();
    let messages = at_the_end(&way.root, hops, &encoders);
    encoders.iter().all(|encoder| {
        let ends =
            hops.iter().filter(|hop| &*hop.step == *encoder).filter(|hop| is_end(&hop.event));
        let ends = ends.count();
        ends == 0 || ends == messages
    })
}

fn is_end(event: &HopEvent) -> bool {
    matches!(event, HopEvent::Encoded(_) | HopEvent::DeadLetter(_))
}

/// How many messages have come to the encoders.
fn at_the_end(node: &Node, hops: &[Hop], encoders: &[&str]) -> usize {
    if !node.made.is_empty() {
        return node.made.iter().map(|made| at_the_end(made, hops, encoders)).sum();
    }
    let ended = node.hops.iter().filter_map(|at| hops.get(*at)).any(|hop| match &hop.event {
        HopEvent::Filtered => true,
        HopEvent::Computed(made) => made.is_empty(),
        HopEvent::DeadLetter(_) => !encoders.contains(&&*hop.step),
        HopEvent::Decoded(_)
        | HopEvent::Partitioned { .. }
        | HopEvent::StateChanged { .. }
        | HopEvent::Encoded(_)
        | HopEvent::Written(_) => false,
    });
    usize::from(!ended)
}
