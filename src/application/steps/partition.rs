//! The partition function: the key of a message.

use crate::application::Key;

/// Returns the key of the partition that a message belongs to. It must depend on the message alone: if there are several
/// workers, the owner of the partition calls it again.
///
/// A closure `Fn(&M) -> K` is a partition function, where `K` is anything that becomes a [`Key`]:
/// a byte, a `char`, text or bytes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a partition function of `{M}`",
    note = "implement `PartitionFunction<{M}>`, or give a closure `|message: &{M}| key` that returns a byte, a char, a String, a Vec<u8> or a Key"
)]
pub trait PartitionFunction<M>: Send + Sync + 'static {
    /// The key of the message's partition.
    fn partition(&self, message: &M) -> Key;
}

impl<F, M, K> PartitionFunction<M> for F
where
    F: Fn(&M) -> K + Send + Sync + 'static,
    K: Into<Key>,
{
    fn partition(&self, message: &M) -> Key {
        self(message).into()
    }
}
