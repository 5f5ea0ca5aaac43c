//! The command line.

use clap::{Parser, Subcommand, ValueEnum};

use crate::contestants::Contestant;
use crate::jobs::Job;

/// Measures the engine beside a plain loop, Timely by hand and Renoir, which all do the same jobs and
/// take turns. Every result is checked.
#[derive(Debug, Parser)]
#[command(name = "peers", args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// Which jobs; all by default
    #[arg(long, value_delimiter = ',', value_name = "JOB,..")]
    jobs: Vec<Job>,

    /// Who does them; all by default, and `plain` always, of which the others are parts
    #[arg(long, value_delimiter = ',', value_name = "NAME,..")]
    contestants: Vec<Contestant>,

    /// How often each takes its turn
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,

    /// How many votes a job has
    #[arg(long, default_value_t = 4_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    messages: u64,

    /// What the votes depend on
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Only whether all works: at most 2 rounds of 100,000 votes, whose figures say little
    #[arg(long)]
    quick: bool,

    /// Print JSON instead of tables
    #[arg(long)]
    pub json: bool,

    /// What a process for one run is told.
    #[command(subcommand)]
    pub one: Option<One>,
}

/// What a process for one run does.
#[derive(Debug, Subcommand)]
pub enum One {
    /// One run of one contestant, told as JSON: how `peers` starts itself
    #[command(hide = true)]
    One {
        /// Who
        contestant: Contestant,
        /// Where, as JSON
        site: String,
    },
}

impl Arguments {
    /// The jobs, in the order in which they were asked for.
    pub fn jobs(&self) -> Vec<Job> {
        if self.jobs.is_empty() { Job::value_variants().to_vec() } else { self.jobs.clone() }
    }

    /// The contestants, `plain` first.
    pub fn contestants(&self) -> Vec<Contestant> {
        let all = Contestant::value_variants().iter().copied();
        let wanted = |one: &Contestant| {
            *one == Contestant::Plain
                || self.contestants.is_empty()
                || self.contestants.contains(one)
        };
        all.filter(wanted).collect()
    }

    /// How often each takes its turn.
    pub fn rounds(&self) -> u32 {
        if self.quick { self.rounds.min(2) } else { self.rounds }
    }

    /// How many votes a job has.
    pub fn messages(&self) -> u64 {
        if self.quick { self.messages.min(100_000) } else { self.messages }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn plain_takes_part_whoever_is_asked_for() {
        let arguments = Arguments::parse_from(["peers", "--contestants", "engine-2,timely-1"]);
        let expected = [Contestant::Plain, Contestant::Timely1, Contestant::Engine2];
        assert_eq!(arguments.contestants(), expected);
    }
}
