//! Looks for what happened to a message at its steps, along the way that its trace tells.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::known::{Apart, Known};
use super::shown::Shown;
use super::{Death, Seen, StepSeen};
use crate::application::Key;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::{Hop, HopEvent, Trace};
use crate::core::frames::way::{Node, Way};
use crate::core::topology::Topology;

/// What a trace tells of a message: each state step; each dead letter elsewhere; and where the message has come to, if
/// there is neither. If the message is still on its way, what has happened so far.
///
/// `topology` is the application's. `letters` are the dead letters that came of the message, which tell the causes and
/// keys that a trace does not have; those of other messages are not looked at.
pub fn seen_in(trace: &Trace, topology: &Topology, letters: &[DeadLetter]) -> Seen {
    let (hops, left_out) = (trace.hops(), trace.hops_left_out());
    let way = Way::of(&hops);
    let plan = topology.pipelines().iter().find(|plan| plan.name == trace.pipeline);
    let known = Known::of(&hops, &way, left_out, plan);
    let mut search = Search::new(trace, &hops, letters, known);
    search.walk(&way.root, Before::default());
    search.left_over(&way.left_over);
    if search.found.is_empty() {
        search.add_end();
    }
    // By their hops, so in the order in which they happened.
    let steps = std::mem::take(&mut search.found).into_values();
    Seen { steps: steps.map(|found| search.finished(found)).collect(), left_out }
}

/// What has happened to a message before a hop.
#[derive(Clone, Default)]
struct Before<'a> {
    key: Option<&'a Key>,
    /// The state steps that it has passed, by their hops.
    states: Vec<usize>,
    /// Whether it has been sent to another partition since the last of them.
    is_sent_on: bool,
}

/// A step, and which outputs came of it.
struct Found {
    seen: StepSeen,
    outputs: OutputsOf,
}

enum OutputsOf {
    /// Those of these hops.
    Hops(Vec<usize>),
    /// None: the message ended there.
    Nothing,
    /// All that came of the frame.
    Frame,
}

struct Search<'a> {
    trace: &'a Trace,
    hops: &'a [Hop],
    letters: Vec<&'a DeadLetter>,
    known: Known,
    message: Option<Shown>,
    /// By the place of the hop.
    found: BTreeMap<usize, Found>,
}

impl<'a> Search<'a> {
    fn new(trace: &'a Trace, hops: &'a [Hop], letters: &'a [DeadLetter], known: Known) -> Self {
        let is_of_frame = |letter: &&DeadLetter| {
            letter.sequence == trace.sequence && letter.source == trace.source
        };
        let letters = letters.iter().filter(is_of_frame).collect();
        let message = hops.iter().find_map(|hop| match &hop.event {
            HopEvent::Decoded(json) => Some(Shown::of_preview(json)),
            _ => None,
        });
        Self { trace, hops, letters, known, message, found: BTreeMap::new() }
    }

    fn walk(&mut self, node: &Node, mut before: Before<'a>) {
        let hops = self.hops;
        for (at, hop) in node.hops.iter().filter_map(|at| Some((*at, hops.get(*at)?))) {
            match &hop.event {
                HopEvent::Partitioned { key, .. } => {
                    (before.key, before.is_sent_on) = (Some(key), true);
                }
                HopEvent::StateChanged { key, .. } => {
                    (before.key, before.is_sent_on) = (Some(key), false);
                    before.states.push(at);
                    self.add_state(at, hop);
                }
                HopEvent::Encoded(_) => self.add_output(at, &before.states),
                HopEvent::DeadLetter(reason) => self.add_dead(at, hop, reason, Some(&before)),
                HopEvent::Decoded(_)
                | HopEvent::Filtered
                | HopEvent::Computed(_)
                | HopEvent::Written(_) => {}
            }
        }
        for made in &node.made {
            self.walk(made, before.clone());
        }
    }

    /// What belongs to none of the messages stands for itself.
    fn left_over(&mut self, left_over: &[usize]) {
        let hops = self.hops;
        for (at, hop) in left_over.iter().filter_map(|at| Some((*at, hops.get(*at)?))) {
            match &hop.event {
                HopEvent::StateChanged { .. } => self.add_state(at, hop),
                HopEvent::DeadLetter(reason) => self.add_dead(at, hop, reason, None),
                HopEvent::Decoded(_)
                | HopEvent::Filtered
                | HopEvent::Computed(_)
                | HopEvent::Partitioned { .. }
                | HopEvent::Encoded(_)
                | HopEvent::Written(_) => {}
            }
        }
    }

    /// A step of which nothing is known but that the message was there.
    fn plain(&self, hop: &Hop) -> StepSeen {
        let latency = hop.at.since(self.trace.read_at).as_micros();
        StepSeen {
            worker: hop.worker,
            message: self.message.clone(),
            latency_us: u64::try_from(latency).unwrap_or(u64::MAX),
            ..StepSeen::at(Arc::clone(&self.trace.pipeline), Arc::clone(&hop.step))
        }
    }

    fn add_state(&mut self, at: usize, hop: &Hop) {
        let HopEvent::StateChanged { key, created, before, after, saved: _, messages } = &hop.event
        else {
            return;
        };
        let [before, state] = [before, after].map(|preview| Some(Shown::of_preview(preview)));
        let (key, messages, created) = (Some(key.clone()), Some(*messages), *created);
        let seen = StepSeen { key, before, state, created, messages, ..self.plain(hop) };
        self.found.insert(at, Found { seen, outputs: OutputsOf::Hops(Vec::new()) });
    }

    fn add_output(&mut self, at: usize, states: &[usize]) {
        for state in states {
            if let Some(Found { outputs: OutputsOf::Hops(hops), .. }) = self.found.get_mut(state) {
                hops.push(at);
            }
        }
    }

    /// A dead letter of the state step that the message has just passed is what came of that step. Another one is a step of
    /// its own.
    fn add_dead(&mut self, at: usize, hop: &Hop, reason: &str, before: Option<&Before<'a>>) {
        let is_letter = |letter: &&DeadLetter| letter.step == hop.step && letter.reason == reason;
        let letter = self.letters.iter().position(is_letter);
        let letter = letter.map(|place| self.letters.remove(place));
        let dead = Death { reason: reason.to_owned(), cause: letter.map(|letter| letter.cause) };
        let mut seen = StepSeen { dead: Some(dead), ..self.plain(hop) };
        seen.key = letter.and_then(|letter| letter.key.clone());
        let passed = before.filter(|before| !before.is_sent_on);
        let passed = passed.and_then(|before| self.found.get_mut(before.states.last()?));
        match (passed, before) {
            (Some(Found { seen: state, .. }), _) if state.step == hop.step => {
                state.dead = seen.dead;
                return;
            }
            (Some(Found { seen: state, .. }), _) if self.known.apart != Apart::Mixed => {
                seen.key = seen.key.or_else(|| state.key.clone());
                seen.before.clone_from(&state.before);
                seen.state.clone_from(&state.state);
                (seen.created, seen.messages) = (state.created, state.messages);
            }
            (None, Some(before)) => seen.key = seen.key.or_else(|| before.key.cloned()),
            (Some(_), _) | (None, None) => {
                seen.gaps.partition = seen.key.is_none() && self.may_have_key();
            }
        }
        self.found.insert(at, Found { seen, outputs: OutputsOf::Nothing });
    }

    /// Whether any of the messages of the frame may have had a key.
    fn may_have_key(&self) -> bool {
        let has_key = |hop: &Hop| {
            matches!(hop.event, HopEvent::Partitioned { .. } | HopEvent::StateChanged { .. })
        };
        !self.known.all || self.hops.iter().any(has_key)
    }

    /// Where the message has come to. A trace without hops is of a message that was not at any step yet.
    fn add_end(&mut self) {
        let mut hops = self.hops.iter().rev();
        let key = hops.clone().find_map(|hop| match &hop.event {
            HopEvent::Partitioned { key, .. } => Some(key.clone()),
            _ => None,
        });
        if let Some(hop) = hops.find(|hop| !matches!(hop.event, HopEvent::Written(_))) {
            let seen = StepSeen { key, ..self.plain(hop) };
            self.found.insert(0, Found { seen, outputs: OutputsOf::Frame });
        }
    }

    /// The step with its outputs, and with what is not known of it.
    fn finished(&self, Found { mut seen, outputs }: Found) -> StepSeen {
        let Known { all, ends, apart } = self.known;
        seen.gaps.dead = seen.dead.is_none() && !(all && ends);
        let bytes = |hop: &Hop| match &hop.event {
            HopEvent::Encoded(bytes) => Some(bytes.clone()),
            _ => None,
        };
        match outputs {
            OutputsOf::Nothing => {}
            OutputsOf::Hops(mut places) if apart != Apart::One => {
                seen.gaps.outputs = !all || apart == Apart::Mixed;
                places.sort_unstable();
                seen.outputs = places.iter().filter_map(|at| bytes(self.hops.get(*at)?)).collect();
            }
            OutputsOf::Frame | OutputsOf::Hops(_) => {
                seen.gaps.outputs = !all;
                seen.outputs = self.hops.iter().filter_map(bytes).collect();
            }
        }
        seen
    }
}
