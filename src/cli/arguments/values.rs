//! Parsers of option values.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use crate::core::frames::framing::{Framing, LineFraming, VarintFraming, big_endian_framing};
use crate::endpoints::Endpoint;

/// The max time to wait: a year.
const MAX_SECONDS: Duration = Duration::from_hours(365 * 24);

/// Reads a number from 1 to `most`.
pub(in crate::cli) fn up_to(most: usize) -> impl Fn(&str) -> Result<NonZeroUsize, String> + Clone {
    move |text| {
        text.parse()
            .ok()
            .filter(|number: &NonZeroUsize| number.get() <= most)
            .ok_or_else(|| format!("give a number from 1 to {most}"))
    }
}

/// An address to connect to.
pub(in crate::cli) fn address(text: &str) -> Result<String, String> {
    match text.parse() {
        Ok(Endpoint::Tcp(address)) => Ok(address),
        _ => Err("give HOST:PORT with a port from 0 to 65535".to_owned()),
    }
}

/// An address to listen at. Without a host, only this machine can connect.
pub(in crate::cli) fn listening_address(text: &str) -> Result<String, String> {
    match text.parse::<u16>() {
        Ok(port) => Ok(format!("127.0.0.1:{port}")),
        Err(_) => address(text),
    }
}

/// How bytes are cut for which there is no application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Framed {
    /// By a length header of this many bytes, big-endian.
    Header(u8),
    /// By lengths that are varints.
    Varint,
    /// At the ends of lines.
    Lines,
}

impl Framed {
    /// The framing.
    pub fn framing(self) -> Arc<dyn Framing> {
        match self {
            Self::Header(length) => big_endian_framing(length.into()),
            Self::Varint => Arc::new(VarintFraming),
            Self::Lines => Arc::new(LineFraming),
        }
    }
}

/// How bytes are cut for which there is no application.
pub(in crate::cli) fn framed(text: &str) -> Result<Framed, String> {
    match (text, text.parse()) {
        ("varint", _) => Ok(Framed::Varint),
        ("lines", _) => Ok(Framed::Lines),
        (_, Ok(length @ 1..=8)) => Ok(Framed::Header(length)),
        _ => Err("give the header's length, 1 to 8 bytes, or `varint` or `lines`".to_owned()),
    }
}

/// A number of seconds, which may have decimals.
pub(in crate::cli) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    // A clock cannot add a longer time.
    seconds
        .filter(|seconds| *seconds <= MAX_SECONDS)
        .ok_or_else(|| format!("give a number of seconds from 0 to {}", MAX_SECONDS.as_secs()))
}
