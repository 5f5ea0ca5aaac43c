//! Where the frames of clients of other processes enter, at process 0.
//!
//! Invariant: each thing of a host enters once, in its order, whatever is said twice.

use std::mem;
use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::came::{Came, Clients, Received, What};
use crate::core::frames::assembler::Broken;
use crate::core::frames::pieces::Pieces;
use crate::core::numbers::{PipelineIndex, ProcessIndex, Timestamp};
use crate::endpoints::{Connection, Intake};

/// A thing has at most so many bytes more than a payload: what is around it, what was read with it, or short frames
/// together.
const BESIDE: u64 = 4 * 1024 * 1024;

/// What process 0 says of the clients of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runtime) enum ToClients {
    /// The sources may begin.
    Open,
    /// They are to stop.
    Stop,
    /// All things of a pipeline up to this number have entered.
    Entered(PipelineIndex, u64),
}

/// Says something to a host soon.
type Say = Box<dyn Fn(ProcessIndex, ToClients) + Send + Sync>;

/// Where the frames of clients of other processes enter.
pub(in crate::runtime) struct Entering {
    frame_limit: u64,
    connections: NonZeroUsize,
    state: Mutex<State>,
}

struct State {
    /// The processes that a round has begun with.
    begun: Vec<ProcessIndex>,
    stage: Stage,
    /// `None` until the first round.
    say: Option<Say>,
    /// Of each pipeline that listens, the other end of each other process's line: that of process 1 first.
    ends: Vec<Vec<End>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Open,
    Stopping,
}

/// The other end of a host's line.
struct End {
    received: Received,
    /// The number of the last one that has entered.
    entered: u64,
    /// The bytes so far of the next one.
    bytes: Vec<u8>,
    put: UnboundedSender<(u64, Thing)>,
    /// Until somebody lets things enter.
    take: Option<UnboundedReceiver<(u64, Thing)>>,
}

/// What has come as a whole.
enum Thing {
    Frames { connection: Connection, source: Arc<str>, read_at: Timestamp, pieces: Pieces },
    Broken(Arc<str>, Broken),
    Ended,
}

impl End {
    fn new() -> Self {
        // The host keeps what is in it, and bounds that.
        let (put, take) = unbounded_channel();
        let received = Received { last: 0, connections: 0 };
        Self { received, entered: 0, bytes: Vec::new(), put, take: Some(take) }
    }

    /// `most` is how many bytes a thing may have.
    fn hear(&mut self, came: Came, most: u64) -> Result<(), &'static str> {
        let Came { number, bytes, what, .. } = came;
        if number <= self.received.last {
            return Ok(());
        }
        if number != self.received.last + 1 {
            return Err("it leaves out what its clients have sent");
        }
        if (self.bytes.len() + bytes.len()) as u64 > most {
            return Err("it sends more at once than a frame may have");
        }
        let Some(what) = what else {
            self.bytes.extend_from_slice(&bytes);
            return Ok(());
        };
        let bytes = if self.bytes.is_empty() {
            bytes
        } else {
            let mut all = mem::take(&mut self.bytes);
            all.extend_from_slice(&bytes);
            Bytes::from(all)
        };
        let thing = thing(what, bytes)?;
        self.received.last = number;
        if let Thing::Frames { connection, .. } = &thing {
            self.received.connections = self.received.connections.max(connection.nth_after());
        }
        // Without a taker the engine ends.
        let _ = self.put.send((number, thing));
        Ok(())
    }
}

fn thing(what: What, bytes: Bytes) -> Result<Thing, &'static str> {
    Ok(match what {
        What::Frames { connection, source, read_at, offset, ends } => {
            let pieces = ends.cut(bytes, offset).ok_or("it has cut frames wrongly")?;
            let connection = Connection { number: connection, again: false };
            Thing::Frames { connection, source, read_at, pieces }
        }
        What::Broken { source, offset, reason } => {
            Thing::Broken(source, Broken { bytes: bytes.into(), offset, reason })
        }
        What::Ended => Thing::Ended,
    })
}

impl Entering {
    /// Of an engine of so many processes. `listens` says of which pipelines the source listens.
    pub fn new(
        processes: usize,
        listens: impl Iterator<Item = bool>,
        frame_limit: u64,
        connections: NonZeroUsize,
    ) -> Self {
        let of_pipeline = |listens: bool| {
            let others = if listens { processes.saturating_sub(1) } else { 0 };
            (0..others).map(|_| End::new()).collect()
        };
        let state = State {
            begun: Vec::new(),
            stage: Stage::Waiting,
            say: None,
            ends: listens.map(of_pipeline).collect(),
        };
        Self { frame_limit, connections, state: Mutex::new(state) }
    }

    /// What a host is told when a round begins. What comes of an earlier one from now on is dropped: it is said again.
    pub fn begin(&self, process: ProcessIndex) -> Clients {
        let mut state = self.state.lock();
        let goes_on = state.begun.contains(&process);
        if !goes_on {
            state.begun.push(process);
        }
        let received = state.ends.iter_mut().map(|ends| {
            let end = end_of(ends, process)?;
            end.bytes.clear();
            Some(end.received)
        });
        let received = received.collect();
        let (frame_limit, connections) = (self.frame_limit, self.connections);
        Clients { goes_on, frame_limit, connections, received }
    }

    /// All hosts have been told that a round begins. From now on, this is how they are told something.
    pub fn attach(&self, say: impl Fn(ProcessIndex, ToClients) + Send + Sync + 'static) {
        let mut state = self.state.lock();
        state.say = Some(Box::new(say));
        state.say_stage();
        for (at, ends) in state.ends.iter().enumerate() {
            for (process, end) in ends.iter().enumerate() {
                let entered = ToClients::Entered(PipelineIndex(at), end.entered);
                state.say(ProcessIndex(process + 1), entered);
            }
        }
    }

    /// A host says what has come from its clients.
    pub fn hear(&self, process: ProcessIndex, came: Came) -> Result<(), &'static str> {
        let mut state = self.state.lock();
        let ends = state.ends.get_mut(came.pipeline.0);
        let end = ends.and_then(|ends| end_of(ends, process));
        let end = end.ok_or("it has clients of a source that does not listen")?;
        end.hear(came, self.frame_limit.saturating_add(BESIDE))
    }

    /// The processes from which frames of a pipeline may come.
    pub fn processes(&self, pipeline: PipelineIndex) -> impl Iterator<Item = ProcessIndex> + use<> {
        let others = self.state.lock().ends.get(pipeline.0).map_or(0, Vec::len);
        (1..=others).map(ProcessIndex)
    }

    /// Lets frames of a pipeline enter that come from this process, until its sources have ended.
    pub async fn enter(self: Arc<Self>, process: ProcessIndex, intake: Arc<Intake>) {
        self.advance(Stage::Open);
        let take = {
            let mut state = self.state.lock();
            let ends = state.ends.get_mut(intake.pipeline.0);
            ends.and_then(|ends| end_of(ends, process)).and_then(|end| end.take.take())
        };
        let Some(mut take) = take else {
            debug_assert!(false, "one task lets the frames of a process enter");
            return;
        };
        let stops = async {
            intake.stopped().await;
            self.advance(Stage::Stopping);
        };
        let enters = async {
            while let Some((number, thing)) = take.recv().await {
                match thing {
                    Thing::Frames { connection, source, read_at, pieces } => {
                        intake.deliver(&source, connection, pieces, read_at, false).await;
                    }
                    Thing::Broken(source, broken) => intake.broken(&source, broken),
                    Thing::Ended => return,
                }
                self.entered(intake.pipeline, process, number);
            }
        };
        tokio::join!(stops, enters);
    }

    fn advance(&self, to: Stage) {
        let mut state = self.state.lock();
        if to as u8 > state.stage as u8 {
            state.stage = to;
            state.say_stage();
        }
    }

    fn entered(&self, pipeline: PipelineIndex, process: ProcessIndex, number: u64) {
        let mut state = self.state.lock();
        let ends = state.ends.get_mut(pipeline.0);
        if let Some(end) = ends.and_then(|ends| end_of(ends, process)) {
            end.entered = number;
        }
        state.say(process, ToClients::Entered(pipeline, number));
    }
}

impl State {
    fn say(&self, process: ProcessIndex, what: ToClients) {
        if let Some(say) = &self.say {
            say(process, what);
        }
    }

    fn say_stage(&self) {
        let what = match self.stage {
            Stage::Waiting => return,
            Stage::Open => ToClients::Open,
            Stage::Stopping => ToClients::Stop,
        };
        self.begun.iter().for_each(|process| self.say(*process, what));
    }
}

fn end_of(ends: &mut [End], process: ProcessIndex) -> Option<&mut End> {
    ends.get_mut(process.0.checked_sub(1)?)
}
