//! What the clients of a crowd send, in frames or in lines.

use crate::support::frames::{frame, vote};

/// The max length of a line.
pub const LINE_LIMIT: usize = 100;

/// What the clients send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    /// Votes for the alphabet, in frames.
    Frames,
    /// Measurements for the stations, a line each.
    Lines,
}

impl Wire {
    /// A message of a client: so many votes, or as many tenths of a degree.
    pub fn message(self, letter: u8, votes: u32) -> Vec<u8> {
        match self {
            Self::Frames => vote(letter, votes),
            Self::Lines => {
                let end = if votes.is_multiple_of(3) { "\r\n" } else { "\n" };
                format!("s{letter};{}.{}{end}", votes / 10, votes % 10).into_bytes()
            }
        }
    }

    pub fn key(self, letter: u8) -> Vec<u8> {
        match self {
            Self::Frames => vec![letter],
            Self::Lines => format!("s{letter}").into_bytes(),
        }
    }

    /// A payload that is no message, as a frame.
    pub fn babble(self, payload: &[u8]) -> Vec<u8> {
        match self {
            Self::Frames => frame(payload),
            Self::Lines => [payload, b"\n"].concat(),
        }
    }

    /// The beginning of a frame.
    pub fn half(self) -> &'static [u8] {
        match self {
            Self::Frames => &[0, 0, 0, 5, b'?', 0],
            Self::Lines => b"?;12.3\r",
        }
    }

    /// What promises more than a frame may have, the first of its bytes that are told, and the reason.
    pub fn too_much(self) -> (Vec<u8>, usize, String) {
        match self {
            Self::Frames => {
                let reason =
                    "the header says 4294967295 bytes of payload, and the limit is 16777216";
                (vec![0xff; 1000], 4, reason.to_owned())
            }
            Self::Lines => {
                let reason = format!("the line is longer than the limit of {LINE_LIMIT} bytes");
                (vec![b'?'; 1000], LINE_LIMIT + 1, reason)
            }
        }
    }
}
