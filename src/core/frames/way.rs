//! The way of a message as a tree: which hops belong to which of the messages that were made of a frame.
//!
//! A hop does not say to which message it belongs. But on one worker, the messages of a frame pass each step in their
//! order, and those of one key pass its partition in their order. So a hop is of the first message that can have made
//! it. Hops that no message can have made, because earlier ones were not kept, are left over.

use super::trace::{Hop, HopEvent};
use crate::application::Key;
use crate::core::numbers::WorkerIndex;

/// A message on its way: its hops, and what was made of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// The message as JSON, if a computation made it as one of several.
    pub message: Option<String>,
    /// Its hops, as places among those of the trace.
    pub hops: Vec<usize>,
    /// The messages that a computation made of it, if they are several.
    pub made: Vec<Self>,
}

/// The way of a message.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// The decoded message.
    pub root: Node,
    /// The hops that belong to none of the messages.
    pub left_over: Vec<usize>,
}

/// A message while its hops are looked for.
struct Open<'a> {
    parent: Option<usize>,
    message: Option<String>,
    hops: Vec<usize>,
    /// The steps that it has passed.
    passed: Vec<&'a str>,
    /// The worker that has it; `None` until it is known.
    worker: Option<WorkerIndex>,
    key: Option<&'a Key>,
    /// The state step that has changed a state, until the hop with its outputs comes.
    at_state: Option<&'a str>,
    encoded: usize,
    written: usize,
    /// Whether it goes no further.
    ended: bool,
}

impl<'a> Open<'a> {
    fn new(parent: Option<usize>, message: Option<String>) -> Self {
        Self {
            parent,
            message,
            hops: Vec::new(),
            passed: Vec::new(),
            worker: None,
            key: None,
            at_state: None,
            encoded: 0,
            written: 0,
            ended: false,
        }
    }

    fn is_at(&self, hop: &Hop) -> bool {
        !self.ended
            && self.worker.is_none_or(|worker| worker == hop.worker)
            && !self.passed.contains(&&*hop.step)
    }

    fn pass(&mut self, step: &'a str) {
        if !self.passed.contains(&step) {
            self.passed.push(step);
        }
    }
}

impl Way {
    /// The way that these hops tell.
    pub fn of(hops: &[Hop]) -> Self {
        let mut open = vec![Open::new(None, None)];
        let mut order = vec![0];
        let mut left_over = Vec::new();
        for (at, hop) in hops.iter().enumerate() {
            match owner(&open, &order, hop) {
                None => left_over.push(at),
                Some(owner) => {
                    let before = open.len();
                    add(&mut open, owner, at, hop);
                    // What was made of a message takes its place among the others.
                    let place = order.iter().position(|one| *one == owner).map_or(0, |at| at + 1);
                    order.splice(place..place, before..open.len());
                }
            }
        }
        let mut nodes: Vec<Node> = Vec::with_capacity(open.len());
        let mut parents = Vec::with_capacity(open.len());
        for Open { parent, message, hops, .. } in open {
            nodes.push(Node { message, hops, made: Vec::new() });
            parents.push(parent);
        }
        // A message is made after the one that it is made of, so the last ones have all of theirs.
        let mut root = Node::default();
        while let (Some(mut node), Some(parent)) = (nodes.pop(), parents.pop()) {
            node.made.reverse();
            match parent.and_then(|parent| nodes.get_mut(parent)) {
                Some(parent) => parent.made.push(node),
                None => root = node,
            }
        }
        Self { root, left_over }
    }
}

/// Which message has made a hop. `order` is that in which they come to a step, as places among them.
fn owner(open: &[Open<'_>], order: &[usize], hop: &Hop) -> Option<usize> {
    let first = |is: &dyn Fn(&Open<'_>) -> bool| {
        order.iter().copied().find(|at| open.get(*at).is_some_and(is))
    };
    // A parallel computation may run on any worker.
    let somewhere = |one: &Open<'_>| !one.ended && !one.passed.contains(&&*hop.step);
    let next = || first(&|one| one.is_at(hop)).or_else(|| first(&somewhere));
    match &hop.event {
        HopEvent::StateChanged { key, .. } => {
            first(&|one| one.is_at(hop) && one.key == Some(key) && one.at_state.is_none())
        }
        // An author's code may also panic while it makes the outputs of a changed state.
        HopEvent::Computed(_) | HopEvent::DeadLetter(_) => first(&|one| {
            !one.ended && one.worker == Some(hop.worker) && one.at_state == Some(&*hop.step)
        })
        .or_else(next),
        HopEvent::Written(_) => first(&|one| one.written < one.encoded),
        HopEvent::Decoded(_)
        | HopEvent::Filtered
        | HopEvent::Partitioned { .. }
        | HopEvent::Encoded(_) => next(),
    }
}

/// Adds a hop to the message that has made it.
fn add<'a>(open: &mut Vec<Open<'a>>, owner: usize, at: usize, hop: &'a Hop) {
    let Some(one) = open.get_mut(owner) else { return };
    one.hops.push(at);
    match &hop.event {
        HopEvent::Decoded(_) => one.pass(&hop.step),
        HopEvent::Filtered | HopEvent::DeadLetter(_) => one.ended = true,
        HopEvent::Partitioned { key, owner } => {
            one.pass(&hop.step);
            (one.key, one.worker) = (Some(key), Some(*owner));
        }
        HopEvent::StateChanged { .. } => {
            one.pass(&hop.step);
            (one.at_state, one.key, one.worker) = (Some(&*hop.step), None, Some(hop.worker));
        }
        HopEvent::Encoded(_) => {
            one.pass(&hop.step);
            one.encoded += 1;
        }
        HopEvent::Written(_) => one.written += 1,
        HopEvent::Computed(made) => {
            one.pass(&hop.step);
            one.at_state = None;
            one.worker = Some(hop.worker);
            match made.as_slice() {
                [_] => {}
                made => {
                    one.ended = true;
                    let (passed, worker) = (one.passed.clone(), one.worker);
                    open.extend(made.iter().map(|message| Open {
                        passed: passed.clone(),
                        worker,
                        ..Open::new(Some(owner), Some(message.clone()))
                    }));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::numbers::Timestamp;

    fn hop(step: &str, worker: usize, event: HopEvent) -> Hop {
        Hop { step: step.into(), worker: WorkerIndex(worker), at: Timestamp(0), event }
    }

    fn key(step: &str, key: &str, owner: usize) -> Hop {
        let event = HopEvent::Partitioned { key: Key::from(key), owner: WorkerIndex(owner) };
        hop(step, 0, event)
    }

    fn changed(worker: usize, key: &str) -> Hop {
        let event = HopEvent::StateChanged {
            key: Key::from(key),
            created: false,
            before: "1".to_owned(),
            after: "2".to_owned(),
            saved: true,
            messages: 2,
        };
        hop("count", worker, event)
    }

    fn made(step: &str, worker: usize, messages: &[&str]) -> Hop {
        let messages = messages.iter().map(ToString::to_string).collect();
        hop(step, worker, HopEvent::Computed(messages))
    }

    fn out(worker: usize, bytes: &str) -> Hop {
        hop("encode", worker, HopEvent::Encoded(bytes.as_bytes().to_vec()))
    }

    fn written() -> Hop {
        hop("sink", 0, HopEvent::Written("null".into()))
    }

    #[test]
    fn a_message_that_stays_one_has_all_hops() {
        let hops = [
            hop("decode", 0, HopEvent::Decoded("1".to_owned())),
            key("by_letter", "a", 1),
            changed(1, "a"),
            made("count", 1, &["2"]),
            out(1, "2"),
            written(),
        ];
        let way = Way::of(&hops);
        assert_eq!((way.root.hops.len(), way.root.made.len()), (6, 0));
        assert!(way.left_over.is_empty());
    }

    #[test]
    fn the_hops_of_messages_that_overtake_each_other_on_other_workers_stay_apart() {
        let hops = [
            hop("decode", 0, HopEvent::Decoded("\"the cat the\"".to_owned())),
            made("split", 0, &["the", "cat", "the"]),
            key("by_word", "the", 0),
            key("by_word", "cat", 1),
            key("by_word", "the", 0),
            // Worker 1 is faster.
            changed(1, "cat"),
            made("count", 1, &["c"]),
            out(1, "cat => 1"),
            changed(0, "the"),
            made("count", 0, &["t"]),
            changed(0, "the"),
            made("count", 0, &["t"]),
            out(0, "the => 1"),
            out(0, "the => 2"),
            written(),
            written(),
            written(),
        ];
        let way = Way::of(&hops);
        assert!(way.left_over.is_empty());
        assert_eq!(way.root.hops, [0, 1]);
        let [first, second, third] = &way.root.made[..] else { panic!("{way:?}") };
        assert_eq!(first.message.as_deref(), Some("the"));
        assert_eq!(first.hops, [2, 8, 9, 12, 14]);
        assert_eq!(second.hops, [3, 5, 6, 7, 15]);
        assert_eq!(third.hops, [4, 10, 11, 13, 16]);
    }

    #[test]
    fn what_a_state_makes_several_of_are_messages_of_their_own() {
        let hops = [
            hop("decode", 0, HopEvent::Decoded("1".to_owned())),
            key("by_letter", "a", 1),
            changed(1, "a"),
            made("count", 1, &["x", "y"]),
            out(1, "x"),
            hop("encode", 1, HopEvent::DeadLetter("no".to_owned())),
            written(),
        ];
        let way = Way::of(&hops);
        assert_eq!(way.root.hops, [0, 1, 2, 3]);
        let made: Vec<_> = way.root.made.iter().map(|node| node.hops.clone()).collect();
        assert_eq!(made, [vec![4, 6], vec![5]]);
    }

    #[test]
    fn a_state_step_that_fails_at_its_outputs_ends_the_message_whose_state_it_changed() {
        let hops = [
            hop("decode", 0, HopEvent::Decoded("\"a b\"".to_owned())),
            made("split", 0, &["a", "b"]),
            key("by_word", "a", 0),
            key("by_word", "b", 0),
            changed(0, "a"),
            hop("count", 0, HopEvent::DeadLetter("panicked".to_owned())),
            changed(0, "b"),
            made("count", 0, &["x"]),
        ];
        let way = Way::of(&hops);
        assert!(way.left_over.is_empty());
        let made: Vec<_> = way.root.made.iter().map(|node| node.hops.clone()).collect();
        assert_eq!(made, [vec![2, 4, 5], vec![3, 6, 7]]);
    }

    #[test]
    fn what_is_made_of_a_message_comes_before_the_messages_behind_it() {
        let hops = [
            hop("decode", 0, HopEvent::Decoded("\"a b\"".to_owned())),
            made("split", 0, &["a", "b"]),
            key("by_word", "a", 0),
            key("by_word", "b", 0),
            changed(0, "a"),
            made("count", 0, &["x", "y"]),
            changed(0, "b"),
            made("count", 0, &["z"]),
            out(0, "x"),
            out(0, "y"),
            out(0, "z"),
        ];
        let way = Way::of(&hops);
        let [a, b] = &way.root.made[..] else { panic!("{way:?}") };
        let made: Vec<_> = a.made.iter().map(|node| node.hops.clone()).collect();
        assert_eq!((made, &*b.hops), (vec![vec![8], vec![9]], &[3, 6, 7, 10][..]));
    }

    #[test]
    fn hops_without_a_message_are_left_over() {
        let way = Way::of(&[written(), changed(0, "a")]);
        assert_eq!(way.left_over, [0, 1]);
        assert_eq!(way.root, Node::default());
    }
}
