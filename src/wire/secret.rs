//! The secret that a run and those that may look at it share, and how each proves that it knows it.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac};
use rustix::process::geteuid;
use sha2::Sha256;
use thiserror::Error;

/// The shortest secret in bytes.
const SHORTEST: usize = 16;

/// The longest file that is read.
const LONGEST: u64 = 64 * 1024;

/// A number that is used once.
pub type Nonce = [u8; 32];

/// What only one who knows the secret can make of two nonces.
pub type Proof = [u8; 32];

/// Why a file has no secret.
#[derive(Debug, Error)]
pub enum SecretError {
    /// It cannot be read.
    #[error("cannot read the secret in {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Others can read it.
    #[error("the secret in {} can be read by others: run `chmod 600` on it", .0.display())]
    Public(PathBuf),
    /// It is too short, or too long to be one.
    #[error("the secret in {} has {length} bytes: give at least {SHORTEST}, for example of `openssl rand -hex 32`", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// How many bytes it has, without a line end.
        length: usize,
    },
}

/// A secret.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

impl Secret {
    /// A secret that nobody knows.
    pub fn random() -> Self {
        Self(rand::random::<[u8; 32]>().to_vec())
    }

    /// Reads the secret in a file, without white space at its end.
    ///
    /// # Errors
    ///
    /// The file cannot be read, others can read it, or it has too few bytes.
    pub fn read(path: &Path) -> Result<Self, SecretError> {
        let unreadable = |error| SecretError::Unreadable { path: path.to_owned(), error };
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        // A pipe is of whoever made it, and has nothing that is kept.
        if metadata.is_file() && is_public(metadata.mode(), metadata.uid(), geteuid().as_raw()) {
            return Err(SecretError::Public(path.to_owned()));
        }
        let mut bytes = Vec::new();
        file.take(LONGEST).read_to_end(&mut bytes).map_err(unreadable)?;
        let secret = bytes.trim_ascii_end();
        if secret.len() < SHORTEST {
            return Err(SecretError::Length { path: path.to_owned(), length: secret.len() });
        }
        Ok(Self(secret.to_vec()))
    }

    /// Gives the secret to a process of the same program, over a pipe that nobody else reads.
    ///
    /// # Errors
    ///
    /// The pipe is closed.
    pub fn give(&self, pipe: &mut impl Write) -> io::Result<()> {
        // At most `LONGEST`.
        let length = u32::try_from(self.0.len()).map_err(io::Error::other)?;
        pipe.write_all(&length.to_be_bytes())?;
        pipe.write_all(&self.0)?;
        pipe.flush()
    }

    /// Takes the secret that another process gives.
    ///
    /// # Errors
    ///
    /// It does not give one.
    pub fn take(pipe: &mut impl Read) -> io::Result<Self> {
        let mut length = [0; 4];
        pipe.read_exact(&mut length)?;
        let length = u64::from(u32::from_be_bytes(length)).min(LONGEST);
        let mut bytes = Vec::new();
        pipe.take(length).read_to_end(&mut bytes)?;
        if bytes.len() < SHORTEST {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Self(bytes))
    }

    /// The proof of one side, which `who` names, over both nonces.
    pub fn prove(&self, who: Side, nonces: [&Nonce; 2]) -> Proof {
        self.mac(who, nonces).finalize().into_bytes().into()
    }

    /// Whether this is the proof of that side. It takes the same time for every wrong one.
    pub fn is_proof(&self, proof: &Proof, who: Side, nonces: [&Nonce; 2]) -> bool {
        self.mac(who, nonces).verify_slice(proof).is_ok()
    }

    fn mac(&self, who: Side, nonces: [&Nonce; 2]) -> Hmac<Sha256> {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            unreachable!("HMAC takes a key of any length")
        };
        mac.update(match who {
            Side::Run => b"wallaroo run",
            Side::Viewer => b"wallaroo viewer",
            Side::Caller => b"wallaroo caller",
            Side::Called => b"wallaroo called",
        });
        for nonce in nonces {
            mac.update(nonce);
        }
        mac
    }
}

/// Whether others than those who should can read a file, of this owner and for this user. The files of the system that are
/// given to a service by its group (credentials of systemd, secrets of Kubernetes) are read by that group.
fn is_public(mode: u32, owner: u32, user: u32) -> bool {
    let is_given = owner == 0 && user != 0;
    mode & if is_given { 0o037 } else { 0o077 } != 0
}

/// Who proves: a proof of one side is worth nothing at the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A run that is looked at.
    Run,
    /// One that looks at it.
    Viewer,
    /// A process of a cluster that calls another one.
    Caller,
    /// The process that it calls.
    Called,
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_proof_is_of_one_secret_one_side_and_these_nonces() {
        let (secret, other) = (Secret(b"sixteen bytes or".to_vec()), Secret(b"other".to_vec()));
        let (one, two) = ([1; 32], [2; 32]);
        let proof = secret.prove(Side::Viewer, [&one, &two]);
        assert!(secret.is_proof(&proof, Side::Viewer, [&one, &two]));
        assert!(!secret.is_proof(&proof, Side::Run, [&one, &two]));
        assert!(!secret.is_proof(&proof, Side::Viewer, [&two, &one]));
        assert!(!other.is_proof(&proof, Side::Viewer, [&one, &two]));
    }

    #[test]
    fn a_secret_that_is_given_is_the_one_that_is_taken() {
        let mut pipe = Vec::new();
        let secret = Secret::random();
        secret.give(&mut pipe).unwrap();
        pipe.extend(b"more");
        assert_eq!(Secret::take(&mut &pipe[..]).unwrap().0, secret.0);
        for short in [0, 3, 4, 19] {
            assert!(Secret::take(&mut &pipe[..short]).is_err());
        }
    }

    #[test]
    fn a_secret_is_long_enough_and_of_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let write = |text: &str, mode: u32| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            Secret::read(&path)
        };
        assert_eq!(write("0123456789abcdef\n", 0o600).unwrap().0, b"0123456789abcdef");
        let short = write("0123456789abcde\n", 0o600).unwrap_err();
        assert!(matches!(short, SecretError::Length { length: 15, .. }), "{short}");
        for (mode, owner, is) in [
            (0o440, 0, false),
            (0o640, 0, false),
            (0o660, 0, true),
            (0o444, 0, true),
            (0o600, 7, false),
            (0o640, 7, true),
        ] {
            assert_eq!(is_public(mode, owner, 7), is, "{mode:o} of {owner}");
        }
        assert!(is_public(0o640, 0, 0));
        for mode in [0o640, 0o604] {
            let public = write("0123456789abcdef", mode).unwrap_err();
            assert!(matches!(public, SecretError::Public(_)), "{public}");
        }
    }
}
