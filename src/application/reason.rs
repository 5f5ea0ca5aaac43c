//! Why a message could not be processed.

use std::fmt;

/// Why a message could not be processed, in words for the person who reads the dead letter.
///
/// Everything that can be displayed becomes a reason, so `?` works on any error and
/// `Err("not a letter".into())` on any text.
///
/// ```
/// use wallaroo::Reason;
///
/// fn votes(payload: &[u8]) -> Result<u32, Reason> {
///     let bytes = payload.try_into()?;
///     Ok(u32::from_be_bytes(bytes))
/// }
/// assert_eq!(votes(&[1]).unwrap_err().as_str(), "could not convert slice to array");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// The reason's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

// `Reason` must not implement `Display` itself: this conversion would then overlap with `From<T> for T`.
impl<T: fmt::Display> From<T> for Reason {
    fn from(text: T) -> Self {
        Self(text.to_string())
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
