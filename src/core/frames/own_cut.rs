//! How a framing of the author's own finds one frame, with all that the author's code may do wrong.

use std::ops::Range;

use crate::application::{FirstFrame, FramePlace};
use crate::core::guard::guarded;

/// Finds one frame with the author's function.
#[derive(Debug, Clone, Copy)]
pub struct OwnCut(FirstFrame);

impl PartialEq for OwnCut {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::fn_addr_eq(self.0, other.0)
    }
}

impl Eq for OwnCut {}

impl OwnCut {
    pub(crate) fn new(first: FirstFrame) -> Self {
        Self(first)
    }

    /// The first frame of these bytes, which has at most `limit` of them; `None` if its end has not come.
    ///
    /// # Errors
    ///
    /// The bytes begin with no frame, or with one that is too long; the author's code panicked, or gave a place
    /// that cannot be.
    pub(crate) fn first(self, bytes: &[u8], limit: u64) -> Result<Option<FramePlace>, String> {
        // No more than what can be a frame, so that the answer is the same however the bytes arrive.
        let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
        let bytes = bytes.get(..most).unwrap_or(bytes);
        let place = guarded(|| Ok((self.0)(bytes)))
            .map_err(|panic| format!("the source's own framing {panic}"))?
            .map_err(|reason| reason.as_str().to_owned())?;
        if let Some(FramePlace { payload: Range { start, end: payload_end }, end }) = &place
            && (start > payload_end || payload_end > end || !(1..=bytes.len()).contains(end))
        {
            let at = format!("a payload at {start} to {payload_end} of a frame of {end} bytes");
            return Err(format!("the source's own framing found {at} in {} bytes", bytes.len()));
        }
        // What does not end in more bytes than the limit is longer.
        let length = place.as_ref().map_or(bytes.len(), |place| place.end);
        if length as u64 > limit {
            return Err(format!("the frame is longer than the limit of {limit} bytes"));
        }
        Ok(place)
    }

    /// Where the payload of a whole frame is.
    pub(super) fn payload(self, frame: &[u8]) -> Range<usize> {
        let place = self.first(frame, u64::MAX).ok().flatten();
        debug_assert!(place.is_some(), "a frame is found again");
        place.map_or(0..frame.len(), |place| place.payload)
    }

    /// How many bytes show that no frame begins here: as few, however many have arrived.
    pub(super) fn culprit(self, bytes: &[u8], limit: u64) -> usize {
        let (mut good, mut bad) = (0, bytes.len());
        while bad - good > 1 {
            let middle = good.midpoint(bad);
            let is_bad = bytes.get(..middle).is_some_and(|some| self.first(some, limit).is_err());
            (good, bad) = if is_bad { (good, middle) } else { (middle, bad) };
        }
        bad
    }
}
