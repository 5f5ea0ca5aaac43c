//! The decoder: turns the bytes of a source into messages.

use crate::application::{Message, Reason, big_endian};

/// The default length of a header in bytes.
pub const DEFAULT_HEADER_LENGTH: usize = 4;

/// Cuts a source's bytes into frames and turns each frame's payload into a message.
///
/// A frame is a header, which contains the length of the payload, and the payload. By default the header
/// is 4 bytes, the payload's length as a big-endian number, the header itself excluded.
///
/// A closure `Fn(&[u8]) -> Result<Option<M>, E>` is a decoder with the default header:
///
/// ```
/// use wallaroo::{Decoder, Reason};
///
/// let text = |payload: &[u8]| -> Result<Option<String>, Reason> {
///     Ok(Some(std::str::from_utf8(payload)?.to_owned()))
/// };
/// assert_eq!(text.decode(b"hello").unwrap().as_deref(), Some("hello"));
/// assert_eq!(text.payload_length(&[0, 0, 1, 2]), 258);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a decoder",
    note = "implement `Decoder`, or give a closure `|payload: &[u8]| -> Result<Option<Message>, Reason>`"
)]
pub trait Decoder: Send + Sync + 'static {
    /// The type of the messages.
    type Message: Message;

    /// The header's length in bytes: 1 to 8.
    fn header_length(&self) -> usize {
        DEFAULT_HEADER_LENGTH
    }

    /// The payload's length in bytes, the header excluded. `header` has exactly
    /// [`header_length`](Self::header_length) bytes.
    fn payload_length(&self, header: &[u8]) -> u64 {
        big_endian(header)
    }

    /// Decodes one payload. `Ok(None)` drops the message on purpose: it is counted as filtered.
    ///
    /// # Errors
    ///
    /// The reason why this payload is not a message: it becomes a dead letter.
    fn decode(&self, payload: &[u8]) -> Result<Option<Self::Message>, Reason>;
}

impl<F, M, E> Decoder for F
where
    F: Fn(&[u8]) -> Result<Option<M>, E> + Send + Sync + 'static,
    M: Message,
    E: Into<Reason>,
{
    type Message = M;

    fn decode(&self, payload: &[u8]) -> Result<Option<M>, Reason> {
        self(payload).map_err(Into::into)
    }
}
