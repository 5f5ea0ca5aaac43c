//! How a message is spoiled: each kind of bytes that a framing or a decoder can refuse.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::application::Generator;
use crate::core::frames::framing::Framing;
use crate::core::frames::wrapping::Wrapping;

/// The max length of random bytes.
const MAX_RANDOM: u64 = 64;

/// A way in which a message is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// The bytes end inside the header.
    ShortHeader,
    /// The bytes end inside the payload.
    ShortPayload,
    /// The header says more than any frame may have.
    LongHeader,
    /// A whole frame whose payload has a byte too many or too few.
    WrongLength,
    /// A whole frame whose payload is random.
    RandomBytes,
}

/// The bytes of a spoiled message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spoiled {
    /// One whole frame.
    Frame(Vec<u8>),
    /// No whole frame. No frame is found after them.
    Broken(Vec<u8>),
}

impl Fault {
    /// Every way.
    pub const ALL: [Self; 5] = [
        Self::ShortHeader,
        Self::ShortPayload,
        Self::LongHeader,
        Self::WrongLength,
        Self::RandomBytes,
    ];

    /// The bytes of a message with this payload, spoiled in this way. `None` if that is not possible: the header
    /// has a single byte, the payload has none, or no header says more than `limit`.
    pub fn spoil(
        self,
        framing: &dyn Framing,
        limit: u64,
        payload: &[u8],
        generator: &mut Generator,
    ) -> Option<Spoiled> {
        let header_length = match framing.wrapping() {
            Wrapping::Header(length) => length,
            Wrapping::Varint => framing.frame(payload).ok()?.len() - payload.len(),
            Wrapping::Line | Wrapping::Number | Wrapping::Own(_) => 0,
        };
        // From 1 up to the length, excluded.
        let mut inside = |length: usize| {
            let cut = 1 + generator.below((length as u64).saturating_sub(1));
            usize::try_from(cut).ok().filter(|cut| *cut < length)
        };
        match self {
            // A line has no header, and the start of one is a line. Nor has a number. What an author's own frame has is
            // not known.
            Self::ShortHeader | Self::ShortPayload | Self::LongHeader if header_length == 0 => None,
            Self::ShortHeader => {
                let mut bytes = framing.frame(payload).ok()?;
                bytes.truncate(inside(header_length)?);
                Some(Spoiled::Broken(bytes))
            }
            Self::ShortPayload => {
                let mut bytes = framing.frame(payload).ok()?;
                bytes.truncate(header_length + inside(payload.len() + 1)? - 1);
                Some(Spoiled::Broken(bytes))
            }
            Self::LongHeader => {
                let bytes = [&vec![0xff; header_length], payload].concat();
                let header = bytes.get(..header_length)?;
                let is_too_long = framing.payload_length(header).is_ok_and(|length| length > limit);
                is_too_long.then_some(Spoiled::Broken(bytes))
            }
            Self::WrongLength => {
                let wrong = if payload.is_empty() || generator.below(2) == 0 {
                    [payload, &[0]].concat()
                } else {
                    payload.get(..payload.len() - 1).unwrap_or_default().to_vec()
                };
                framing.frame(&wrong).ok().map(Spoiled::Frame)
            }
            Self::RandomBytes => {
                let length = generator.below(MAX_RANDOM + 1);
                let random = (0..length).map(|_| u8::try_from(generator.below(256)).unwrap_or(0));
                framing.frame(&random.collect::<Vec<u8>>()).ok().map(Spoiled::Frame)
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ShortHeader => "short header",
            Self::ShortPayload => "short payload",
            Self::LongHeader => "oversized header",
            Self::WrongLength => "wrong length",
            Self::RandomBytes => "random bytes",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::core::frames::assembler::{Assembler, SourceEnd};
    use crate::core::frames::framing::big_endian_framing;

    const LIMIT: u64 = 1_000;

    /// How many whole frames the bytes have, and whether something is left that is no frame.
    fn cut(framing: &Arc<dyn Framing>, bytes: &[u8]) -> (usize, bool) {
        let mut assembler = Assembler::new(Arc::clone(framing), LIMIT, 100);
        assembler.buffer().extend_from_slice(bytes);
        let mut frames = 0;
        loop {
            match assembler.cut() {
                Ok(Some(cut)) => frames += cut.len(),
                Ok(None) => return (frames, assembler.finish(SourceEnd::Ended).is_some()),
                Err(_) => return (frames, true),
            }
        }
    }

    proptest! {
        #[test]
        fn each_fault_is_what_its_name_says_for_any_payload_and_header(
            payload in prop::collection::vec(any::<u8>(), 0..20),
            header_length in 2_usize..=8,
            seed in any::<u64>(),
        ) {
            let framing = big_endian_framing(header_length);
            let mut generator = Generator::new(seed, 0.0);
            for fault in Fault::ALL {
                let spoiled = fault.spoil(&*framing, LIMIT, &payload, &mut generator);
                let possible = fault != Fault::ShortPayload || !payload.is_empty();
                prop_assert_eq!(spoiled.is_some(), possible, "{}", fault);
                match spoiled {
                    None => {}
                    Some(Spoiled::Broken(bytes)) => {
                        prop_assert_eq!(cut(&framing, &bytes), (0, true), "{}", fault);
                        let short = bytes.len() < header_length;
                        prop_assert_eq!(short, fault == Fault::ShortHeader, "{}", fault);
                    }
                    Some(Spoiled::Frame(bytes)) => {
                        prop_assert_eq!(cut(&framing, &bytes), (1, false), "{}", fault);
                        if fault == Fault::WrongLength {
                            prop_assert_eq!((bytes.len() - header_length).abs_diff(payload.len()), 1);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_fault_that_a_framing_cannot_have_is_none() {
        let framing = big_endian_framing(1);
        let mut generator = Generator::new(1, 0.0);
        let mut spoil = |fault: Fault, limit| fault.spoil(&*framing, limit, b"abc", &mut generator);
        // A header of one byte has no inside, and says 255 at most.
        assert_eq!(spoil(Fault::ShortHeader, 1_000), None);
        assert_eq!(spoil(Fault::LongHeader, 1_000), None);
        assert!(spoil(Fault::LongHeader, 100).is_some());
    }
}
