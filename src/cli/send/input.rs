//! The input of `send`: a file, standard input, or typed messages.

use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tokio::fs::File;
use tokio::io::AsyncRead;

use crate::cli::app::{self, App, AppOptions};
use crate::cli::arguments::SendArguments;
use crate::cli::failure::Failure;
use crate::core::frames::framing::{DEFAULT_FRAME_LIMIT, Framing};
use crate::core::topology::SourcePlan;
use crate::core::typed::{self, Typed};

pub(super) enum Input {
    File(PathBuf),
    Standard,
    Messages(Bytes),
}

/// The input, and the framing of its bytes.
pub(super) fn of(
    apps: &[App],
    arguments: &SendArguments,
    options: &AppOptions,
) -> Result<(Input, Arc<dyn Framing>), Failure> {
    let (framing, messages) = match &arguments.app {
        None => (arguments.framed.framing(), Vec::new()),
        Some(name) => {
            let topology = app::find(apps, name)?.topology(options)?;
            let source = &app::pipeline(&topology, arguments.pipeline.as_deref())?.source;
            (Arc::clone(&source.framing), bytes_of(&arguments.messages, source)?)
        }
    };
    let input = match arguments.file.as_deref() {
        None => Input::Messages(messages.into()),
        Some(path) if path == Path::new("-") && arguments.repeat.get() > 1 => {
            let usage = "--repeat needs a file: standard input can be read only once";
            return Err(Failure::Usage(usage.to_owned()));
        }
        Some(path) if path == Path::new("-") => Input::Standard,
        Some(path) => Input::File(path.to_owned()),
    };
    Ok((input, framing))
}

/// The frames of the typed messages.
fn bytes_of(messages: &[String], source: &SourcePlan) -> Result<Vec<u8>, Failure> {
    let mut all = Vec::new();
    for message in messages {
        let wrong = |reason: &str| Failure::Usage(format!("--message `{message}`: {reason}"));
        match typed::read(message, source, DEFAULT_FRAME_LIMIT) {
            Typed::Frames { frame: bytes, times, .. } | Typed::Raw { bytes, times, .. } => {
                all.extend(bytes.repeat(times));
            }
            Typed::Wrong { reason, .. } => return Err(wrong(&reason)),
            Typed::Nothing => return Err(wrong("nothing is typed")),
        }
    }
    Ok(all)
}

impl Input {
    /// Opens it. Returns its length too if that is known.
    pub async fn open(&self) -> io::Result<(Box<dyn AsyncRead + Unpin>, Option<u64>)> {
        Ok(match self {
            Self::Standard => (Box::new(tokio::io::stdin()), None),
            Self::Messages(bytes) => {
                (Box::new(Cursor::new(bytes.clone())), Some(bytes.len() as u64))
            }
            Self::File(path) => {
                let file = File::open(path).await?;
                let metadata = file.metadata().await?;
                let length = metadata.is_file().then_some(metadata.len());
                (Box::new(file), length)
            }
        })
    }

    /// Its name in errors.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Standard => "standard input".to_owned(),
            Self::Messages(_) => "the messages".to_owned(),
        }
    }

    /// Whether reading never has to wait for another program.
    pub fn is_at_hand(&self) -> bool {
        !matches!(self, Self::Standard)
    }
}
