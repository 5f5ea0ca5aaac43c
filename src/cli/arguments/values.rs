//! Parsers of option values.

use std::time::Duration;

use crate::endpoints::Endpoint;

/// The max time to wait: a year.
const MAX_SECONDS: Duration = Duration::from_hours(365 * 24);

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

/// A number of seconds, which may have decimals.
pub(in crate::cli) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    // A clock cannot add a longer time.
    seconds
        .filter(|seconds| *seconds <= MAX_SECONDS)
        .ok_or_else(|| format!("give a number of seconds from 0 to {}", MAX_SECONDS.as_secs()))
}
