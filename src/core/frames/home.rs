//! The way from frames that are away to their home: the process that has read them.

use std::fmt;
use std::sync::{Arc, LazyLock};

use super::failure::Failure;
use super::hold::Hold;
use super::hop::Hop;
use super::pieces::Pieces;

/// The way home of frames that are away. It is their [`Hold`], too: its drop tells that everything made of them here
/// is dropped.
pub trait Home: Hold {
    /// The trace of a frame begins here, because a key is pinned. The frame may have a trace at home.
    fn begin_trace(&self, pipeline: &Arc<str>, frame: u32);

    /// A traced frame has made a hop here.
    fn hop(&self, frame: u32, hop: Hop);

    /// A traced frame has made so many hops here that this many more are not kept.
    fn leave_out(&self, frame: u32, hops: u64);

    /// A message of a frame could not be processed here.
    fn dead_letter(&self, frame: u32, failure: Failure);
}

/// The frames themselves, or where they are.
#[derive(Clone)]
pub(super) enum Content {
    /// They are in this process, which has read them.
    Home(Pieces),
    /// They are in another process.
    Away {
        /// The way to it.
        home: Arc<dyn Home>,
        /// How many frames.
        count: u32,
    },
}

/// What is here of frames that are away.
static NOTHING: LazyLock<Pieces> = LazyLock::new(Pieces::default);

impl Content {
    pub fn len(&self) -> usize {
        match self {
            Self::Home(pieces) => pieces.len(),
            Self::Away { count, .. } => *count as usize,
        }
    }

    pub fn pieces(&self) -> &Pieces {
        match self {
            Self::Home(pieces) => pieces,
            Self::Away { .. } => {
                debug_assert!(false, "only the home of frames has their bytes");
                &NOTHING
            }
        }
    }

    /// Takes the first frames off.
    pub fn split_to(&mut self, count: usize) -> Self {
        match self {
            Self::Home(pieces) => Self::Home(pieces.split_to(count)),
            Self::Away { .. } => unreachable!("frames are taken off where they are read"),
        }
    }

    pub fn home(&self) -> Option<&Arc<dyn Home>> {
        match self {
            Self::Home(_) => None,
            Self::Away { home, .. } => Some(home),
        }
    }
}

/// Takes the hops of a frame's trace to the frame's home.
pub(super) struct Relay {
    home: Arc<dyn Home>,
    frame: u32,
}

impl Relay {
    pub fn new(home: Arc<dyn Home>, frame: u32) -> Self {
        Self { home, frame }
    }

    pub fn hop(&self, hop: &Hop) {
        self.home.hop(self.frame, hop.clone());
    }

    pub fn leave_out(&self, hops: u64) {
        self.home.leave_out(self.frame, hops);
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Relay").field("frame", &self.frame).finish_non_exhaustive()
    }
}
