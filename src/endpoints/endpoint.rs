//! The name of a place where bytes enter or leave.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

/// A place where bytes enter or leave.
///
/// ```
/// use wallaroo::endpoints::Endpoint;
///
/// assert_eq!("localhost:7010".parse(), Ok(Endpoint::Tcp("localhost:7010".to_owned())));
/// assert_eq!(":7010".parse(), Ok(Endpoint::Tcp("127.0.0.1:7010".to_owned())));
/// assert_eq!("votes.msg".parse(), Ok(Endpoint::File("votes.msg".into())));
/// assert_eq!("-".parse(), Ok(Endpoint::Standard));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// `tcp://host:port`, or a bare `host:port`: a source listens there, a sink connects to it.
    /// Without a host it is the loopback address, so that no network is opened by accident.
    Tcp(String),
    /// `file:PATH`, or any other bare word.
    File(PathBuf),
    /// `-`: standard input of a source, standard output of a sink.
    Standard,
    /// `null`: a source without frames, a sink that drops its bytes.
    Null,
}

/// Why a text is not an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// An empty text.
    #[error("an endpoint is missing: give tcp://HOST:PORT, file:PATH, - or null")]
    Empty,
    /// An address without a valid port.
    #[error("`{0}` has no port: write tcp://HOST:PORT with a port from 0 to 65535")]
    NoAddress(String),
    /// An unknown scheme.
    #[error("`{0}` is no endpoint: use tcp://HOST:PORT, file:PATH, - or null")]
    UnknownScheme(String),
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        match text {
            "" => Err(EndpointError::Empty),
            "-" => Ok(Self::Standard),
            "null" => Ok(Self::Null),
            _ => {
                if let Some(address) = text.strip_prefix("tcp://") {
                    let address = read_address(address).map(Self::Tcp);
                    return address.ok_or_else(|| EndpointError::NoAddress(text.to_owned()));
                }
                if let Some(path) = text.strip_prefix("file:") {
                    return if path.is_empty() {
                        Err(EndpointError::Empty)
                    } else {
                        Ok(Self::File(path.into()))
                    };
                }
                if text.contains("://") {
                    return Err(EndpointError::UnknownScheme(text.to_owned()));
                }
                Ok(read_address(text).map_or_else(|| Self::File(text.into()), Self::Tcp))
            }
        }
    }
}

/// The host of an address without one: only this machine can reach it.
const LOOPBACK: &str = "127.0.0.1";

/// Reads `host:port` or `:port`. Adds the host if it is missing.
fn read_address(text: &str) -> Option<String> {
    let (host, port) = text.rsplit_once(':').filter(|(host, _)| !host.contains('/'))?;
    // Digits only: `parse` also accepts a sign.
    port.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
    let port: u16 = port.parse().ok()?;
    Some(format!("{}:{port}", if host.is_empty() { LOOPBACK } else { host }))
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(formatter, "tcp://{address}"),
            Self::File(path) => write!(formatter, "file:{}", path.display()),
            Self::Standard => formatter.write_str("-"),
            Self::Null => formatter.write_str("null"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_read_as_documented() {
        let parse = |text: &str| text.parse::<Endpoint>().map(|endpoint| endpoint.to_string());
        assert_eq!(parse("tcp://127.0.0.1:0").unwrap(), "tcp://127.0.0.1:0");
        assert_eq!(parse("[::1]:7010").unwrap(), "tcp://[::1]:7010");
        assert_eq!(parse("0.0.0.0:7010").unwrap(), "tcp://0.0.0.0:7010");
        assert_eq!(parse("file:a:7").unwrap(), "file:a:7");
        assert_eq!(parse("data/votes.msg").unwrap(), "file:data/votes.msg");
        assert_eq!(parse("./dir:x/a:7").unwrap(), "file:./dir:x/a:7");
        assert_eq!(parse("null").unwrap(), "null");
        assert_eq!(parse("-").unwrap(), "-");
    }

    #[test]
    fn an_address_without_a_host_is_this_machine_alone() {
        let parse = |text: &str| text.parse::<Endpoint>().map(|endpoint| endpoint.to_string());
        assert_eq!(parse("tcp://:7010").unwrap(), "tcp://127.0.0.1:7010");
        assert_eq!(parse(":7010").unwrap(), "tcp://127.0.0.1:7010");
        assert_eq!(parse("file::7010").unwrap(), "file::7010");
        // Any other bare word is a path.
        assert_eq!(parse("7010").unwrap(), "file:7010");
        assert_eq!(parse(":+7").unwrap(), "file::+7");
    }

    #[test]
    fn a_text_that_is_not_an_endpoint_is_an_error_that_says_what_is() {
        let error = |text: &str| text.parse::<Endpoint>().unwrap_err();
        assert_eq!(error(""), EndpointError::Empty);
        assert_eq!(error("file:"), EndpointError::Empty);
        assert!(matches!(error("tcp://localhost"), EndpointError::NoAddress(_)));
        assert!(matches!(error("tcp://localhost:70000"), EndpointError::NoAddress(_)));
        assert!(matches!(error("tcp://7010"), EndpointError::NoAddress(_)));
        assert!(matches!(error("tcp://"), EndpointError::NoAddress(_)));
        assert!(matches!(error("kafka://x:1"), EndpointError::UnknownScheme(_)));
    }
}
