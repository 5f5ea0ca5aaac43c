//! A source that makes its messages itself.

use std::fmt;
use std::sync::Arc;

use super::{Cutting, Source};
use crate::application::{Decoder, Message, Reason};

/// Whether a generator has a message of this number.
pub(crate) type HasMessage = Arc<dyn Fn(u64) -> bool + Send + Sync>;

/// The code of a source that makes its messages itself: see [`Source::generator`].
pub struct Generated<F>(Arc<F>);

impl<F> Source<Generated<F>> {
    /// A source that makes its messages itself: it has no endpoint, no frames and no decoder. `make` makes message
    /// 0, then 1, and so on. `None` says that there are no messages from this number on.
    ///
    /// `make` must always make the same message of the same number, and must not wait: workers call it, several at
    /// a time, sometimes twice with one number. A run that saves goes on at the number at which the last one ended.
    /// If it panics, that number is a dead letter, and the source goes on with the next. Make random choices with
    /// [`Generator::new`](crate::Generator::new) and the number as its seed.
    ///
    /// ```
    /// use wallaroo::{Application, Out, Sink, Source, TestDriver};
    ///
    /// let squares = Source::generator(|number| (number < 1000).then_some(number * number));
    /// let topology = Application::new("squares")
    ///     .pipeline("squares", squares)
    ///     .to_sink(Sink::new(|square: &u64, output: &mut Out<'_>| output.decimal(*square)))
    ///     .build()?;
    ///
    /// let mut driver = TestDriver::new(&topology);
    /// driver.generate("squares", 3)?;
    /// driver.run();
    /// assert_eq!(driver.outputs("squares")?, [b"0", b"1", b"4"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// On the command line its pipeline takes no `--in`. In the workbench, a person types the number of a message to
    /// have that message once more.
    pub fn generator<M>(make: F) -> Self
    where
        F: Fn(u64) -> Option<M> + Send + Sync + 'static,
        M: Message,
    {
        let source = Self::of(Generated(Arc::new(make)), Cutting::Numbers);
        source
            .format("messages that it makes itself")
            .form("0", |text: &str| Ok(text.parse::<u64>()?.to_be_bytes().to_vec()))
    }
}

/// The code of a source: a [`Decoder`], or a generator. Only the types of this crate are one.
pub trait SourceCode: sealed::Sealed {
    /// The type of the messages.
    type Message: Message;
    #[doc(hidden)]
    type Decoder: Decoder<Message = Self::Message>;
    #[doc(hidden)]
    fn into_parts(self) -> (Self::Decoder, Option<HasMessageFn>);
}

/// See [`SourceCode::into_parts`].
#[doc(hidden)]
pub struct HasMessageFn(pub(crate) HasMessage);

mod sealed {
    pub trait Sealed {}
    impl<D: super::Decoder> Sealed for D {}
    impl<F> Sealed for super::Generated<F> {}
}

impl<D: Decoder> SourceCode for D {
    type Message = D::Message;
    type Decoder = D;

    fn into_parts(self) -> (D, Option<HasMessageFn>) {
        (self, None)
    }
}

impl<F, M> SourceCode for Generated<F>
where
    F: Fn(u64) -> Option<M> + Send + Sync + 'static,
    M: Message,
{
    type Message = M;
    type Decoder = Numbered<F>;

    fn into_parts(self) -> (Numbered<F>, Option<HasMessageFn>) {
        let make = Arc::clone(&self.0);
        (Numbered(self.0), Some(HasMessageFn(Arc::new(move |number| make(number).is_some()))))
    }
}

/// The decoder of frames that are numbers: makes the message of each.
#[doc(hidden)]
pub struct Numbered<F>(Arc<F>);

impl<F, M> Decoder for Numbered<F>
where
    F: Fn(u64) -> Option<M> + Send + Sync + 'static,
    M: Message,
{
    type Message = M;

    fn decode(&self, payload: &[u8]) -> Result<Option<M>, Reason> {
        let number = u64::from_be_bytes(payload.try_into()?);
        match (self.0)(number) {
            Some(message) => Ok(Some(message)),
            None => Err(format!("the generator has no message of number {number}").into()),
        }
    }
}

impl<F> fmt::Debug for Generated<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Generated")
    }
}
