//! A connection, whichever kind of socket it has.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::address::ControlAddress;

pub(in crate::session) type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub(in crate::session) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// When the system asks a silent other end whether it is still there, and how often it asks again.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Connects to an address.
pub(in crate::session) async fn connect(address: &ControlAddress) -> io::Result<(Reader, Writer)> {
    match address {
        ControlAddress::Unix(path) => Ok(of_unix(UnixStream::connect(path).await?)),
        ControlAddress::Tcp(address) => of_tcp(crate::endpoints::connect(address).await?),
    }
}

/// The ends of a connection of TCP.
pub(in crate::session) fn of_tcp(stream: TcpStream) -> io::Result<(Reader, Writer)> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    let (reader, writer) = stream.into_split();
    Ok((Box::new(reader), Box::new(writer)))
}

/// The ends of a connection of a Unix socket.
pub(in crate::session) fn of_unix(stream: UnixStream) -> (Reader, Writer) {
    let (reader, writer) = stream.into_split();
    (Box::new(reader), Box::new(writer))
}
