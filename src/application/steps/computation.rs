//! The computation: a stateless step.

use crate::application::{Message, Outputs, short_type_name};

/// A stateless step: it turns a message into zero, one or many messages.
///
/// A closure or function `Fn(In) -> impl Outputs` is a computation:
///
/// ```
/// use wallaroo::Computation;
///
/// fn double(number: u64) -> Option<u64> {
///     number.checked_mul(2)
/// }
/// assert_eq!(double.compute(4), Some(8));
/// assert_eq!(Computation::<u64>::name(&double), "double");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a computation on `{In}`",
    label = "the previous step's output is `{In}`",
    note = "implement `Computation<{In}>`, or give a closure `|message: {In}| ..` that returns an `Option`, an array or a `Vec`"
)]
pub trait Computation<In>: Send + Sync + 'static {
    /// Zero, one or many messages.
    type Outputs: Outputs<Message: Message>;

    /// The step's name on screens and in dead letters.
    fn name(&self) -> String {
        short_type_name::<Self>()
    }

    /// Processes one message.
    fn compute(&self, message: In) -> Self::Outputs;
}

impl<F, In, O> Computation<In> for F
where
    F: Fn(In) -> O + Send + Sync + 'static,
    O: Outputs<Message: Message>,
{
    type Outputs = O;

    fn compute(&self, message: In) -> O {
        self(message)
    }
}
