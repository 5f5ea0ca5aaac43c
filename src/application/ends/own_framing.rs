//! A framing of the author's own.

use std::ops::Range;

use crate::application::Reason;

/// How a source's bytes are cut into frames if neither headers nor lines nor varints fit: for
/// [`Source::framing`](crate::Source::framing).
///
/// It has no state: its functions look at the bytes that they are given and at nothing else. The frames must be the
/// same however the bytes arrive: once a frame or an error was found, it is found as well if more bytes stand behind it,
/// and with fewer bytes nothing else is found. If the end of a frame has not come yet, the next call is given the same bytes again
/// and more.
///
/// ```
/// use wallaroo::{Application, FramePlace, Out, OwnFraming, Reason, Sink, Source, TestDriver};
///
/// /// Payloads between the bytes 2 and 3.
/// struct StxEtx;
///
/// impl OwnFraming for StxEtx {
///     fn first(bytes: &[u8]) -> Result<Option<FramePlace>, Reason> {
///         if bytes.first().is_some_and(|first| *first != 2) {
///             return Err("a frame begins with the byte 2".into());
///         }
///         let end = bytes.iter().position(|byte| *byte == 3);
///         Ok(end.map(|end| FramePlace { payload: 1..end, end: end + 1 }))
///     }
///
///     fn frame(payload: &[u8]) -> Result<Vec<u8>, Reason> {
///         Ok([&[2], payload, &[3]].concat())
///     }
/// }
///
/// let text = |payload: &[u8]| -> Result<Option<String>, Reason> {
///     Ok(Some(std::str::from_utf8(payload)?.to_owned()))
/// };
/// let topology = Application::new("texts")
///     .pipeline("texts", Source::new(text).framing(StxEtx))
///     .to_sink(Sink::new(|text: &String, output: &mut Out<'_>| output.text(text)))
///     .build()?;
/// let mut driver = TestDriver::new(&topology);
/// driver.push("texts", b"\x02one\x03\x02two")?;
/// driver.push("texts", b"\x03")?;
/// driver.run();
/// assert_eq!(driver.outputs("texts")?, [b"one", b"two"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait OwnFraming: Send + Sync + 'static {
    /// Where the first frame of these bytes is, which begins with them. `None` if its end has not come yet.
    ///
    /// # Errors
    ///
    /// Why no frame begins here. The source ends with this reason, because the next frame cannot be found.
    fn first(bytes: &[u8]) -> Result<Option<FramePlace>, Reason>;

    /// A payload as a frame that [`first`](Self::first) reads, for messages that are typed or generated.
    ///
    /// # Errors
    ///
    /// Why no frame has this payload.
    fn frame(payload: &[u8]) -> Result<Vec<u8>, Reason>;
}

/// Where a frame is in the bytes that begin with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FramePlace {
    /// Where its payload is.
    pub payload: Range<usize>,
    /// Where it ends: how many bytes it has with all that is around its payload. At least 1.
    pub end: usize,
}

/// The functions of a framing of the author's own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnFunctions {
    pub first: FirstFrame,
    pub frame: fn(&[u8]) -> Result<Vec<u8>, Reason>,
}

/// Finds the first frame.
pub(crate) type FirstFrame = fn(&[u8]) -> Result<Option<FramePlace>, Reason>;

impl OwnFunctions {
    pub fn of<F: OwnFraming>() -> Self {
        Self { first: F::first, frame: F::frame }
    }
}
