//! What a run costs: time, and what the system counted meanwhile.

use std::time::{Duration, Instant};

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// What a run cost.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Cost {
    /// From its begin to its end.
    pub seconds: f64,
    /// Processor time of all its threads, the kernel's included.
    pub cpu_seconds: f64,
    /// How often a thread gave up its processor or lost it.
    pub context_switches: f64,
    /// How often the kernel had to map memory.
    pub page_faults: f64,
}

impl Cost {
    /// The cost without that of some threads which were part of it. The time stays.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self {
            seconds: self.seconds,
            cpu_seconds: self.cpu_seconds - other.cpu_seconds,
            context_switches: self.context_switches - other.context_switches,
            page_faults: self.page_faults - other.page_faults,
        }
    }

    /// What two threads cost together, for as long as the longer one took.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            seconds: self.seconds.max(other.seconds),
            cpu_seconds: self.cpu_seconds + other.cpu_seconds,
            context_switches: self.context_switches + other.context_switches,
            page_faults: self.page_faults + other.page_faults,
        }
    }
}

/// Measures from its start on.
pub struct Meter {
    who: UsageWho,
    began: Instant,
    before: Usage,
}

impl Meter {
    /// Begins to measure this process.
    pub fn process() -> Result<Self, Failure> {
        Self::of(UsageWho::RUSAGE_SELF)
    }

    /// Begins to measure this thread alone, which then has to ask for the cost.
    pub fn thread() -> Result<Self, Failure> {
        Self::of(UsageWho::RUSAGE_THREAD)
    }

    fn of(who: UsageWho) -> Result<Self, Failure> {
        let before = getrusage(who)?;
        Ok(Self { who, began: Instant::now(), before })
    }

    /// The cost so far.
    pub fn cost(&self) -> Result<Cost, Failure> {
        let seconds = self.began.elapsed().as_secs_f64();
        let after = getrusage(self.who)?;
        let since = |count: fn(&Usage) -> i64| (count(&after) - count(&self.before)) as f64;
        Ok(Cost {
            seconds,
            cpu_seconds: (cpu_time(&after).saturating_sub(cpu_time(&self.before))).as_secs_f64(),
            context_switches: since(|usage| {
                usage.voluntary_context_switches() + usage.involuntary_context_switches()
            }),
            page_faults: since(|usage| usage.minor_page_faults() + usage.major_page_faults()),
        })
    }
}

fn cpu_time(usage: &Usage) -> Duration {
    let microseconds =
        usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(u64::try_from(microseconds).unwrap_or_default())
}
