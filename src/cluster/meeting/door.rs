//! How a connection between two processes begins, at both ends.
//!
//! Invariant: until the proof of the secret is checked, nothing longer than a frame of a handshake is read, and each
//! read has a deadline.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::messages::{Call, Challenge, MAGIC, PROTOCOL, Purpose, Reply};
use super::refusal::Refusal;
use crate::wire::frame::{WireError, encode, read};
use crate::wire::secret::{Nonce, Proof, Secret, Side};

/// The longest frame of a handshake in bytes: a process names its options.
const LONGEST: usize = 64 * 1024;

/// Why there is no answer, or not the one that was hoped for.
#[derive(Debug, Error)]
pub(super) enum NoAnswer {
    #[error("{0}")]
    Connection(String),
    #[error("what listens there does not answer")]
    Silent,
    #[error("what listens there is no process of a cluster")]
    Stranger,
    #[error("what listens there does not know the secret: check the address")]
    Imposter,
    #[error("{0}")]
    Refused(Refusal),
}

impl From<WireError> for NoAnswer {
    fn from(error: WireError) -> Self {
        match error {
            WireError::TooLong(..) | WireError::Nonsense => Self::Stranger,
            error => Self::Connection(error.to_string()),
        }
    }
}

/// One that has called and knows the secret.
pub(super) struct Visitor {
    pub purpose: Purpose,
    /// That this process knows the secret too.
    proof: Proof,
}

/// Asks one that has called who it is.
///
/// One that does not speak the protocol or does not know the secret has been told so.
pub(super) async fn receive(
    stream: &mut TcpStream,
    secret: &Secret,
    patience: Duration,
) -> Result<Visitor, NoAnswer> {
    let nonce: Nonce = rand::random();
    let challenge = Challenge { magic: MAGIC.to_owned(), protocol: PROTOCOL, nonce };
    send(stream, &challenge, patience).await?;
    let call: Call = hear(stream, patience).await?;
    let nonces = [&nonce, &call.nonce];
    let refusal = if call.protocol != PROTOCOL {
        Refusal::Protocol { theirs: call.protocol, ours: PROTOCOL }
    } else if !secret.is_proof(&call.proof, Side::Caller, nonces) {
        Refusal::Secret
    } else {
        return Ok(Visitor { purpose: call.purpose, proof: secret.prove(Side::Called, nonces) });
    };
    refuse(stream, refusal.clone(), patience).await;
    Err(NoAnswer::Refused(refusal))
}

/// Lets one in that has called.
pub(super) async fn accept(
    stream: &mut TcpStream,
    visitor: &Visitor,
    patience: Duration,
) -> Result<(), NoAnswer> {
    send(stream, &Reply::Accepted(visitor.proof), patience).await
}

/// Tells one that has called why it is turned away.
pub(super) async fn refuse(stream: &mut TcpStream, refusal: Refusal, patience: Duration) {
    // It is turned away all the same if it does not hear why.
    let _ = send(stream, &Reply::Refused(refusal), patience).await;
}

/// Calls another process, and says why. If this succeeds, it has let this one in and knows the secret.
pub(super) async fn call(
    stream: &mut TcpStream,
    secret: &Secret,
    purpose: Purpose,
    patience: Duration,
) -> Result<(), NoAnswer> {
    let challenge: Challenge = hear(stream, patience).await?;
    if challenge.magic != MAGIC {
        return Err(NoAnswer::Stranger);
    }
    if challenge.protocol != PROTOCOL {
        let (theirs, ours) = (PROTOCOL, challenge.protocol);
        return Err(NoAnswer::Refused(Refusal::Protocol { theirs, ours }));
    }
    let nonce = rand::random();
    let nonces = [&challenge.nonce, &nonce];
    let proof = secret.prove(Side::Caller, nonces);
    send(stream, &Call { protocol: PROTOCOL, nonce, proof, purpose }, patience).await?;
    match hear(stream, patience).await? {
        Reply::Refused(refusal) => Err(NoAnswer::Refused(refusal)),
        Reply::Accepted(proof) if secret.is_proof(&proof, Side::Called, nonces) => Ok(()),
        Reply::Accepted(_) => Err(NoAnswer::Imposter),
    }
}

/// Says what is `told`, and passes on what is said, until the connection ends, or nothing is said for `alive`. Returns
/// why. When all has been told, only what is said is passed on: closing first could lose what has just been told.
pub(super) async fn talk<In: DeserializeOwned, Out: Serialize, T>(
    stream: TcpStream,
    mut told: mpsc::Receiver<Out>,
    (said, wrap): (mpsc::Sender<T>, impl Fn(In) -> T),
    alive: Duration,
) -> NoAnswer {
    let (mut reader, mut writer) = stream.into_split();
    let listen = async {
        loop {
            match timeout(alive, read(&mut reader, LONGEST)).await {
                Err(_) => return NoAnswer::Silent,
                Ok(Err(error)) => return error.into(),
                Ok(Ok(None)) => return ended(),
                // If nobody hears it, all is over here.
                Ok(Ok(Some(message))) => drop(said.send(wrap(message)).await),
            }
        }
    };
    let write = async {
        while let Some(message) = told.recv().await {
            let frame = match encode(&message) {
                Ok(frame) => frame,
                Err(error) => return error.into(),
            };
            match timeout(alive, writer.write_all(&frame)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return NoAnswer::Connection(error.to_string()),
                Err(_) => return NoAnswer::Silent,
            }
        }
        let _ = writer.shutdown().await;
        std::future::pending().await
    };
    tokio::select! {
        why = listen => why,
        why = write => why,
    }
}

fn ended() -> NoAnswer {
    NoAnswer::Connection("it has closed the connection".to_owned())
}

async fn send(
    stream: &mut TcpStream,
    message: &impl Serialize,
    patience: Duration,
) -> Result<(), NoAnswer> {
    let frame = encode(message)?;
    let sent = timeout(patience, stream.write_all(&frame)).await.map_err(|_| NoAnswer::Silent)?;
    sent.map_err(|error| NoAnswer::Connection(error.to_string()))
}

async fn hear<T: DeserializeOwned>(
    stream: &mut TcpStream,
    patience: Duration,
) -> Result<T, NoAnswer> {
    let heard = timeout(patience, read(stream, LONGEST)).await.map_err(|_| NoAnswer::Silent)?;
    heard?.ok_or_else(ended)
}
