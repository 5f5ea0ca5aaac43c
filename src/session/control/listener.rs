//! The socket at which a run is reached.
//!
//! Invariants: a Unix socket is for its owner alone from the first moment on, and no living run loses its own to
//! another one. An address that other machines reach is refused without a secret.

use std::fs::{self, File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net as unix;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::fs::Mode;
use thiserror::Error;
use tokio::net::{TcpListener, UnixListener};

use crate::endpoints::{Endpoint, listen};
use crate::runtime::hint;
use crate::session::wire::address::ControlAddress;
use crate::session::wire::stream::{Reader, Writer, of_tcp, of_unix};

/// How long the path of a Unix socket may be, in bytes: what Linux has room for.
const MAX_PATH: usize = 107;

/// How often it is tried to lock a folder, and the pause in between: a start holds it for less than a millisecond.
const TURNS: usize = 100;
const TURN: Duration = Duration::from_millis(10);

/// Why a run cannot be reached at an address.
#[derive(Debug, Error)]
pub enum ControlError {
    /// Another run is reached there.
    #[error("cannot listen at {0}: another program listens there; choose another --control")]
    Taken(String),
    /// There is a file that is no socket.
    #[error("cannot listen at {0}: there is a file that is no socket; choose another --control")]
    NoSocket(String),
    /// Other machines reach it, and there is no secret.
    #[error(
        "--control {0} can be reached from other machines: give --secret FILE, or use 127.0.0.1 or the path of a socket"
    )]
    NeedsSecret(String),
    /// It cannot be listened at.
    #[error("cannot listen at {address}: {error}{hint}")]
    Failed {
        /// Where.
        address: String,
        /// Why.
        error: io::Error,
        /// What to do about it.
        hint: &'static str,
    },
}

/// A socket at which a run is reached. Its drop removes the file of a Unix socket.
pub(super) enum Listener {
    Unix(UnixListener, #[expect(dead_code, reason = "its drop removes the file")] SocketFile),
    Tcp(TcpListener),
}

impl Listener {
    /// Listens at an address.
    pub async fn bind(address: &ControlAddress, has_secret: bool) -> Result<Self, ControlError> {
        match address {
            ControlAddress::Unix(path) => bind_unix(path),
            ControlAddress::Tcp(address) => bind_tcp(address, has_secret).await,
        }
    }

    /// The real address, also if the system chose the port.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Unix(..) => None,
            Self::Tcp(listener) => listener.local_addr().ok(),
        }
    }

    /// The next connection.
    pub async fn accept(&self) -> io::Result<(Reader, Writer)> {
        match self {
            Self::Unix(listener, _) => Ok(of_unix(listener.accept().await?.0)),
            Self::Tcp(listener) => of_tcp(listener.accept().await?.0),
        }
    }
}

async fn bind_tcp(address: &str, has_secret: bool) -> Result<Listener, ControlError> {
    let failed = |error| {
        let hint = hint(&Endpoint::Tcp(address.to_owned()), &error);
        ControlError::Failed { address: address.to_owned(), error, hint }
    };
    let listener = listen(address).await.map_err(failed)?;
    // Of what is really listened at: a name may have several addresses.
    if !has_secret && !listener.local_addr().map_err(failed)?.ip().is_loopback() {
        return Err(ControlError::NeedsSecret(address.to_owned()));
    }
    Ok(Listener::Tcp(listener))
}

fn bind_unix(path: &Path) -> Result<Listener, ControlError> {
    let failed =
        |error| ControlError::Failed { address: path.display().to_string(), error, hint: "" };
    if path.as_os_str().len() > MAX_PATH {
        let why = format!("the path of a socket has at most {MAX_PATH} bytes");
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, why)));
    }
    // Two runs that find the same dead socket take turns: the second finds a living one.
    let _turn = take_turn(path).map_err(failed)?;
    let listener = match bind_private(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            remove_dead(path)?;
            bind_private(path)
        }
        bound => bound,
    };
    let listener = listener.map_err(failed)?;
    let file = SocketFile::of(path).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let listener = UnixListener::from_std(listener).map_err(failed)?;
    Ok(Listener::Unix(listener, file))
}

/// Locks the folder of a path until what is returned is dropped. One that another program keeps locked for long is not
/// waited for.
fn take_turn(path: &Path) -> io::Result<File> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = File::open(folder)?;
    for _ in 0..TURNS {
        match folder.try_lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(TURN),
            // What cannot be locked, such as a folder of some networks, is not shared by accident.
            Ok(()) | Err(TryLockError::Error(_)) => break,
        }
    }
    Ok(folder)
}

/// Makes a socket that only its owner may connect to.
fn bind_private(path: &Path) -> io::Result<unix::UnixListener> {
    // Not `chmod` afterwards: others could connect in between.
    let before = rustix::process::umask(Mode::RWXG | Mode::RWXO | Mode::XUSR);
    let bound = unix::UnixListener::bind(path);
    rustix::process::umask(before);
    bound
}

/// Removes the socket that a dead run has left.
fn remove_dead(path: &Path) -> Result<(), ControlError> {
    let name = path.display().to_string();
    let failed = |error| ControlError::Failed { address: name.clone(), error, hint: "" };
    let metadata = fs::symlink_metadata(path).map_err(failed)?;
    if !metadata.file_type().is_socket() {
        return Err(ControlError::NoSocket(name));
    }
    match unix::UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(failed)
        }
        Ok(_) => Err(ControlError::Taken(name)),
        Err(error) => Err(failed(error)),
    }
}

/// The file of a Unix socket. Its drop removes it, unless another one has taken its place.
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<Self> {
        // A run may change its folder.
        let path = std::path::absolute(path)?;
        let identity = identity(&path)?;
        Ok(Self { path, identity })
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn address(path: &Path) -> ControlAddress {
        ControlAddress::Unix(path.to_owned())
    }

    #[tokio::test]
    async fn a_socket_is_for_its_owner_and_gone_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = Listener::bind(&address(&path), false).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        drop(listener);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_dead_socket_is_replaced_and_a_living_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        // As a killed run leaves it.
        drop(unix::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let living = Listener::bind(&address(&path), false).await.unwrap();
        let second = Listener::bind(&address(&path), false).await.err().unwrap();
        assert!(matches!(second, ControlError::Taken(_)), "{second}");
        unix::UnixStream::connect(&path).unwrap();
        drop(living);
        fs::write(&path, "text").unwrap();
        let file = Listener::bind(&address(&path), false).await.err().unwrap();
        assert!(matches!(file, ControlError::NoSocket(_)), "{file}");
        assert_eq!(fs::read(&path).unwrap(), b"text");
    }

    #[tokio::test]
    async fn only_with_a_secret_is_a_run_reached_from_other_machines() {
        let bind = async |address: &str, has_secret| {
            Listener::bind(&ControlAddress::Tcp(address.to_owned()), has_secret).await
        };
        assert!(bind("127.0.0.1:0", false).await.unwrap().address().is_some());
        let open = bind("0.0.0.0:0", false).await.err().unwrap();
        assert!(matches!(open, ControlError::NeedsSecret(_)), "{open}");
        assert!(bind("0.0.0.0:0", true).await.is_ok());
        let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = bind(&other.local_addr().unwrap().to_string(), false).await.err().unwrap();
        assert!(taken.to_string().ends_with("choose another port"), "{taken}");
    }
}
