//! A connection, whichever kind of socket it has.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::address::ControlAddress;
use crate::wire::tcp::attend;

pub(in crate::session) type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub(in crate::session) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// Connects to an address.
pub(in crate::session) async fn connect(address: &ControlAddress) -> io::Result<(Reader, Writer)> {
    match address {
        ControlAddress::Unix(path) => Ok(of_unix(UnixStream::connect(path).await?)),
        ControlAddress::Tcp(address) => of_tcp(crate::endpoints::connect(address).await?),
    }
}

/// The ends of a connection of TCP.
pub(in crate::session) fn of_tcp(stream: TcpStream) -> io::Result<(Reader, Writer)> {
    attend(&stream)?;
    let (reader, writer) = stream.into_split();
    Ok((Box::new(reader), Box::new(writer)))
}

/// The ends of a connection of a Unix socket.
pub(in crate::session) fn of_unix(stream: UnixStream) -> (Reader, Writer) {
    let (reader, writer) = stream.into_split();
    (Box::new(reader), Box::new(writer))
}
