//! The figures as tables.

use std::fmt::{self, Display};

use crate::contestants::Latency;
use crate::jobs::Job;
use crate::report::{Figures, JobFigures, Report};
use clap::ValueEnum;

/// The columns' names, and how wide they are.
const COLUMNS: [(&str, usize); 10] = [
    ("contestant", 14),
    ("median", 8),
    ("ratio", 7),
    ("best 1/4", 9),
    ("ratio", 7),
    ("range", 15),
    ("CPU ms", 8),
    ("switches", 10),
    ("faults", 9),
    ("p50 / p99 / max", 22),
];

impl Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { machine, messages, rounds, seed, .. } = self;
        writeln!(formatter, "{}, {} cores", machine.cpu, machine.cores)?;
        writeln!(formatter, "load average {} before, {} after", self.load_before, self.load_after)?;
        writeln!(formatter, "{messages} votes a job, seed {seed}, rounds: {rounds}\n")?;
        writeln!(
            formatter,
            "Speeds are millions of messages a second; a ratio is the figure before it as a part of `plain`'s."
        )?;
        writeln!(
            formatter,
            "CPU time, context switches and page faults are medians per million messages,"
        )?;
        writeln!(formatter, "the latency is the contestant's own, in microseconds.")?;
        self.jobs.iter().try_for_each(|job| job.fmt(formatter))
    }
}

impl Display for JobFigures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "\n{}: {}\n", self.job.name(), about(self.job))?;
        row(formatter, COLUMNS.map(|(name, _)| name.to_owned()))?;
        self.contestants.iter().try_for_each(|figures| row(formatter, cells(figures)))
    }
}

/// What a job is, as `--help` says it.
fn about(job: Job) -> String {
    let value = job.to_possible_value();
    value.and_then(|value| value.get_help().map(ToString::to_string)).unwrap_or_default()
}

fn cells(figures: &Figures) -> [String; 10] {
    let speed = figures.speed;
    let latency = figures.latency_us;
    [
        figures.contestant.name(),
        format!("{:.2}", speed.median),
        format!("{:.2}", figures.ratio),
        format!("{:.2}", speed.best_quarter),
        format!("{:.2}", figures.best_ratio),
        format!("{:.2}-{:.2}", speed.min, speed.max),
        format!("{:.1}", figures.cpu_ms),
        format!("{:.0}", figures.context_switches),
        format!("{:.0}", figures.page_faults),
        latency.map_or_else(String::new, |Latency { p50, p99, max }| {
            format!("{p50:.0} / {p99:.0} / {max:.0}")
        }),
    ]
}

/// Writes a row: the first cell to the left, the others to the right.
fn row(formatter: &mut fmt::Formatter<'_>, cells: [String; 10]) -> fmt::Result {
    let mut line = String::new();
    for (cell, (_, width)) in cells.iter().zip(COLUMNS) {
        let padded =
            if line.is_empty() { format!("{cell:<width$}") } else { format!(" {cell:>width$}") };
        line.push_str(&padded);
    }
    writeln!(formatter, "{}", line.trim_end())
}
