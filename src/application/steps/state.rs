//! State, its builder, and the step that changes it.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::application::{Key, Message, Outputs, StateOutcome, short_type_name};

/// The state of one partition: any owned `serde` type that can move to another thread. Its fields
/// are the columns of the workbench's partition table.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the state of a partition",
    note = "a state is an owned type that derives serde::Serialize and serde::Deserialize and is Send"
)]
pub trait State: Serialize + DeserializeOwned + Send + 'static {}

impl<T: Serialize + DeserializeOwned + Send + 'static> State for T {}

/// Creates the state of a new partition from its key.
///
/// A closure `Fn(&Key) -> S` is a state builder.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a state builder",
    note = "implement `StateBuilder`, or give a closure `|key: &Key| state`"
)]
pub trait StateBuilder: Send + Sync + 'static {
    /// The type of the state.
    type State: State;

    /// The state of a partition before its first message.
    fn build(&self, key: &Key) -> Self::State;
}

impl<F, S> StateBuilder for F
where
    F: Fn(&Key) -> S + Send + Sync + 'static,
    S: State,
{
    type State = S;

    fn build(&self, key: &Key) -> S {
        self(key)
    }
}

/// A step with state: from a message and the state of its partition, it returns zero, one or many messages,
/// and whether to save the state.
///
/// It never runs twice at once on one state, and sees the messages of one key in the order in which
/// their source delivered them. A second result of `false` means that this change alone does not
/// make the partition part of the next checkpoint.
///
/// A closure or function `Fn(In, &mut S) -> (impl Outputs, bool)` is a state computation:
///
/// ```
/// use wallaroo::StateComputation;
///
/// fn add(votes: u64, total: &mut u64) -> (Option<u64>, bool) {
///     *total += votes;
///     (Some(*total), true)
/// }
/// let mut total = 1;
/// assert_eq!(add.compute(4, &mut total), (Some(5), true));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a state computation on `{In}` and `{S}`",
    label = "the previous step's output is `{In}`, and the state builder makes `{S}`",
    note = "implement `StateComputation<{In}, {S}>`, or give a closure `|message: {In}, state: &mut {S}| (outputs, save)`"
)]
pub trait StateComputation<In, S>: Send + Sync + 'static {
    /// The outputs and whether to save.
    type Outcome: StateOutcome<Outputs: Outputs<Message: Message>>;

    /// The step's name on screens and in dead letters.
    fn name(&self) -> String {
        short_type_name::<Self>()
    }

    /// Processes one message with its partition's state.
    fn compute(&self, message: In, state: &mut S) -> Self::Outcome;
}

impl<F, In, S, R> StateComputation<In, S> for F
where
    F: Fn(In, &mut S) -> R + Send + Sync + 'static,
    R: StateOutcome<Outputs: Outputs<Message: Message>>,
{
    type Outcome = R;

    fn compute(&self, message: In, state: &mut S) -> R {
        self(message, state)
    }
}
