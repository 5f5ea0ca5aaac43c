//! The arguments of a run of several processes.

use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use super::values::up_to;
use crate::cluster::members::{Address, MAX_PROCESSES};

/// The processes that run an application together.
#[derive(Debug, Args)]
pub(in crate::cli) struct ClusterArguments {
    /// Run as so many processes on this machine: this one starts the others, and ends them with itself. Each has
    /// --workers workers
    #[arg(long, value_name = "N", value_parser = up_to(MAX_PROCESSES))]
    pub processes: Option<NonZeroUsize>,
    /// Run as one of several processes, on as many machines: HOST:PORT of each of them with commas between, or @FILE with
    /// one a line. Give the same options to all of them, and to each its --process. It needs --secret. Each process listens
    /// for clients at the TCP addresses of its own --in; files and standard input of --in are those of process 0. Only
    /// process 0 uses --out, --resilience-dir, --state, --dead-letters, --json, --control and --metrics
    #[arg(long, value_name = "ADDRESSES")]
    pub cluster: Option<String>,
    /// Which process of --cluster this is, from 0. `auto` finds it by the host name if it is in the list, else by the
    /// addresses of this machine, else by the number at the end of the host name, as in counter-2
    #[arg(long, value_name = "NUMBER")]
    pub process: Option<Which>,
    /// Where this process listens for the others, if its address in --cluster is not one of this machine
    #[arg(long, value_name = "HOST:PORT", value_parser = bind)]
    pub bind: Option<Address>,
    /// How long another process may give no sign of life before it is taken for lost
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = patience)]
    pub patience: Duration,
    /// This process is a child of the one that listens at this port
    #[arg(long, value_name = "PORT", hide = true)]
    pub parent: Option<u16>,
}

/// Which process this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Which {
    /// The one with this number.
    Number(usize),
    /// The machine tells.
    Auto,
}

impl FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse()) {
            ("auto", _) => Ok(Self::Auto),
            (_, Ok(number)) => Ok(Self::Number(number)),
            _ => Err("give a number from 0, or `auto`".to_owned()),
        }
    }
}

fn bind(text: &str) -> Result<Address, String> {
    text.parse().map_err(|_| "give HOST:PORT, such as 0.0.0.0:7100".to_owned())
}

/// Reads how long to wait for a sign of life.
fn patience(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).ok();
    time.filter(|time| (Duration::from_millis(500)..=Duration::from_hours(1)).contains(time))
        .ok_or_else(|| "give a time from 500ms to 1h, for example 10s".to_owned())
}
