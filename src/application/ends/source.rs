//! A pipeline's source: its decoder, and how people and generators create its messages.

use std::fmt;
use std::sync::Arc;

use super::{Cutting, OwnFraming, OwnFunctions};
use crate::application::{Decoder, Generator, Reason};

/// How a person types a message of a source.
#[derive(Clone)]
pub struct TypedForm {
    example: String,
    parse: Parse,
}

/// Turns typed text into a payload.
type Parse = Arc<dyn Fn(&str) -> Result<Vec<u8>, Reason> + Send + Sync>;

impl TypedForm {
    /// An example to type, such as `a 10`.
    pub fn example(&self) -> &str {
        &self.example
    }

    /// The payload of what was typed.
    ///
    /// # Errors
    ///
    /// What is wrong with the text, for the person who types it.
    pub fn parse(&self, text: &str) -> Result<Vec<u8>, Reason> {
        (self.parse)(text)
    }
}

impl fmt::Debug for TypedForm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("TypedForm").field(&self.example).finish()
    }
}

/// Makes the payload of one random message.
pub type Generate = Arc<dyn Fn(&mut Generator) -> Vec<u8> + Send + Sync>;

/// The input of a pipeline: a decoder (or [a generator](Source::generator)), and optionally a description, a form for
/// typing and a generator. The endpoint (a file, a port) is chosen when the application runs.
///
/// ```
/// use wallaroo::{Reason, Source};
///
/// let lines = Source::new(|payload: &[u8]| -> Result<Option<String>, Reason> {
///     Ok(Some(std::str::from_utf8(payload)?.to_owned()))
/// })
/// .format("one UTF-8 line")
/// .typed("any text", |text| Ok(text.as_bytes().to_vec()));
/// # let _ = lines;
/// ```
pub struct Source<D> {
    pub(crate) decoder: D,
    pub(crate) cutting: Cutting,
    pub(crate) format: String,
    pub(crate) typed: Option<TypedForm>,
    pub(crate) generate: Option<Generate>,
}

impl<D> Source<D> {
    pub(super) fn of(decoder: D, cutting: Cutting) -> Self {
        Self { decoder, cutting, format: String::new(), typed: None, generate: None }
    }

    /// Describes the payload in a few words, for `wallaroo-tui apps` and the workbench.
    #[must_use]
    pub fn format(mut self, description: impl Into<String>) -> Self {
        self.format = description.into();
        self
    }

    pub(super) fn form(
        mut self,
        example: impl Into<String>,
        parse: impl Fn(&str) -> Result<Vec<u8>, Reason> + Send + Sync + 'static,
    ) -> Self {
        self.typed = Some(TypedForm { example: example.into(), parse: Arc::new(parse) });
        self
    }
}

impl<D: Decoder> Source<D> {
    /// A source that decodes its frames with this decoder.
    pub fn new(decoder: D) -> Self {
        Self::of(decoder, Cutting::Header)
    }

    /// Gives the frames another header: this many bytes, from 1 to 8, from which `read` reads the
    /// payload's length, the header excluded.
    ///
    /// ```
    /// use wallaroo::{Reason, Source, little_endian};
    ///
    /// let text = |payload: &[u8]| -> Result<Option<String>, Reason> {
    ///     Ok(Some(std::str::from_utf8(payload)?.to_owned()))
    /// };
    /// let short = Source::new(text).header(2, little_endian);
    /// let kilobytes = Source::new(text).header(1, |header| u64::from(header[0]) * 1024);
    /// # let _ = (short, kilobytes);
    /// ```
    pub fn header<F>(self, length: usize, read: F) -> Source<WithHeader<D, F>>
    where
        F: Fn(&[u8]) -> u64 + Send + Sync + 'static,
    {
        let Self { decoder, format, typed, generate, .. } = self;
        let (decoder, cutting) = (WithHeader { decoder, length, read }, Cutting::Header);
        Source { decoder, cutting, format, typed, generate }
    }

    /// Cuts at the ends of lines, which are LF or CRLF and no part of the payload. The last line may have no end.
    /// A line that is longer than the run's frame limit ends its source, as a header that is too long does.
    ///
    /// ```
    /// use wallaroo::{Application, Out, Reason, Sink, Source, TestDriver};
    ///
    /// let number = |line: &[u8]| -> Result<Option<u64>, Reason> {
    ///     Ok(Some(std::str::from_utf8(line)?.parse()?))
    /// };
    /// let topology = Application::new("double")
    ///     .pipeline("numbers", Source::new(number).lines())
    ///     .to_sink(Sink::new(|number: &u64, output: &mut Out<'_>| output.byte(*number as u8 * 2)))
    ///     .build()?;
    /// let mut driver = TestDriver::new(&topology);
    /// driver.push("numbers", b"1\r\n2\n3")?;
    /// driver.end("numbers")?;
    /// driver.run();
    /// assert_eq!(driver.outputs("numbers")?, [[2], [4], [6]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn lines(self) -> Self {
        Self { cutting: Cutting::Lines, ..self }
    }

    /// Reads each payload's length as a varint (LEB128) before it, as protobuf's delimited messages have it.
    #[must_use]
    pub fn varint(self) -> Self {
        Self { cutting: Cutting::Varint, ..self }
    }

    /// Cuts as a framing of your own does: see [`OwnFraming`], which has an example. The run's frame limit is that of a whole
    /// frame, with all that is around its payload.
    #[must_use]
    pub fn framing<F: OwnFraming>(self, _: F) -> Self {
        Self { cutting: Cutting::Own(OwnFunctions::of::<F>()), ..self }
    }

    /// Says how a person types a message: an example, and how typed text becomes a payload.
    #[must_use]
    pub fn typed(
        self,
        example: impl Into<String>,
        parse: impl Fn(&str) -> Result<Vec<u8>, Reason> + Send + Sync + 'static,
    ) -> Self {
        self.form(example, parse)
    }

    /// Says how to make a random message: the payload that the generator's choices give.
    #[must_use]
    pub fn generated(
        mut self,
        generate: impl Fn(&mut Generator) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        self.generate = Some(Arc::new(generate));
        self
    }
}

impl<D> fmt::Debug for Source<D> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Source").field("format", &self.format).finish_non_exhaustive()
    }
}

/// A decoder with another header: see [`Source::header`](Source::header).
#[derive(Debug, Clone)]
pub struct WithHeader<D, F> {
    pub(super) decoder: D,
    pub(super) length: usize,
    pub(super) read: F,
}

impl<D, F> Decoder for WithHeader<D, F>
where
    D: Decoder,
    F: Fn(&[u8]) -> u64 + Send + Sync + 'static,
{
    type Message = D::Message;

    fn header_length(&self) -> usize {
        self.length
    }

    fn payload_length(&self, header: &[u8]) -> u64 {
        (self.read)(header)
    }

    fn decode(&self, payload: &[u8]) -> Result<Option<D::Message>, Reason> {
        self.decoder.decode(payload)
    }
}
