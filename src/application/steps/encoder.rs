//! The encoder: turns messages into the bytes of a sink.

use crate::application::Reason;

/// Writes a message as bytes for a sink. What it writes is what the sink receives: an encoder that
/// frames its output writes the header too. Writing nothing sends nothing.
///
/// A closure `Fn(&M, &mut Vec<u8>)`, with or without an error, is an encoder:
///
/// ```
/// use std::io::Write;
/// use wallaroo::Encoder;
///
/// let line = |total: &u64, output: &mut Vec<u8>| writeln!(output, "{total}");
/// let mut output = Vec::new();
/// line.encode(&7, &mut output).unwrap();
/// assert_eq!(output, b"7\n");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not encode `{M}`",
    note = "implement `Encoder<{M}>`, or give a closure `|message: &{M}, output: &mut Vec<u8>| ..`"
)]
pub trait Encoder<M>: Send + Sync + 'static {
    /// Appends the message's bytes to `output`, which must not be changed otherwise.
    ///
    /// # Errors
    ///
    /// The reason why this message cannot be encoded. It becomes a dead letter, and the bytes that were
    /// appended for it are removed.
    fn encode(&self, message: &M, output: &mut Vec<u8>) -> Result<(), Reason>;
}

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

impl<F, M, R> Encoder<M> for F
where
    F: Fn(&M, &mut Vec<u8>) -> R + Send + Sync + 'static,
    R: EncodeOutcome,
{
    fn encode(&self, message: &M, output: &mut Vec<u8>) -> Result<(), Reason> {
        self(message, output).into_result()
    }
}
