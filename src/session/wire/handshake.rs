//! How a connection begins: who is there, whether each knows the secret, and what the one that comes wants.
//!
//! ```text
//! run     -> Challenge { nonce }
//! viewer  -> Hello { nonce, proof, purpose }
//! run     -> Welcome { proof, host } | Refused(why)
//! ```
//!
//! Invariant: until the proof is checked, a run reads no more than a few kilobytes, and it never waits for long.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::stream::{Reader, Writer};
use crate::core::topology::Topology;
use crate::wire::build::{build, fingerprint};
use crate::wire::frame::{WireError, encode, read};
use crate::wire::secret::{Nonce, Proof, Secret, Side};

/// What tells this protocol from others.
const MAGIC: &str = "wallaroo control";

/// Another number for each change of the handshake, of a [`Status`](crate::session::status::Status), or of what is
/// asked and answered without looking.
const PROTOCOL: u32 = 3;

/// The longest frame of a handshake in bytes: the answer of a run names its files.
const LONGEST: usize = 256 * 1024;

/// The longest frame that a run reads of a stranger.
const LONGEST_OF_STRANGERS: usize = 4096;

/// How long each end may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Serialize, Deserialize)]
struct Challenge {
    magic: String,
    protocol: u32,
    nonce: Nonce,
    /// Whether the run has a secret.
    secret: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Hello {
    protocol: u32,
    nonce: Nonce,
    proof: Option<Proof>,
    purpose: Purpose,
}

/// Why somebody comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::session) enum Purpose {
    /// For the figures of this moment.
    Status,
    /// To end the run.
    Stop,
    /// To look at it, and to give orders.
    Watch {
        /// Only to look.
        read_only: bool,
        /// The program that looks.
        build: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
enum Reply {
    Welcome { proof: Option<Proof>, host: Box<Host> },
    Refused(String),
}

/// What runs at the other end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// What `--app` names.
    pub app: String,
    /// The values of the options that applications have added.
    pub options: BTreeMap<String, String>,
    /// A number that is another one for other steps, states or declared keys.
    pub fingerprint: u32,
    /// The longest payload in bytes.
    pub frame_limit: u64,
    /// The files of sources that a reset reads again.
    pub read: Vec<String>,
    /// The files that a reset empties.
    pub written: Vec<String>,
}

/// Whether this is the application that runs there.
#[must_use]
pub fn is_of(host: &Host, topology: &Topology) -> bool {
    host.fingerprint == fingerprint(topology)
}

impl Host {
    /// Whether the same application runs there, also if it has other files.
    pub(in crate::session) fn is_like(&self, other: &Self) -> bool {
        let what = |host: &Self| (host.fingerprint, host.frame_limit);
        self.app == other.app && self.options == other.options && what(self) == what(other)
    }

    /// What runs here: an application under this name, with these options. `files` are those that a reset reads again,
    /// and those that it empties.
    #[must_use]
    pub fn here(
        (app, options): (String, BTreeMap<String, String>),
        topology: &Topology,
        frame_limit: u64,
        (read, written): (Vec<String>, Vec<String>),
    ) -> Self {
        let fingerprint = fingerprint(topology);
        Self { app, options, fingerprint, frame_limit, read, written }
    }
}

/// Why a connection has come to nothing.
#[derive(Debug, Error)]
pub(in crate::session) enum NoWelcome {
    /// The connection has failed or ended.
    #[error("{0}")]
    Connection(WireError),
    /// Something else listens there.
    #[error("what listens there is no run of this program")]
    Stranger,
    /// Nothing comes.
    #[error("what listens there does not answer")]
    Silent,
    /// The run has another version of the protocol.
    #[error(
        "it speaks version {0} of the protocol, and this program version {PROTOCOL}: use the program that runs there"
    )]
    Protocol(u32),
    /// The run asks for a secret.
    #[error("it asks for a secret: give --secret FILE")]
    NeedsSecret,
    /// The run does not know the secret.
    #[error(
        "it does not know the secret: leave --secret out if it has none, and check the address"
    )]
    Imposter,
    /// The run says why.
    #[error("{0}")]
    Refused(String),
}

impl From<WireError> for NoWelcome {
    fn from(error: WireError) -> Self {
        match error {
            WireError::TooLong(..) | WireError::Nonsense => Self::Stranger,
            error => Self::Connection(error),
        }
    }
}

/// Who may come in, and what is there.
pub(in crate::session) struct Door {
    pub secret: Option<Secret>,
    pub host: Host,
}

/// Asks one that comes who it is. Returns what it wants; `None` if it is gone, or turned away.
pub(in crate::session) async fn receive(
    (reader, writer): (&mut Reader, &mut Writer),
    door: &Door,
) -> Option<Purpose> {
    let challenge = Challenge {
        magic: MAGIC.to_owned(),
        protocol: PROTOCOL,
        nonce: rand::random(),
        secret: door.secret.is_some(),
    };
    send(writer, &challenge).await?;
    let hello = timeout(PATIENCE, read::<Hello>(reader, LONGEST_OF_STRANGERS)).await;
    let hello = hello.ok()?.ok()??;
    let reply = match judge(door, &challenge.nonce, &hello).await {
        Ok(proof) => Reply::Welcome { proof, host: Box::new(door.host.clone()) },
        Err(why) => Reply::Refused(why),
    };
    send(writer, &reply).await?;
    matches!(reply, Reply::Welcome { .. }).then_some(hello.purpose)
}

async fn send(writer: &mut Writer, message: &impl Serialize) -> Option<()> {
    let frame = encode(message).ok()?;
    timeout(PATIENCE, writer.write_all(&frame)).await.ok()?.ok()
}

/// The run's own proof for one that may come in; else why it may not.
async fn judge(door: &Door, challenge: &Nonce, hello: &Hello) -> Result<Option<Proof>, String> {
    if hello.protocol != PROTOCOL {
        return Err(format!("the run speaks version {PROTOCOL} of the protocol: {SAME_PROGRAM}"));
    }
    let nonces = [challenge, &hello.nonce];
    let own = match (&door.secret, &hello.proof) {
        (None, _) => None,
        (Some(secret), Some(proof)) if secret.is_proof(proof, Side::Viewer, nonces) => {
            Some(secret.prove(Side::Run, nonces))
        }
        (Some(_), Some(_)) => return Err("the secret is not that of the run".to_owned()),
        (Some(_), None) => return Err(NoWelcome::NeedsSecret.to_string()),
    };
    if let Purpose::Watch { build: theirs, .. } = &hello.purpose {
        // It reads the whole program, once.
        let ours = tokio::task::spawn_blocking(build).await.unwrap_or_default();
        if theirs != ours {
            return Err(format!("another program runs there: {SAME_PROGRAM}"));
        }
    }
    Ok(own)
}

/// What to do if two programs are not the same.
pub(in crate::session) const SAME_PROGRAM: &str = "attach with the program that runs there";

/// Says who this is, and what it wants. Returns what runs there.
pub(in crate::session) async fn greet(
    (reader, writer): (&mut Reader, &mut Writer),
    secret: Option<&Secret>,
    purpose: Purpose,
) -> Result<Host, NoWelcome> {
    let challenge: Challenge = hear(reader).await?;
    if challenge.magic != MAGIC {
        return Err(NoWelcome::Stranger);
    }
    if challenge.protocol != PROTOCOL {
        return Err(NoWelcome::Protocol(challenge.protocol));
    }
    match (secret, challenge.secret) {
        (None, true) => return Err(NoWelcome::NeedsSecret),
        (Some(_), false) => return Err(NoWelcome::Imposter),
        (None, false) | (Some(_), true) => {}
    }
    let nonce = rand::random();
    let nonces = [&challenge.nonce, &nonce];
    let proof = secret.map(|secret| secret.prove(Side::Viewer, nonces));
    let hello = Hello { protocol: PROTOCOL, nonce, proof, purpose };
    send(writer, &hello).await.ok_or(NoWelcome::Silent)?;
    match hear(reader).await? {
        Reply::Refused(why) => Err(NoWelcome::Refused(why)),
        Reply::Welcome { proof, host } => {
            let is_known = |secret: &Secret| {
                proof.is_some_and(|proof| secret.is_proof(&proof, Side::Run, nonces))
            };
            if secret.is_some_and(|secret| !is_known(secret)) {
                return Err(NoWelcome::Imposter);
            }
            Ok(*host)
        }
    }
}

async fn hear<T: serde::de::DeserializeOwned>(reader: &mut Reader) -> Result<T, NoWelcome> {
    let heard = timeout(PATIENCE, read(reader, LONGEST)).await.map_err(|_| NoWelcome::Silent)?;
    heard?.ok_or_else(|| {
        let ended = std::io::ErrorKind::UnexpectedEof;
        NoWelcome::Connection(std::io::Error::from(ended).into())
    })
}
