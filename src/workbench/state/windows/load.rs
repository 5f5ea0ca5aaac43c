//! The window of the load: a setting a row, each with the values that it can have.

use std::time::Duration;

use crate::core::load::fault::Fault;
use crate::core::load::pace::Pace;
use crate::core::load::search::Search;
use crate::core::load::settings::{Keys, LoadSettings, Share};
use crate::core::numbers::PipelineIndex;
use crate::core::topology::Topology;
use crate::workbench::words;

/// The values of a share of malformed messages, and of the share of one key, in parts of 10,000.
const MALFORMED: [u32; 10] = [0, 10, 50, 100, 200, 500, 1_000, 2_500, 5_000, 10_000];
const HOT: [u32; 8] = [500, 1_000, 2_500, 5_000, 7_500, 9_000, 9_900, 10_000];

/// The values of Zipf's exponent, in tenths.
const TENTHS: [u32; 10] = [2, 5, 8, 10, 12, 15, 18, 20, 25, 30];

const BURSTS: [u32; 4] = [1, 2, 5, 10];

/// The values of a search's steps, in seconds, and of its limit, in milliseconds.
const STEPS: [u64; 3] = [2, 5, 10];
const LIMITS: [u64; 10] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

/// The limit of a search that begins, in milliseconds.
const FIRST_LIMIT: u64 = 10;

/// A setting of the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadRow {
    /// Messages per second.
    Rate,
    /// How uneven the keys are.
    Keys,
    /// Zipf's exponent, or the share of one key.
    Uneven,
    /// How many messages are malformed.
    Malformed,
    /// In which way.
    Fault,
    /// How unevenly messages come.
    Bursts,
    /// For which pipeline they are.
    Pipeline,
    /// How often the rate is doubled.
    Search,
    /// Up to which latency.
    Limit,
}

impl LoadRow {
    const ALL: [Self; 9] = [
        Self::Rate,
        Self::Keys,
        Self::Uneven,
        Self::Malformed,
        Self::Fault,
        Self::Bursts,
        Self::Pipeline,
        Self::Search,
        Self::Limit,
    ];

    /// The rows of these settings: those that mean something.
    pub fn of(settings: &LoadSettings, topology: &Topology) -> Vec<Self> {
        let means_something = |row: &Self| match row {
            Self::Uneven => settings.mix.keys != Keys::Even,
            Self::Fault => settings.mix.malformed != Share(0),
            Self::Pipeline => loaded(topology).count() > 1,
            Self::Limit => settings.search.is_some(),
            _ => true,
        };
        Self::ALL.into_iter().filter(means_something).collect()
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Keys => "keys",
            Self::Uneven | Self::Limit => "",
            Self::Malformed => "malformed",
            Self::Fault => "of which kind",
            Self::Bursts => "bursts",
            Self::Pipeline => "pipeline",
            Self::Search => "find the limit",
        }
    }

    /// Its value as text.
    #[must_use]
    pub fn value(self, settings: &LoadSettings, topology: &Topology) -> String {
        let LoadSettings { pace, mix, search, pipeline, .. } = settings;
        match self {
            Self::Rate => format!("{} msg/s", words::exact(pace.rate)),
            Self::Keys => match mix.keys {
                Keys::Even => "all equally likely",
                Keys::Zipf(_) => "some likelier (Zipf's law)",
                Keys::OneHot(_) => "one is hot",
            }
            .to_owned(),
            Self::Uneven => match mix.keys {
                Keys::Even => String::new(),
                Keys::Zipf(tenths) => format!("exponent {}.{}", tenths / 10, tenths % 10),
                Keys::OneHot(share) => format!("{share} of the messages"),
            },
            Self::Malformed => mix.malformed.to_string(),
            Self::Fault => mix.fault.map_or("all kinds".to_owned(), |fault| fault.to_string()),
            Self::Bursts => match pace.burst {
                0 | 1 => "none".to_owned(),
                burst => format!("{burst} times the rate, then quiet, in {:?}", Pace::PERIOD),
            },
            Self::Pipeline => {
                let plan = pipeline.and_then(|pipeline| topology.pipelines().get(pipeline.0));
                plan.map_or("all share the rate".to_owned(), |plan| plan.name.to_string())
            }
            Self::Search => match search {
                None => "no".to_owned(),
                Some(search) => format!("twice the rate every {:?}", search.step),
            },
            Self::Limit => search
                .map_or(String::new(), |search| format!("until p99 passes {:?}", search.limit)),
        }
    }

    /// The settings with the next value of this row, or the one before.
    #[must_use]
    pub fn changed(self, settings: LoadSettings, up: bool, topology: &Topology) -> LoadSettings {
        let mut changed = settings;
        let LoadSettings { pace, mix, search, pipeline, .. } = &mut changed;
        match self {
            Self::Rate => return settings.at_rate(round_step(pace.rate, up)),
            Self::Keys => {
                let all = [Keys::Even, Keys::Zipf(10), Keys::OneHot(Share(5_000))];
                let same =
                    |keys: &Keys| std::mem::discriminant(keys) == std::mem::discriminant(&mix.keys);
                let at = all.iter().position(same);
                mix.keys = around(&all, at, up).unwrap_or(mix.keys);
            }
            Self::Uneven => match &mut mix.keys {
                Keys::Even => {}
                Keys::Zipf(tenths) => *tenths = near(&TENTHS, *tenths, up),
                Keys::OneHot(Share(parts)) => *parts = near(&HOT, *parts, up),
            },
            Self::Malformed => mix.malformed = Share(near(&MALFORMED, mix.malformed.0, up)),
            Self::Fault => {
                let all: Vec<_> = std::iter::once(None).chain(Fault::ALL.map(Some)).collect();
                let at = all.iter().position(|fault| *fault == mix.fault);
                mix.fault = around(&all, at, up).flatten();
            }
            Self::Bursts => pace.burst = near(&BURSTS, pace.burst, up),
            Self::Pipeline => {
                let all: Vec<_> = std::iter::once(None).chain(loaded(topology).map(Some)).collect();
                let at = all.iter().position(|other| other == pipeline);
                *pipeline = around(&all, at, up).flatten();
            }
            Self::Search => {
                let limit =
                    search.map_or(Duration::from_millis(FIRST_LIMIT), |search| search.limit);
                let all: Vec<_> = std::iter::once(None).chain(STEPS.map(Some)).collect();
                let step = search.map(|search| search.step.as_secs());
                let at = all.iter().position(|other| *other == step);
                let step = around(&all, at, up).flatten().map(Duration::from_secs);
                *search = step.map(|step| Search { step, limit });
            }
            Self::Limit => {
                if let Some(search) = search {
                    let limit = u64::try_from(search.limit.as_millis()).unwrap_or(u64::MAX);
                    search.limit = Duration::from_millis(near(&LIMITS, limit, up));
                }
            }
        }
        changed
    }
}

/// The pipelines that have a generator.
pub(in crate::workbench) fn loaded(topology: &Topology) -> impl Iterator<Item = PipelineIndex> {
    let plans = topology.pipelines().iter().enumerate();
    plans.filter(|(_, plan)| plan.source.generate.is_some()).map(|(at, _)| PipelineIndex(at))
}

/// The next rate of 1, 2, 5, 10, 20, .., or the one before.
fn round_step(rate: u64, up: bool) -> u64 {
    let powers = (0..=7).map(|power| 10_u64.pow(power));
    let rates: Vec<u64> = powers.flat_map(|power| [power, 2 * power, 5 * power]).collect();
    near(&rates, rate, up)
}

/// The next value in an ascending list, or the one before. The ends of the list are the ends.
fn near<T: Copy + Ord>(values: &[T], value: T, up: bool) -> T {
    let found = if up {
        values.iter().find(|other| **other > value)
    } else {
        values.iter().rev().find(|other| **other < value)
    };
    found.copied().unwrap_or(value)
}

/// The next one in a list, or the one before. After the last comes the first.
fn around<T: Copy>(values: &[T], at: Option<usize>, up: bool) -> Option<T> {
    let last = values.len().checked_sub(1)?;
    let next = match (at, up) {
        (None, _) => 0,
        (Some(at), true) => {
            if at == last {
                0
            } else {
                at + 1
            }
        }
        (Some(at), false) => at.checked_sub(1).unwrap_or(last),
    };
    values.get(next).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::{Generator, Reason, Source};
    use crate::core::topology::Application;

    fn topology(pipelines: usize) -> Topology {
        let decode = |payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()));
        let source = || Source::new(decode).generated(|_: &mut Generator| Vec::new());
        let first = Application::new("x").pipeline("p", source()).done();
        let all =
            (1..pipelines).fold(first, |all, at| all.pipeline(format!("p{at}"), source()).done());
        all.build().unwrap()
    }

    #[test]
    fn every_row_comes_back_to_its_value_and_never_leaves_the_limits() {
        let topology = topology(2);
        for row in LoadRow::ALL {
            let search = Search { step: Duration::from_secs(5), limit: Duration::from_millis(10) };
            let mut settings = LoadSettings { search: Some(search), ..LoadSettings::default() };
            settings.pace.rate = 5_000;
            let there = row.changed(settings, true, &topology);
            assert_ne!(there, settings, "{row:?}");
            assert_eq!(row.changed(there, false, &topology), settings, "{row:?}");
            for up in [true, false] {
                let mut changed = settings;
                for _ in 0..40 {
                    changed = row.changed(changed, up, &topology);
                    let rows = LoadRow::of(&changed, &topology);
                    assert!(rows.iter().all(|row| !row.value(&changed, &topology).is_empty()));
                    assert!((1..=Pace::MAX_RATE).contains(&changed.pace.rate));
                }
            }
        }
    }

    #[test]
    fn rows_that_mean_nothing_are_not_there() {
        let mut settings = LoadSettings::default();
        let rows = LoadRow::of(&settings, &topology(1));
        assert!(!rows.contains(&LoadRow::Pipeline) && !rows.contains(&LoadRow::Limit));
        assert!(LoadRow::of(&settings, &topology(2)).contains(&LoadRow::Pipeline));
        settings.mix.keys = Keys::Even;
        settings.mix.malformed = Share(0);
        let rows = LoadRow::of(&settings, &topology(1));
        assert!(!rows.contains(&LoadRow::Uneven) && !rows.contains(&LoadRow::Fault));
    }
}
