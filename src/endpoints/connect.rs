//! A TCP connection to a receiver.

use std::io;

use tokio::net::TcpStream;

/// Connects to the receiver at an address. Its writes are not delayed: what is written is large already, or
/// complete.
///
/// # Errors
///
/// No receiver listens there, or it cannot be reached.
pub(crate) async fn connect(address: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    // If nothing listens at a port of this machine, the system may choose that port for our own end and
    // connect us to ourselves. That would take the bytes, and keep the port from the receiver.
    if stream.local_addr()? == stream.peer_addr()? {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    stream.set_nodelay(true)?;
    Ok(stream)
}
