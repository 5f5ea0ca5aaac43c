//! Sources: opened once, then read until they end or are stopped.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncSeekExt};
use tokio::net::{TcpListener, TcpSocket, lookup_host};

use super::intake::Intake;
use super::numbers::Numbers;
use super::places::Limits;
use super::plain_file::read_plain_file;
use super::stream::{named, read_frames};
use super::tcp;
use crate::application::HasMessage;
use crate::core::event::EngineEvent;
use crate::core::frames::GENERATOR;
use crate::core::frames::wrapping::NUMBER_LENGTH;
use crate::endpoints::endpoint::Endpoint;

/// A source that is ready to be read.
pub enum OpenSource {
    /// One stream of bytes.
    Stream(Arc<str>, Box<dyn AsyncRead + Send + Unpin>),
    /// A file, from this byte on.
    File(Arc<str>, tokio::fs::File, u64),
    /// A listener, each of whose connections is a stream, and how many it serves at once.
    Listener(TcpListener, NonZeroUsize),
    /// Messages that the source makes itself, from this number on.
    Generator(HasMessage, u64),
    /// No bytes at all.
    Nothing,
}

impl OpenSource {
    /// Opens a source: opens its file, or listens at its address for up to this many connections at once.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, or the address cannot be listened at.
    pub async fn open(endpoint: &Endpoint, connections: NonZeroUsize) -> io::Result<Self> {
        Ok(match endpoint {
            Endpoint::Null => Self::Nothing,
            Endpoint::Standard => Self::Stream("stdin".into(), Box::new(tokio::io::stdin())),
            Endpoint::File(path) => {
                let file = tokio::fs::File::open(path).await?;
                let metadata = file.metadata().await?;
                if metadata.is_dir() {
                    return Err(io::Error::from(io::ErrorKind::IsADirectory));
                }
                let name = path.display().to_string().into();
                if metadata.is_file() {
                    Self::File(name, file, 0)
                } else {
                    Self::Stream(name, Box::new(file))
                }
            }
            Endpoint::Tcp(address) => Self::Listener(listen(address).await?, connections),
        })
    }

    /// Lets a file begin at this byte, which is the beginning of a frame; and a generator with this number. Does nothing
    /// for other sources.
    ///
    /// # Errors
    ///
    /// The file cannot be read there.
    pub async fn begin_at(&mut self, offset: u64) -> io::Result<()> {
        match self {
            Self::File(_, file, from) => {
                file.seek(io::SeekFrom::Start(offset)).await?;
                *from = offset;
            }
            Self::Generator(_, from) => *from = offset,
            Self::Stream(..) | Self::Listener(..) | Self::Nothing => {}
        }
        Ok(())
    }

    /// The name and the length in bytes of the source's file. `None` if it is not a regular file.
    ///
    /// # Errors
    ///
    /// The length cannot be found out.
    pub async fn file(&self) -> io::Result<Option<(Arc<str>, u64)>> {
        match self {
            Self::File(name, file, _) => Ok(Some((Arc::clone(name), file.metadata().await?.len()))),
            Self::Stream(..) | Self::Listener(..) | Self::Generator(..) | Self::Nothing => Ok(None),
        }
    }

    /// Reads the source until it ends or is stopped.
    ///
    /// # Errors
    ///
    /// The source cannot be read any further. A connection's error ends that connection only.
    pub async fn run(self, intake: Arc<Intake>) -> io::Result<()> {
        match self {
            Self::Nothing => Ok(()),
            Self::Stream(name, reader) => {
                let connection = intake.connect(false);
                let read = read_frames(reader, &name, connection, 0, &intake, None).await;
                named(read, name, &intake)
            }
            Self::File(name, file, from) => {
                let file = Box::new(file.into_std().await);
                let read = read_plain_file(file, &name, from, &intake).await;
                named(read, name, &intake)
            }
            Self::Generator(has, next) => {
                let (name, from) = (GENERATOR.into(), next.saturating_mul(NUMBER_LENGTH as u64));
                let numbers = Box::new(Numbers { next, has });
                let read = read_plain_file(numbers, &name, from, &intake).await;
                named(read, name, &intake)
            }
            Self::Listener(listener, connections) => {
                let limits = Limits { connections, idle: tcp::IDLE };
                tcp::serve(listener, limits, intake).await
            }
        }
    }

    /// Lowers the number of connections that are served at once to this. Returns the number before; `None` if
    /// it does not listen.
    pub fn limit_connections(&mut self, most: NonZeroUsize) -> Option<NonZeroUsize> {
        let Self::Listener(_, connections) = self else { return None };
        let asked = *connections;
        *connections = asked.min(most);
        Some(asked)
    }

    /// Whether it listens for connections.
    pub fn listens(&self) -> bool {
        matches!(self, Self::Listener(..))
    }

    /// Tells the intake's observer where the source listens.
    pub fn announce(&self, intake: &Intake) {
        if let Self::Listener(listener, _) = self
            && let Ok(address) = listener.local_addr()
        {
            let event = EngineEvent::Listening(intake.pipeline, address.to_string());
            intake.observer.event(event);
        }
    }
}

/// How many clients may wait to be accepted: as many as may come at once. Systems have a limit of their
/// own, which is often lower.
const BACKLOG: u32 = 4096;

/// Listens at the first address of this name that can be listened at.
pub(crate) async fn listen(address: &str) -> io::Result<TcpListener> {
    let none = || io::Error::new(io::ErrorKind::InvalidInput, "the host has no address");
    let mut failure = None;
    for address in lookup_host(address).await? {
        match listen_at(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(none))
}

fn listen_at(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // So that a run that is started again need not wait until the connections of the last are forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
