//! Lets the contestants take turns.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::contestants::{Contestant, Run};
use crate::expected::Expected;
use crate::failure::Failure;
use crate::jobs::{Job, Site};

/// How much all do how often.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// How often each takes its turn.
    pub rounds: u32,
    /// How many messages a job has.
    pub messages: u64,
    /// What the votes depend on.
    pub seed: u64,
}

/// The runs of one contestant, in order.
#[derive(Debug)]
pub struct Turns {
    /// Who.
    pub contestant: Contestant,
    /// One run a round.
    pub runs: Vec<Run>,
}

/// Makes a job's input, and lets all who do that job take turns. Every round begins with another one,
/// so that none always follows the same one. A wrong result is an error.
pub fn run(
    job: Job,
    contestants: &[Contestant],
    extent: Extent,
    directory: &Path,
) -> Result<Vec<Turns>, Failure> {
    eprintln!("{}: input", job.name());
    let (site, expected) = job.prepare(directory, extent.messages, extent.seed)?;
    let who = contestants.iter().copied().filter(|contestant| contestant.does(job));
    let mut turns: Vec<Turns> =
        who.map(|contestant| Turns { contestant, runs: Vec::new() }).collect();
    for round in 0..extent.rounds {
        eprintln!("{}: round {} of {}", job.name(), round + 1, extent.rounds);
        let first = round as usize % turns.len();
        let (before, from) = turns.split_at_mut(first);
        for turn in from.iter_mut().chain(before) {
            let run = one(turn.contestant, &site, &expected);
            let named = |failure| format!("{}: {}: {failure}", job.name(), turn.contestant.name());
            turn.runs.push(run.map_err(named)?);
        }
    }
    Ok(turns)
}

/// One run, in a process of its own, so that none gets the memory that another has left.
fn one(contestant: Contestant, site: &Site, expected: &Expected) -> Result<Run, Failure> {
    if site.output.exists() {
        fs::remove_file(&site.output)?;
    }
    let mut process = Command::new(env::current_exe()?);
    process.arg("one").arg(contestant.name()).arg(serde_json::to_string(site)?);
    let output = process.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("the run ended with {}", output.status).into());
    }
    let run: Run = serde_json::from_slice(&output.stdout)?;
    expected.check(&run.outcome, contestant.order())?;
    Ok(run)
}
