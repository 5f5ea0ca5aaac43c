//! What a connection's receiver has not acknowledged yet, as the operating system tells.
//!
//! Linux tells it through `sock_diag(7)`: bytes written and not yet acknowledged, the same number as the
//! ioctl `SIOCOUTQ`, for which there is no safe function. Other systems do not tell it here:
//! [`SendQueue::of`] fails there, and a sink then takes what its own system has accepted as delivered.

#[cfg(target_os = "linux")]
pub(crate) use linux::SendQueue;
#[cfg(not(target_os = "linux"))]
pub(crate) use unknown::SendQueue;

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::net::SocketAddr;
    use std::os::fd::OwnedFd;

    use netlink_packet_core::{NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
    use netlink_packet_sock_diag::SockDiagMessage;
    use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
    use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};
    use rustix::io::Errno;
    use rustix::net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send,
        socket_with, sockopt,
    };
    use tokio::net::TcpStream;

    /// Longer than any answer about one socket without extensions.
    const MAX_ANSWER_LENGTH: usize = 4096;

    /// Asks for one connection's send queue.
    pub struct SendQueue {
        netlink: OwnedFd,
        request: Vec<u8>,
        answer: Vec<u8>,
    }

    impl SendQueue {
        /// Of this connection, as long as it lives: the request names the socket's cookie, so that no
        /// later connection with the same addresses is taken for it.
        ///
        /// # Errors
        ///
        /// The system does not tell it.
        pub fn of(stream: &TcpStream) -> io::Result<Self> {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            let (family, kind) = (AddressFamily::NETLINK, SocketType::DGRAM);
            let netlink = socket_with(family, kind, flags, Some(netlink::SOCK_DIAG))?;
            let request = request(stream)?;
            let mut queue = Self { netlink, request, answer: vec![0; MAX_ANSWER_LENGTH] };
            queue.bytes()?;
            Ok(queue)
        }

        /// How many bytes have been written and are not acknowledged.
        ///
        /// # Errors
        ///
        /// The connection is gone: `ErrorKind::NotFound`. Or the system does not tell it.
        pub fn bytes(&mut self) -> io::Result<u64> {
            send(&self.netlink, &self.request, SendFlags::empty())?;
            // The kernel answers before `send` returns.
            let (length, _) = recv(&self.netlink, self.answer.as_mut_slice(), RecvFlags::empty())?;
            let answer = self.answer.get(..length).unwrap_or_default();
            let answer =
                NetlinkMessage::<SockDiagMessage>::deserialize(answer).map_err(io::Error::other)?;
            match answer.payload {
                NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => {
                    Ok(response.header.send_queue.into())
                }
                NetlinkPayload::Error(error) => Err(failure(error.code.map_or(0, i32::from))),
                _ => Err(io::Error::other("sock_diag gives no answer about the connection")),
            }
        }
    }

    /// An answer's error, which is the negative of its number.
    fn failure(code: i32) -> io::Error {
        let error = Errno::from_raw_os_error(code.wrapping_neg());
        if error == Errno::NOENT || error == Errno::STALE {
            return io::Error::new(io::ErrorKind::NotFound, "the connection is gone");
        }
        error.into()
    }

    fn request(stream: &TcpStream) -> io::Result<Vec<u8>> {
        let (local, peer) = (stream.local_addr()?, stream.peer_addr()?);
        let cookie = sockopt::socket_cookie(stream)?;
        // Two numbers of 32 bits, the lower half first, each in the machine's order.
        let halves = if cfg!(target_endian = "big") { cookie.rotate_left(32) } else { cookie };
        let socket_id = SocketId {
            source_port: local.port(),
            destination_port: peer.port(),
            source_address: local.ip(),
            destination_address: peer.ip(),
            interface_id: match peer {
                SocketAddr::V4(_) => 0,
                SocketAddr::V6(peer) => peer.scope_id(),
            },
            cookie: halves.to_ne_bytes(),
        };
        let request = InetRequest {
            family: if peer.is_ipv4() { AF_INET } else { AF_INET6 },
            protocol: IPPROTO_TCP,
            extensions: ExtensionFlags::empty(),
            states: StateFlags::all(),
            socket_id,
        };
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST;
        let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        Ok(bytes)
    }

    #[cfg(test)]
    mod tests {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        use tokio::net::TcpListener;

        use super::*;

        /// A connection, and its receiver's end.
        async fn connection(address: &str) -> (TcpStream, TcpStream) {
            let listener = TcpListener::bind(address).await.unwrap();
            let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (receiver, _) = listener.accept().await.unwrap();
            (stream, receiver)
        }

        /// Waits until the queue holds what is wanted.
        async fn wait(queue: &mut SendQueue, wanted: impl Fn(u64) -> bool) {
            while !wanted(queue.bytes().unwrap()) {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        }

        #[tokio::test]
        async fn what_is_written_counts_until_the_receivers_system_has_acknowledged_it() {
            for address in ["127.0.0.1:0", "[::1]:0"] {
                let (stream, mut receiver) = connection(address).await;
                let mut queue = SendQueue::of(&stream).unwrap();
                let mut written = 0;
                loop {
                    match stream.try_write(&[1; 8192]) {
                        Ok(length) => written += length as u64,
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                            if queue.bytes().unwrap() > 8192 {
                                break;
                            }
                            stream.writable().await.unwrap();
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
                let held = queue.bytes().unwrap();
                assert!(held < written, "nothing is acknowledged");
                let reading = tokio::spawn(async move {
                    tokio::io::copy(&mut receiver, &mut tokio::io::sink()).await.unwrap()
                });
                wait(&mut queue, |held| held == 0).await;
                drop(stream);
                assert_eq!(reading.await.unwrap(), written);
            }
        }

        #[tokio::test]
        async fn a_connection_that_was_reset_is_gone() {
            let (mut stream, receiver) = connection("127.0.0.1:0").await;
            let mut queue = SendQueue::of(&stream).unwrap();
            stream.write_all(b"unread").await.unwrap();
            wait(&mut queue, |held| held == 0).await;
            drop(receiver);
            assert!(stream.read(&mut [0]).await.is_err());
            assert_eq!(queue.bytes().unwrap_err().kind(), io::ErrorKind::NotFound);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod unknown {
    use std::io;

    use tokio::net::TcpStream;

    /// Of no connection.
    pub enum SendQueue {}

    impl SendQueue {
        /// Fails always.
        ///
        /// # Errors
        ///
        /// Always.
        pub fn of(_: &TcpStream) -> io::Result<Self> {
            Err(io::Error::new(io::ErrorKind::Unsupported, "this system does not tell it"))
        }

        /// Is never called.
        ///
        /// # Errors
        ///
        /// None.
        pub fn bytes(&mut self) -> io::Result<u64> {
            match *self {}
        }
    }
}
