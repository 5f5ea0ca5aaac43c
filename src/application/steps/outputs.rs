//! What a computation may return: zero, one or many messages, or a reason why there are none.

use crate::application::Reason;

/// Zero, one or many messages: `Option<T>`, `[T; N]`, `Vec<T>` or [`OneByOne`]; or a `Result` of one of them, whose
/// error makes the input a dead letter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a computation returns",
    note = "return `Some(message)`, `None`, `[a, b]`, a `Vec` of messages, `OneByOne` of an iterator, or a `Result<_, Reason>` of one of these"
)]
pub trait Outputs {
    /// The message type.
    type Message: 'static;
    /// The messages in the order in which they are sent on.
    type Messages: Iterator<Item = Self::Message> + 'static;

    /// The messages.
    ///
    /// # Errors
    ///
    /// The reason why the input could not be processed.
    fn into_messages(self) -> Result<Self::Messages, Reason>;
}

impl<T: 'static> Outputs for Option<T> {
    type Message = T;
    type Messages = std::option::IntoIter<T>;

    fn into_messages(self) -> Result<Self::Messages, Reason> {
        Ok(self.into_iter())
    }
}

impl<T: 'static> Outputs for Vec<T> {
    type Message = T;
    type Messages = std::vec::IntoIter<T>;

    fn into_messages(self) -> Result<Self::Messages, Reason> {
        Ok(self.into_iter())
    }
}

impl<T: 'static, const N: usize> Outputs for [T; N] {
    type Message = T;
    type Messages = std::array::IntoIter<T, N>;

    fn into_messages(self) -> Result<Self::Messages, Reason> {
        Ok(self.into_iter())
    }
}

/// The messages of an iterator, which are made one by one while those before them are processed: for inputs that
/// become too many messages to exist all at once.
///
/// ```
/// use wallaroo::{OneByOne, Outputs};
///
/// fn count_down(from: u64) -> OneByOne<impl Iterator<Item = u64>> {
///     OneByOne((1..=from).rev())
/// }
/// let mut messages = count_down(1_000_000_000_000).into_messages().unwrap();
/// assert_eq!(messages.next(), Some(1_000_000_000_000));
/// ```
///
/// If the iterator panics, the input becomes a dead letter; the messages that it gave before are sent on. If it is of
/// a state computation, the partition is poisoned, as with any other panic. So what can be refused should be refused
/// before, with an `Err` instead of the iterator.
///
/// The iterator must not borrow the input or the state: a state computation says so with
/// `impl Iterator<Item = T> + use<>`.
#[derive(Debug, Clone)]
pub struct OneByOne<I>(pub I);

impl<I> Outputs for OneByOne<I>
where
    I: Iterator<Item: 'static> + 'static,
{
    type Message = I::Item;
    type Messages = I;

    fn into_messages(self) -> Result<I, Reason> {
        Ok(self.0)
    }
}

impl<O: Outputs, E: Into<Reason>> Outputs for Result<O, E> {
    type Message = O::Message;
    type Messages = O::Messages;

    fn into_messages(self) -> Result<Self::Messages, Reason> {
        self.map_err(Into::into)?.into_messages()
    }
}

/// What a state computation returns: its outputs and whether to save the state, or a `Result` of both.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a state computation returns",
    note = "return `(outputs, save)`, where `outputs` is `Some(message)`, `None`, an array or a `Vec`, and `save` a bool; or a `Result<_, Reason>` of that"
)]
pub trait StateOutcome {
    /// The outputs.
    type Outputs: Outputs;

    /// The outputs, and whether this change makes the state part of the next checkpoint.
    ///
    /// # Errors
    ///
    /// The reason why the message could not be processed.
    fn into_outcome(self) -> Result<(Self::Outputs, bool), Reason>;
}

impl<O: Outputs> StateOutcome for (O, bool) {
    type Outputs = O;

    fn into_outcome(self) -> Result<(O, bool), Reason> {
        Ok(self)
    }
}

impl<O: Outputs, E: Into<Reason>> StateOutcome for Result<(O, bool), E> {
    type Outputs = O;

    fn into_outcome(self) -> Result<(O, bool), Reason> {
        self.map_err(Into::into)
    }
}
