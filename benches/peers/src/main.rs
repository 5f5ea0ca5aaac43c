//! Measures the engine beside its peers: a plain loop, Timely by hand and Renoir do the same jobs.
//!
//! All take turns in one run, because a busy machine slows down all of them; what counts is the ratio
//! to the plain loop. Every run is a process of its own, and every result is checked.

mod apps;
mod arguments;
mod clients;
mod contestants;
mod digest;
mod digits;
mod expected;
mod failure;
mod frames;
mod jobs;
mod lines;
mod machine;
mod messages;
mod meter;
mod report;
mod rounds;
mod statistics;
mod table;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, One};
use failure::Failure;
use machine::{Machine, load};
use report::{JobFigures, Report};
use rounds::Extent;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.one {
        Some(One::One { contestant, site }) => run_one(*contestant, site),
        None => measure(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("peers: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// One run, told as JSON.
fn run_one(contestant: contestants::Contestant, site: &str) -> Result<(), Failure> {
    let run = contestant.run(&serde_json::from_str(site)?)?;
    println!("{}", serde_json::to_string(&run)?);
    Ok(())
}

/// All jobs, one after the other; the figures at the end.
fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let extent =
        Extent { rounds: arguments.rounds(), messages: arguments.messages(), seed: arguments.seed };
    let directory = tempfile::tempdir()?;
    let load_before = load();
    let mut jobs = Vec::new();
    for job in arguments.jobs() {
        let turns = rounds::run(job, &arguments.contestants(), extent, directory.path())?;
        jobs.extend(JobFigures::of(job, &turns, extent));
    }
    let Extent { rounds, messages, seed } = extent;
    let machine = Machine::this();
    let report = Report { machine, load_before, load_after: load(), rounds, messages, seed, jobs };
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(())
}
