//! The way of one pipeline's frames from a host to process 0.
//!
//! Invariant: a thing is kept until process 0 says that it has entered. Frames keep their share of the host's budget so
//! long. What is no frame has none: while much of that is kept, no client more is accepted, and each of those that are
//! connected can leave one more.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::came::{Came, Ends, What};
use crate::core::frames::Frames;
use crate::core::numbers::PipelineIndex;
use crate::endpoints::{Connection, Delivery, Fetch};

/// The most bytes in a message: no frame of a connection between processes is longer than 16 MiB.
const PORTION: usize = 1024 * 1024;

/// How much that is no frame may be kept when a client is accepted: so many things, with so many bytes.
const BROKEN: usize = 64;
const BROKEN_BYTES: usize = 1024 * 1024;

/// Says something to process 0 soon.
pub(in crate::runtime::processes) type SayCame = Arc<dyn Fn(Came) + Send + Sync>;

/// The way of one pipeline's frames to process 0.
pub(in crate::runtime::processes) struct Line {
    pipeline: PipelineIndex,
    state: Mutex<State>,
    fewer: Notify,
}

#[derive(Default)]
struct State {
    /// `None` between two rounds.
    say: Option<SayCame>,
    /// The number of the last thing.
    last: u64,
    kept: VecDeque<(u64, Thing)>,
    /// How many of those that are kept are no frames, and their bytes.
    broken: usize,
    broken_bytes: usize,
}

/// What goes to process 0.
enum Thing {
    Frames(Connection, Frames),
    Broken { source: Arc<str>, bytes: Bytes, offset: u64, reason: String },
    Ended,
}

impl Thing {
    /// How many bytes it has, if it is no frame.
    fn broken(&self) -> Option<usize> {
        match self {
            Self::Broken { bytes, .. } => Some(bytes.len()),
            Self::Frames(..) | Self::Ended => None,
        }
    }

    fn said(&self) -> (Bytes, What) {
        match self {
            Self::Frames(connection, frames) => {
                let what = What::Frames {
                    connection: connection.number,
                    source: Arc::clone(frames.source()),
                    read_at: frames.read_at(),
                    offset: frames.byte_offset(),
                    ends: Ends::of(frames.ends()),
                };
                (frames.bytes().clone(), what)
            }
            Self::Broken { source, bytes, offset, reason } => {
                let (source, reason) = (Arc::clone(source), reason.clone());
                (bytes.clone(), What::Broken { source, offset: *offset, reason })
            }
            Self::Ended => (Bytes::new(), What::Ended),
        }
    }
}

impl Line {
    /// `received` is the number of the last thing that has come to process 0, of another process in place of this one.
    pub fn new(pipeline: PipelineIndex, received: u64) -> Arc<Self> {
        let state = Mutex::new(State { last: received, ..State::default() });
        Arc::new(Self { pipeline, state, fewer: Notify::new() })
    }

    /// A round has begun: what has not come to process 0 is said again.
    pub fn join(&self, say: SayCame, received: u64) {
        let mut state = self.state.lock();
        debug_assert!(received <= state.last, "what has come was said");
        for (number, thing) in state.kept.iter().filter(|(number, _)| *number > received) {
            self.say(&say, *number, thing);
        }
        state.say = Some(say);
    }

    /// The round ends. What comes from now on waits for the next one.
    pub fn part(&self) {
        self.state.lock().say = None;
    }

    /// All things up to this number have entered.
    pub fn entered(&self, number: u64) {
        let mut state = self.state.lock();
        let mut gone = Vec::new();
        while state.kept.front().is_some_and(|(kept, _)| *kept <= number) {
            gone.extend(state.kept.pop_front());
        }
        let broken: Vec<usize> = gone.iter().filter_map(|(_, thing)| thing.broken()).collect();
        state.broken -= broken.len();
        state.broken_bytes -= broken.iter().sum::<usize>();
        drop(state);
        if !broken.is_empty() {
            self.fewer.notify_waiters();
        }
    }

    /// A client has left bytes that are no frame.
    pub fn broken(&self, source: Arc<str>, bytes: Bytes, offset: u64, reason: String) {
        self.put(Thing::Broken { source, bytes, offset, reason });
    }

    /// Nothing more will come.
    pub fn end(&self) {
        self.put(Thing::Ended);
    }

    fn put(&self, thing: Thing) {
        let mut state = self.state.lock();
        state.last += 1;
        let number = state.last;
        if let Some(say) = &state.say {
            self.say(say, number, &thing);
        }
        if let Some(bytes) = thing.broken() {
            state.broken += 1;
            state.broken_bytes += bytes;
        }
        state.kept.push_back((number, thing));
    }

    fn say(&self, say: &SayCame, number: u64, thing: &Thing) {
        let pipeline = self.pipeline;
        let (mut rest, what) = thing.said();
        while rest.len() > PORTION {
            say(Came { pipeline, number, bytes: rest.split_to(PORTION), what: None });
        }
        say(Came { pipeline, number, bytes: rest, what: Some(what) });
    }
}

impl Delivery for Line {
    fn deliver(&self, connection: Connection, frames: Frames, _: bool) {
        self.put(Thing::Frames(connection, frames));
    }

    fn fetch_from(&self, _: Connection, _: Weak<dyn Fetch>) {
        debug_assert!(false, "a host reads no files");
    }

    fn settled(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            loop {
                // First: what enters after the look is not missed.
                let fewer = self.fewer.notified();
                {
                    let state = self.state.lock();
                    if state.broken < BROKEN && state.broken_bytes < BROKEN_BYTES {
                        return;
                    }
                }
                fewer.await;
            }
        })
    }
}
