//! What is said of an application when the workbench ends.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::workbench::words;

/// What is said of an application at the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Farewell {
    /// Its name.
    pub application: String,
    /// How long it ran.
    pub uptime: Duration,
    /// How many messages it read.
    pub messages: u64,
    /// How many of them were load.
    pub generated: u64,
    /// How many partitions it had; `None` if it has no state, or its workers did not tell.
    pub partitions: Option<usize>,
    /// How many messages could not be processed.
    pub dead_letters: u64,
    /// The 99th percentile of the latency in microseconds; `None` if nothing was written.
    pub p99: Option<f64>,
    /// How many crashes its state has survived.
    pub crashes: u64,
    /// Where its state is; `None` if it is deleted.
    pub saved: Option<PathBuf>,
}

impl fmt::Display for Farewell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: {} in {}",
            words::one_line(&self.application),
            words::counted(self.messages, "message"),
            words::clock(self.uptime)
        )?;
        if self.generated > 0 {
            write!(formatter, ", {} of them load", words::exact(self.generated))?;
        }
        if let Some(partitions) = self.partitions {
            write!(formatter, ", {}", words::counted(partitions as u64, "partition"))?;
        }
        write!(formatter, ", {}", words::counted(self.dead_letters, "dead letter"))?;
        if let Some(p99) = self.p99 {
            write!(formatter, ", p99 {}", words::latency(p99))?;
        }
        if self.crashes > 0 {
            write!(formatter, ", {} survived", words::counted(self.crashes, "crash"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_what_there_was_and_nothing_that_there_was_not() {
        let farewell = Farewell {
            application: "alphabet".to_owned(),
            uptime: Duration::from_secs(72),
            messages: 27_141,
            generated: 26_000,
            partitions: Some(1),
            dead_letters: 12,
            p99: Some(594.0),
            crashes: 2,
            saved: None,
        };
        assert_eq!(
            farewell.to_string(),
            "alphabet: 27 141 messages in 0:01:12, 26 000 of them load, 1 partition, 12 dead letters, p99 594us, 2 crashes survived"
        );
        let quiet = Farewell {
            messages: 0,
            generated: 0,
            partitions: None,
            dead_letters: 0,
            p99: None,
            crashes: 0,
            ..farewell
        };
        assert_eq!(quiet.to_string(), "alphabet: 0 messages in 0:01:12, 0 dead letters");
    }
}
