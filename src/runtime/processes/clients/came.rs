//! What a host says of its clients, and what process 0 says of them.

use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::core::frames::pieces::Pieces;
use crate::core::numbers::{PipelineIndex, Timestamp};

/// What a host has to know of its sources when a round begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::runtime) struct Clients {
    /// Whether the engine has had a round before. If not, clients of an earlier one have to connect again.
    pub goes_on: bool,
    /// The longest payload in bytes.
    pub frame_limit: u64,
    /// How many connections a source serves at once.
    pub connections: NonZeroUsize,
    /// What has come of each pipeline; `None` if its source does not listen.
    pub received: Vec<Option<Received>>,
}

/// What has come to process 0 of a host's clients of a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::runtime) struct Received {
    /// The number of the last thing.
    pub last: u64,
    /// The `nth` of all connections of which something has come are below this: another process in place of the host
    /// begins here, so that no two connections have the same number.
    pub connections: u64,
}

/// A thing that comes from the clients of a host, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::runtime) struct Came {
    pub pipeline: PipelineIndex,
    /// Of the host's things of this pipeline, the first is number 1.
    pub number: u64,
    /// More of its bytes.
    pub bytes: Bytes,
    /// What it is, with its last bytes.
    pub what: Option<What>,
}

/// What comes from the clients of a host, beside its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::runtime) enum What {
    /// Whole frames of a connection.
    Frames {
        connection: u64,
        source: Arc<str>,
        read_at: Timestamp,
        /// Where the first one begins, in bytes after the beginning of its connection.
        offset: u64,
        ends: Ends,
    },
    /// Bytes of a connection that are no frame.
    Broken { source: Arc<str>, offset: u64, reason: String },
    /// No more will come.
    Ended,
}

/// The ends of frames, four bytes each: a list of numbers would take a process more time than the frames themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::runtime) struct Ends(Bytes);

impl Ends {
    pub fn of(ends: &[u32]) -> Self {
        Self(ends.iter().flat_map(|end| end.to_le_bytes()).collect())
    }

    /// The frames with these bytes. `None` if they do not fit each other.
    pub fn cut(&self, bytes: Bytes, offset: u64) -> Option<Pieces> {
        let (ends, []) = self.0.as_chunks() else { return None };
        let ends: Vec<u32> = ends.iter().map(|end| u32::from_le_bytes(*end)).collect();
        let fits = ends.last().is_some_and(|end| *end as usize == bytes.len());
        let pieces = Pieces::new(bytes, ends, offset);
        (fits && pieces.are_whole()).then_some(pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_fit_their_bytes_or_are_found_out() {
        let bytes = || Bytes::from_static(b"abbccc");
        let cut = |ends: &[u32]| Ends::of(ends).cut(bytes(), 7);
        assert_eq!(cut(&[1, 3, 6]), Some(Pieces::new(bytes(), vec![1, 3, 6], 7)));
        for wrong in [&[][..], &[1, 3], &[3, 1, 6], &[1, 7]] {
            assert_eq!(cut(wrong), None, "{wrong:?}");
        }
        assert_eq!(Ends(Bytes::from_static(b"\x06\0\0")).cut(bytes(), 0), None);
    }
}
