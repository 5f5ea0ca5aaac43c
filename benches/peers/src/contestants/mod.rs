//! Who does the jobs.

mod engine;
mod plain;
mod plain_read;
mod renoir;
mod served;
mod stations;
mod timely;

use std::fs::{self, File};
use std::io;
use std::sync::Arc;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::expected::Outcome;
use crate::failure::Failure;
use crate::jobs::{Job, Route, Site};
use crate::lines::Output;
use crate::messages::{Count, Message, Vote};
use crate::meter::Cost;

/// Who does a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contestant {
    /// A loop in std alone; its file is in memory before its clock starts
    Plain,
    /// The loop that also reads, in blocks of 128 KiB, with a faster table and faster digits
    PlainRead,
    /// Timely Dataflow by hand, 1 worker
    #[value(name = "timely-1")]
    #[serde(rename = "timely-1")]
    Timely1,
    /// Timely Dataflow by hand, 2 workers of which one reads
    #[value(name = "timely-2")]
    #[serde(rename = "timely-2")]
    Timely2,
    /// Timely Dataflow by hand, 2 workers that each read half of the file: keys lose their order
    #[value(name = "timely-2-split")]
    #[serde(rename = "timely-2-split")]
    Timely2Split,
    /// Renoir, 1 replica
    #[value(name = "renoir-1")]
    #[serde(rename = "renoir-1")]
    Renoir1,
    /// Renoir, 2 replicas and one reader
    #[value(name = "renoir-2")]
    #[serde(rename = "renoir-2")]
    Renoir2,
    /// This project's engine, 1 worker
    #[value(name = "engine-1")]
    #[serde(rename = "engine-1")]
    Engine1,
    /// This project's engine, 2 workers
    #[value(name = "engine-2")]
    #[serde(rename = "engine-2")]
    Engine2,
}

/// What order a contestant keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// That of all votes.
    Whole,
    /// That of each key's votes.
    PerKey,
    /// None.
    None,
}

/// What a contestant came to, and what it cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What it came to.
    pub outcome: Outcome,
    /// What it cost; over TCP without its clients.
    pub cost: Cost,
    /// From a vote's reading to its line's writing, where the contestant has a clock of its own.
    pub latency: Option<Latency>,
}

/// A latency in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Half of the votes took at most that long.
    pub p50: f64,
    /// 99 of 100 did.
    pub p99: f64,
    /// What the slowest took.
    pub max: f64,
}

impl Contestant {
    /// The contestant's name on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Whether it does a job: those who would need a TCP source or lines of their own leave that to others.
    pub fn does(self, job: Job) -> bool {
        let all_jobs = [Self::Plain, Self::PlainRead, Self::Engine1, Self::Engine2];
        (job.route() != Route::Tcp && !job.is_stations()) || all_jobs.contains(&self)
    }

    /// What order it keeps.
    pub fn order(self) -> Order {
        match self {
            Self::Plain | Self::PlainRead | Self::Timely1 | Self::Renoir1 | Self::Engine1 => {
                Order::Whole
            }
            Self::Timely2 | Self::Renoir2 | Self::Engine2 => Order::PerKey,
            Self::Timely2Split => Order::None,
        }
    }

    /// Does a job once.
    pub fn run(self, site: &Site) -> Result<Run, Failure> {
        match self {
            Self::Plain if site.job.is_stations() => stations::plain(site),
            Self::PlainRead if site.job.is_stations() => stations::plain_read(site),
            _ if site.job.is_alphabet() => self.count::<Vote>(site),
            _ => self.count::<Count>(site),
        }
    }

    fn count<M: Message>(self, site: &Site) -> Result<Run, Failure> {
        match self {
            Self::Plain => plain::run::<M>(site),
            Self::PlainRead => plain_read::run::<M>(site),
            Self::Timely1 => timely::run::<M>(site, 1, timely::Readers::One),
            Self::Timely2 => timely::run::<M>(site, 2, timely::Readers::One),
            Self::Timely2Split => timely::run::<M>(site, 2, timely::Readers::All),
            Self::Renoir1 => renoir::run::<M>(site, 1),
            Self::Renoir2 => renoir::run::<M>(site, 2),
            Self::Engine1 => engine::run(site, 1),
            Self::Engine2 => engine::run(site, 2),
        }
    }
}

/// Where a contestant that reads a file puts its lines.
fn output(site: &Site) -> io::Result<Output> {
    Ok(match site.job.route() {
        Route::File => Output::File(Arc::new(File::create(&site.output)?)),
        Route::Null | Route::Tcp => Output::Null,
    })
}

/// The lines in the file, where the job writes one.
fn written_lines(site: &Site) -> Result<Option<Digest>, Failure> {
    let written = site.job.route() == Route::File;
    Ok(written.then(|| fs::read(&site.output)).transpose()?.map(|lines| Digest::of(&lines)))
}
