//! The figures of all runs.

use serde::Serialize;

use crate::contestants::{Contestant, Latency, Run};
use crate::jobs::Job;
use crate::machine::Machine;
use crate::rounds::{Extent, Turns};
use crate::statistics::{Spread, median};

/// All figures, as `--json` prints them.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where.
    pub machine: Machine,
    /// The load average before.
    pub load_before: String,
    /// The load average after.
    pub load_after: String,
    /// How often each took its turn.
    pub rounds: u32,
    /// How many votes a job had.
    pub messages: u64,
    /// What the votes depend on.
    pub seed: u64,
    /// The figures of each job.
    pub jobs: Vec<JobFigures>,
}

/// The figures of a job.
#[derive(Debug, Serialize)]
pub struct JobFigures {
    /// The job.
    pub job: Job,
    /// The contestants' figures, the plain loop's first.
    pub contestants: Vec<Figures>,
}

/// A contestant's figures in a job.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// Who.
    pub contestant: Contestant,
    /// Millions of messages a second.
    pub speed: Spread,
    /// The median as a part of the plain loop's median.
    pub ratio: f64,
    /// The best quarter as a part of the plain loop's best quarter.
    pub best_ratio: f64,
    /// Milliseconds of processor time per million messages; this and what follows are medians.
    pub cpu_ms: f64,
    /// Context switches per million messages.
    pub context_switches: f64,
    /// Page faults per million messages.
    pub page_faults: f64,
    /// Microseconds, where the contestant has a clock of its own.
    pub latency_us: Option<Latency>,
    /// The speed of each round.
    pub speeds: Vec<f64>,
}

impl JobFigures {
    /// The figures of some turns, of which the plain loop's are the first.
    pub fn of(job: Job, turns: &[Turns], extent: Extent) -> Option<Self> {
        let millions = extent.messages as f64 / 1e6;
        let speeds =
            |turns: &Turns| turns.runs.iter().map(|run| millions / run.cost.seconds).collect();
        let plain = Spread::of(speeds(turns.first()?))?;
        let figures = turns.iter().map(|turns| Figures::of(turns, speeds(turns), plain, millions));
        Some(Self { job, contestants: figures.collect::<Option<_>>()? })
    }
}

impl Figures {
    fn of(turns: &Turns, speeds: Vec<f64>, plain: Spread, millions: f64) -> Option<Self> {
        let speed = Spread::of(speeds.iter().copied())?;
        let per_million =
            |figure: fn(&Run) -> f64| Some(median(turns.runs.iter().map(figure))? / millions);
        let latency = |figure: fn(&Latency) -> f64| {
            median(turns.runs.iter().filter_map(|run| run.latency.as_ref()).map(figure))
        };
        let [p50, p99, max] = [
            latency(|latency| latency.p50),
            latency(|latency| latency.p99),
            latency(|latency| latency.max),
        ];
        Some(Self {
            contestant: turns.contestant,
            speed,
            ratio: speed.median / plain.median,
            best_ratio: speed.best_quarter / plain.best_quarter,
            cpu_ms: per_million(|run| run.cost.cpu_seconds * 1e3)?,
            context_switches: per_million(|run| run.cost.context_switches)?,
            page_faults: per_million(|run| run.cost.page_faults)?,
            latency_us: p50.zip(p99).zip(max).map(|((p50, p99), max)| Latency { p50, p99, max }),
            speeds,
        })
    }
}
