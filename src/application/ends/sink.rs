//! A pipeline's sink: its encoder.

use std::fmt;

use crate::application::{Encoder, Out, Reason};

/// The output of a pipeline: an encoder. The endpoint (a file, a port) is chosen when the application runs.
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

    /// The sink without its encoder's type, so that sinks with different encoders can be given to
    /// [`to_sinks`](crate::Pipeline::to_sinks) together.
    #[must_use]
    pub fn boxed<M, W>(self) -> Sink<BoxedEncoder<M>>
    where
        E: Encoder<M, W>,
    {
        let Self { encoder, format } = self;
        let encode: Box<Encode<M>> =
            Box::new(move |message, output| encoder.encode(message, output));
        Sink { encoder: BoxedEncoder(encode), format }
    }
}

/// An encoder of any type: see [`Sink::boxed`].
pub struct BoxedEncoder<M>(Box<Encode<M>>);

/// What an encoder does.
type Encode<M> = dyn Fn(&M, &mut Out<'_>) -> Result<(), Reason> + Send + Sync;

impl<M: 'static> Encoder<M> for BoxedEncoder<M> {
    fn encode(&self, message: &M, output: &mut Out<'_>) -> Result<(), Reason> {
        (self.0)(message, output)
    }
}

impl<M> fmt::Debug for BoxedEncoder<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BoxedEncoder")
    }
}

impl<E> fmt::Debug for Sink<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sink").field("format", &self.format).finish_non_exhaustive()
    }
}
