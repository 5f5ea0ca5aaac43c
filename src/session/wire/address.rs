//! Where a run is reached from other processes: a Unix socket, or an address of TCP.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

use crate::endpoints::{Endpoint, EndpointError};

/// Where a run is reached from other processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlAddress {
    /// A Unix socket.
    Unix(PathBuf),
    /// `HOST:PORT`.
    Tcp(String),
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ControlAddressError {
    /// It is no endpoint either.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// It is an endpoint at which nobody is reached.
    #[error("give the path of a socket, or HOST:PORT")]
    NoAddress,
    /// It is a port or a host alone.
    #[error("give HOST:PORT, or the path of a socket with a `/` in it, such as ./{0}")]
    Half(String),
}

impl FromStr for ControlAddress {
    type Err = ControlAddressError;

    /// Reads an address as an endpoint is read: `HOST:PORT` is TCP, any other word is a path.
    fn from_str(text: &str) -> Result<Self, ControlAddressError> {
        let is_half = text.parse::<u16>().is_ok() || text.parse::<IpAddr>().is_ok();
        if is_half {
            return Err(ControlAddressError::Half(text.to_owned()));
        }
        match text.parse()? {
            Endpoint::Tcp(address) => Ok(Self::Tcp(address)),
            Endpoint::File(path) => Ok(Self::Unix(path)),
            _ => Err(ControlAddressError::NoAddress),
        }
    }
}

impl fmt::Display for ControlAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => path.display().fmt(formatter),
            Self::Tcp(address) => address.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_socket_and_a_port_is_tcp() {
        let parse = |text: &str| text.parse::<ControlAddress>();
        assert_eq!(parse("run/votes.sock"), Ok(ControlAddress::Unix("run/votes.sock".into())));
        assert_eq!(parse("/run/x:7100"), Ok(ControlAddress::Unix("/run/x:7100".into())));
        assert_eq!(parse(":7100"), Ok(ControlAddress::Tcp("127.0.0.1:7100".to_owned())));
        assert_eq!(parse("tcp://a:7100"), Ok(ControlAddress::Tcp("a:7100".to_owned())));
        for wrong in ["-", "null", "", "7100", "127.0.0.1", "::1"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
