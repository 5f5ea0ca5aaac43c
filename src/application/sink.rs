//! A pipeline's sink: its encoder.

use std::fmt;

/// Where a pipeline's bytes leave: an encoder. The endpoint (a file, a port) is chosen when the
/// application runs.
pub struct Sink<E> {
    pub(crate) encoder: E,
    pub(crate) format: String,
}

impl<E> Sink<E> {
    /// A sink that encodes its messages with this encoder.
    pub fn new(encoder: E) -> Self {
        Self { encoder, format: String::new() }
    }

    /// Describes the output in a few words, for `wallaroo-tui apps` and the workbench.
    #[must_use]
    pub fn format(mut self, description: impl Into<String>) -> Self {
        self.format = description.into();
        self
    }
}

impl<E> fmt::Debug for Sink<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sink").field("format", &self.format).finish_non_exhaustive()
    }
}
