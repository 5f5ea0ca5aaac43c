//! The arguments of a run that is reached from other processes, and of the commands that reach it.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::failure::Failure;
use crate::session::remote::Reach;
use crate::session::wire::address::ControlAddress;
use crate::wire::secret::Secret;

/// Where a run is reached from other processes.
#[derive(Debug, Args)]
pub(in crate::cli) struct ControlArguments {
    /// Let `attach`, `status` and `stop` reach the run here: the path of a socket that is made for its owner alone, or
    /// HOST:PORT. An address that other machines reach needs --secret
    #[arg(long, value_name = "ADDRESS")]
    pub control: Option<ControlAddress>,
    /// The file with the secret that they and the processes of --cluster have to know, of at least 16 bytes and readable by
    /// its owner alone. What is said after it was proved is not encrypted
    // Not `requires`: a file gives each option by itself.
    #[arg(long, value_name = "FILE")]
    pub secret: Option<PathBuf>,
}

impl ControlArguments {
    /// The path of the socket, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match &self.control {
            Some(ControlAddress::Unix(path)) => Some(path),
            _ => None,
        }
    }
}

/// Which run is reached.
#[derive(Debug, Args)]
pub(in crate::cli) struct ReachArguments {
    /// What --control of the run says: the path of its socket, or HOST:PORT
    #[arg(value_name = "ADDRESS")]
    pub address: ControlAddress,
    /// The file with the secret of the run, if it has one
    #[arg(long, value_name = "FILE")]
    pub secret: Option<PathBuf>,
}

impl ReachArguments {
    /// How the run is reached.
    pub fn reach(&self, read_only: bool) -> Result<Reach, Failure> {
        let secret = secret(self.secret.as_deref())?;
        Ok(Reach { address: self.address.clone(), secret, read_only })
    }
}

/// Reads the secret in a file, if one is named.
pub(in crate::cli) fn secret(path: Option<&Path>) -> Result<Option<Secret>, Failure> {
    path.map(Secret::read).transpose().map_err(|error| Failure::Usage(error.to_string()))
}

/// The arguments of `attach`.
#[derive(Debug, Args)]
pub(in crate::cli) struct AttachArguments {
    #[command(flatten)]
    pub reach: ReachArguments,
    /// Only look: nothing that is typed changes the run
    #[arg(long)]
    pub read_only: bool,
    /// The configuration of keys, colours and more, instead of the one at its usual place: see `config`
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The arguments of `status`.
#[derive(Debug, Args)]
pub(in crate::cli) struct StatusArguments {
    #[command(flatten)]
    pub reach: ReachArguments,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `stop`.
#[derive(Debug, Args)]
pub(in crate::cli) struct StopArguments {
    #[command(flatten)]
    pub reach: ReachArguments,
}
