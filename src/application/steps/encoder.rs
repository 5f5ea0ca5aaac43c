//! The encoder: turns messages into the bytes of a sink.

use super::Out;
use crate::application::Reason;

/// Writes a message as bytes for a sink. What it writes is what the sink receives: an encoder that
/// frames its output writes the header too. Writing nothing sends nothing.
///
/// A closure or function `Fn(&M, &mut Out)`, with or without an error, is an encoder:
///
/// ```
/// use wallaroo::{Encoder, Out};
///
/// let line = |total: &u64, output: &mut Out<'_>| {
///     output.decimal(*total);
///     output.byte(b'\n');
/// };
/// assert_eq!(line.encoded(&7).unwrap(), b"7\n");
/// ```
///
/// So is one that writes to a `Vec<u8>`, whose bytes are copied:
///
/// ```
/// use std::io::Write;
/// use wallaroo::Encoder;
///
/// let line = |total: &u64, output: &mut Vec<u8>| writeln!(output, "{total}");
/// assert_eq!(line.encoded(&7).unwrap(), b"7\n");
/// ```
///
/// Types that implement the trait themselves implement `Encoder<M>`. `W` only tells the two kinds of closures
/// apart, and the compiler finds it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not encode `{M}`",
    note = "implement `Encoder<{M}>`, or give a closure `|message: &{M}, output: &mut Out<'_>| ..`"
)]
pub trait Encoder<M, W = WritesOut>: Send + Sync + 'static {
    /// Appends the message's bytes to `output`.
    ///
    /// # Errors
    ///
    /// The reason why this message cannot be encoded. It becomes a dead letter, and the bytes that were
    /// appended for it are removed.
    fn encode(&self, message: &M, output: &mut Out<'_>) -> Result<(), Reason>;

    /// The message's bytes by themselves, for tests.
    ///
    /// # Errors
    ///
    /// The reason why this message cannot be encoded.
    fn encoded(&self, message: &M) -> Result<Vec<u8>, Reason> {
        let (mut bytes, mut scratch) = (Vec::new(), Vec::new());
        let mut output = Out::new(&mut bytes, 0, &mut scratch);
        self.encode(message, &mut output)?;
        let end = output.end();
        bytes.truncate(end);
        Ok(bytes)
    }
}

/// Marks encoders that write to an [`Out`].
#[derive(Debug)]
pub enum WritesOut {}

/// Marks closures and functions that write to a `Vec<u8>`.
#[derive(Debug)]
pub enum WritesVec {}

/// What an encoder's closure may return: nothing, or a result with nothing in it.
pub trait EncodeOutcome {
    /// The outcome with its error as a reason.
    ///
    /// # Errors
    ///
    /// The closure's own error.
    fn into_result(self) -> Result<(), Reason>;
}

impl EncodeOutcome for () {
    fn into_result(self) -> Result<(), Reason> {
        Ok(())
    }
}

impl<E: Into<Reason>> EncodeOutcome for Result<(), E> {
    fn into_result(self) -> Result<(), Reason> {
        self.map_err(Into::into)
    }
}

impl<F, M, R> Encoder<M, WritesOut> for F
where
    F: Fn(&M, &mut Out<'_>) -> R + Send + Sync + 'static,
    R: EncodeOutcome,
{
    #[inline]
    fn encode(&self, message: &M, output: &mut Out<'_>) -> Result<(), Reason> {
        self(message, output).into_result()
    }
}

impl<F, M, R> Encoder<M, WritesVec> for F
where
    F: Fn(&M, &mut Vec<u8>) -> R + Send + Sync + 'static,
    R: EncodeOutcome,
{
    fn encode(&self, message: &M, output: &mut Out<'_>) -> Result<(), Reason> {
        output.through_scratch(|bytes| self(message, bytes).into_result())
    }
}
