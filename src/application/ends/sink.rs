//! A pipeline's sink: its encoder.

use std::fmt;

use crate::application::{Encoder, Out, Reason};

/// The output of a pipeline: an encoder. The endpoint (a file, a port) is chosen when the application runs.
pub struct Sink<E> {
    pub(crate) encoder: E,
    pub(crate) format: String,
    pub(crate) name: Option<String>,
}

impl<E> Sink<E> {
    /// A sink that encodes its messages with this encoder.
    pub fn new(encoder: E) -> Self {
        Self { encoder, format: String::new(), name: None }
    }

    /// Describes the output in a few words, for `wallaroo-tui apps` and the workbench.
    #[must_use]
    pub fn format(mut self, description: impl Into<String>) -> Self {
        self.format = description.into();
        self
    }

    /// Names the sink, so that pipelines share it: sinks of one name are one, and have one endpoint. What each pipeline
    /// writes stands there whole, and the outputs of each are in the order that they would have alone. Each has its own
    /// encoder.
    ///
    /// ```
    /// use wallaroo::{Application, Out, Reason, Sink, Source, TestDriver};
    ///
    /// let number = |line: &[u8]| -> Result<Option<u64>, Reason> {
    ///     Ok(Some(std::str::from_utf8(line)?.parse()?))
    /// };
    /// let text = |line: &[u8]| -> Result<Option<String>, Reason> {
    ///     Ok(Some(std::str::from_utf8(line)?.to_owned()))
    /// };
    /// let topology = Application::new("both")
    ///     .pipeline("numbers", Source::new(number).lines())
    ///     .to_sink(Sink::new(|number: &u64, out: &mut Out<'_>| out.decimal(*number)).named("all"))
    ///     .pipeline("texts", Source::new(text).lines())
    ///     .to_sink(Sink::new(|text: &String, out: &mut Out<'_>| out.text(text)).named("all"))
    ///     .build()?;
    ///
    /// let mut driver = TestDriver::new(&topology);
    /// driver.push("numbers", b"1\n")?;
    /// driver.push("texts", b"one\n")?;
    /// driver.push("numbers", b"2\n")?;
    /// driver.run();
    /// let all = [&b"1"[..], b"one", b"2"];
    /// assert_eq!(driver.outputs("numbers")?, all);
    /// assert_eq!(driver.outputs("texts")?, all);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The sink without its encoder's type, so that sinks with different encoders can be given to
    /// [`to_sinks`](crate::Pipeline::to_sinks) together.
    #[must_use]
    pub fn boxed<M, W>(self) -> Sink<BoxedEncoder<M>>
    where
        E: Encoder<M, W>,
    {
        let Self { encoder, format, name } = self;
        let encode: Box<Encode<M>> =
            Box::new(move |message, output| encoder.encode(message, output));
        Sink { encoder: BoxedEncoder(encode), format, name }
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
