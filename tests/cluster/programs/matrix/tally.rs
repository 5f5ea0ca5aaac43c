//! What has happened to processes in all runs of a test, so that whoever reads it knows what was tried.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

/// How often each has happened.
#[derive(Default)]
pub struct Tally(Mutex<BTreeMap<String, u64>>);

/// How each kill is named.
const KILL: &str = "kill -9";

impl Tally {
    pub fn note(&self, what: String) {
        *self.0.lock().unwrap().entry(what).or_default() += 1;
    }

    /// A process was killed at such a moment.
    pub fn note_kill(&self, process: usize, moment: &str) {
        self.note(format!("{KILL} of process {process}, {moment}"));
    }

    /// How many processes were killed.
    pub fn kills(&self) -> u64 {
        let counts = self.0.lock().unwrap();
        counts.iter().filter(|(what, _)| what.starts_with(KILL)).map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{} killed in all", self.kills())?;
        let counts = self.0.lock().unwrap();
        counts.iter().try_for_each(|(what, count)| writeln!(formatter, "{count:>6} {what}"))
    }
}
