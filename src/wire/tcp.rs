//! What the system does for a TCP connection of ours.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// When the system asks a silent other end whether it is still there, and how often it asks again.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Small messages are sent at once, and the system asks a silent other end whether it is still there.
///
/// # Errors
///
/// The connection is gone.
pub fn attend(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

/// The connection fails if the other end's system has not acknowledged bytes for so long.
///
/// # Errors
///
/// The connection is gone.
#[cfg(target_os = "linux")]
pub fn give_up_after(stream: &TcpStream, unacknowledged: Duration) -> io::Result<()> {
    SockRef::from(stream).set_tcp_user_timeout(Some(unacknowledged))
}

/// Other systems have no such limit for one connection: there, keepalive and heartbeats have to do.
///
/// # Errors
///
/// None.
#[cfg(not(target_os = "linux"))]
pub fn give_up_after(_: &TcpStream, _: Duration) -> io::Result<()> {
    Ok(())
}
