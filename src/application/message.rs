//! What a message must be, so that it can move between workers and be shown.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A message between two steps: any owned `serde` type that can move to another thread.
///
/// It is implemented for every such type; derive `serde::Serialize` and `serde::Deserialize`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a message between steps",
    note = "a message is an owned type that derives serde::Serialize and serde::Deserialize and is Send"
)]
pub trait Message: Serialize + DeserializeOwned + Send + 'static {}

impl<T: Serialize + DeserializeOwned + Send + 'static> Message for T {}
