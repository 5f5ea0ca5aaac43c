//! Frames that a framing of the author's own finds.

use super::{Framing, FramingError, MAX_FRAME_LIMIT, NoFrame, cut_each};
use crate::application::OwnFunctions;
use crate::core::frames::own_cut::OwnCut;
use crate::core::frames::wrapping::Wrapping;
use crate::core::guard::guarded;

/// The author's own framing. The limit is that of a whole frame, because what is around the payload may be long, too.
pub(crate) struct OwnFraming(pub OwnFunctions);

impl OwnFraming {
    fn own_cut(&self) -> OwnCut {
        OwnCut::new(self.0.first)
    }
}

impl Framing for OwnFraming {
    fn wrapping(&self) -> Wrapping {
        Wrapping::Own(self.own_cut())
    }

    fn payload_length(&self, _: &[u8]) -> Result<u64, FramingError> {
        debug_assert!(false, "nobody knows whether it has a header");
        Ok(0)
    }

    fn cut(
        &self,
        bytes: &[u8],
        _: usize,
        limit: u64,
        most: usize,
        ends: &mut Vec<u32>,
    ) -> Result<(), FramingError> {
        let limit = limit.min(MAX_FRAME_LIMIT);
        cut_each(bytes, most, ends, |rest| {
            let place = self.own_cut().first(rest, limit).map_err(FramingError::Own)?;
            Ok(place.and_then(|place| rest.get(place.end..)))
        })
    }

    fn frame(&self, payload: &[u8]) -> Result<Vec<u8>, NoFrame> {
        let code = || (self.0.frame)(payload).map_err(|reason| reason.as_str().to_owned());
        let frame = guarded(code).map_err(NoFrame::Own)?;
        let place = self.own_cut().first(&frame, u64::MAX).map_err(NoFrame::Own)?;
        let read = place.filter(|place| place.end == frame.len());
        match read.and_then(|place| frame.get(place.payload)) {
            Some(read) if read == payload => Ok(frame),
            _ => Err(NoFrame::NotReadBack),
        }
    }
}
