//! Why a message is not taken back, in sentences.

/// Messages do not come to their end.
pub(super) const ON_THEIR_WAY: &str = "nothing is taken back: messages are on their way, or wait to enter. Let them come to their end first";

/// A checkpoint does not.
pub(super) const WAITS: &str =
    "nothing is taken back: a checkpoint waits for a sink that does not take its outputs";

/// Something happens again and again.
pub(super) const MEANWHILE: &str = "nothing is taken back: other messages enter all the time";

/// Messages may be missing that are processed again.
pub(super) const RECOVERS: &str = "nothing is taken back: the engine recovers. Wait until it has";

/// Nothing comes back any more.
pub(super) const ENDS: &str = "nothing is taken back: the run has ended, or is ending";

/// The engine was another one before it has answered.
pub(super) const ANOTHER: &str = "the engine began again meanwhile: look whether the message is still there, and take it back then";

/// The engine ended before it has answered.
pub(super) const ENDED: &str =
    "the engine ended before it answered: the message is taken back, or is still there";

/// The replay of one process knows nothing of the messages of others.
pub(super) const SEVERAL: &str =
    "nothing is taken back: that needs one process, and several run this application";
