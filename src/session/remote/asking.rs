//! What is asked of a run in another process without looking at it: its figures, and its end.

use std::io;

use thiserror::Error;
use tokio::runtime::Builder;

use super::link::{Reach, Unreachable};
use crate::session::status::Status;
use crate::session::wire::handshake::Purpose;
use crate::session::wire::messages::ToViewer;

/// Why a run in another process has not done what was asked.
#[derive(Debug, Error)]
pub enum NoAnswer {
    /// It is not reached.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// It has ended with a failure.
    #[error("the run at {0} has failed{1}")]
    Failed(String, String),
    /// There is no runtime.
    #[error("cannot wait for an answer: {0}")]
    Waiting(#[from] io::Error),
}

/// The figures of a run.
///
/// # Errors
///
/// It is not reached.
pub fn status(reach: &Reach) -> Result<Status, NoAnswer> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut reader, _writer, _) = reach.connect(Purpose::Status).await?;
        loop {
            if let ToViewer::Status(status) = reach.hear(&mut reader).await? {
                return Ok(*status);
            }
        }
    })
}

/// Ends a run as an interruption does: it drains, and saves. Waits for its end.
///
/// # Errors
///
/// It is not reached, or it has failed.
pub fn stop(reach: &Reach) -> Result<(), NoAnswer> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut reader, _writer, _) = reach.connect(Purpose::Stop).await?;
        loop {
            match reach.hear(&mut reader).await {
                Ok(_) => {}
                Err(Unreachable::Ended(_, why)) if why.is_empty() => return Ok(()),
                Err(Unreachable::Ended(place, why)) => return Err(NoAnswer::Failed(place, why)),
                Err(error) => return Err(error.into()),
            }
        }
    })
}
