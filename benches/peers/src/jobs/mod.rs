//! What the contestants do: count votes for keys, and write a line with the new total for each vote. And so with
//! measurements of stations and their figures.

mod alphabet;
mod hot;
mod stations;
mod uniform;
mod zipf;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use wallaroo::Generator;

use crate::expected::{Expected, Expecting};
use crate::failure::Failure;
use crate::frames::push_frame;
use crate::messages::{Count, Message};
pub use stations::total as total_of_station;

/// A job. All contestants get the same input, which depends on the seed alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Job {
    /// Votes for 26 letters, from a file; lines are made and dropped
    AlphabetNull,
    /// Votes for 26 letters, from file to file
    AlphabetFile,
    /// Votes for 26 letters, from TCP to TCP
    AlphabetTcp,
    /// 1,000 u64 keys, each as likely, from a file; lines are made and dropped
    #[value(name = "keys-1k")]
    #[serde(rename = "keys-1k")]
    Keys1K,
    /// 1,000,000 u64 keys, each as likely, from a file; lines are made and dropped
    #[value(name = "keys-1m")]
    #[serde(rename = "keys-1m")]
    Keys1M,
    /// 10,000,000 u64 keys, each as likely, from a file; lines are made and dropped
    #[value(name = "keys-10m")]
    #[serde(rename = "keys-10m")]
    Keys10M,
    /// One u64 key that all votes are for, from a file; lines are made and dropped
    HotKey,
    /// 1,000,000 u64 keys by Zipf's law with exponent 1.1, from a file; lines are made and dropped
    Zipf,
    /// Measurements of 400 stations, a line each, from a file; lines are made and dropped
    StationsNull,
    /// Measurements of 400 stations, a line each, from file to file
    StationsFile,
}

/// Where the votes of a job come from, and where its lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Route {
    /// From a file; the lines are dropped.
    Null,
    /// From a file to a file.
    File,
    /// From a sender to a receiver.
    Tcp,
}

/// Where a contestant finds a job's votes, and where it puts the lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The job.
    pub job: Job,
    /// A file with the votes as frames.
    pub input: PathBuf,
    /// Where the file with the lines is to be, if there is to be one.
    pub output: PathBuf,
    /// How many votes there are.
    pub messages: u64,
}

impl Job {
    /// The job's name on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Where the votes come from, and where the lines go.
    pub fn route(self) -> Route {
        match self {
            Self::AlphabetFile | Self::StationsFile => Route::File,
            Self::AlphabetTcp => Route::Tcp,
            _ => Route::Null,
        }
    }

    /// Whether there are measurements of stations and no votes.
    pub fn is_stations(self) -> bool {
        matches!(self, Self::StationsNull | Self::StationsFile)
    }

    /// Whether there are votes for letters.
    pub fn is_alphabet(self) -> bool {
        matches!(self, Self::AlphabetNull | Self::AlphabetFile | Self::AlphabetTcp)
    }

    /// Writes the votes into a directory. Returns where all is, and what a contestant has to come to.
    pub fn prepare(
        self,
        directory: &Path,
        messages: u64,
        seed: u64,
    ) -> Result<(Site, Expected), Failure> {
        let (input, output) = (directory.join("votes"), directory.join("lines"));
        let site = Site { job: self, input, output, messages };
        let mut generator =
            Generator::new(seed, if self == Self::Zipf { zipf::EXPONENT } else { 0.0 });
        let count: fn(&mut Generator) -> Count = match self {
            Self::AlphabetNull | Self::AlphabetFile | Self::AlphabetTcp => {
                let expected = write(&site, || alphabet::vote(&mut generator))?;
                return Ok((site, expected));
            }
            Self::StationsNull | Self::StationsFile => {
                let expected = stations::write(&site, &mut generator)?;
                return Ok((site, expected));
            }
            Self::Keys1K => uniform::count::<1_000>,
            Self::Keys1M => uniform::count::<1_000_000>,
            Self::Keys10M => uniform::count::<10_000_000>,
            Self::HotKey => hot::count,
            Self::Zipf => zipf::count,
        };
        let expected = write(&site, || count(&mut generator))?;
        Ok((site, expected))
    }
}

/// Writes a job's votes, as `next` gives them.
fn write<M: Message>(site: &Site, mut next: impl FnMut() -> M) -> Result<Expected, Failure> {
    let mut file = BufWriter::new(File::create(&site.input)?);
    let mut expecting = Expecting::<M>::default();
    let mut frame = Vec::new();
    for _ in 0..site.messages {
        let message = next();
        push_frame(message, &mut frame);
        file.write_all(&frame)?;
        frame.clear();
        expecting.add(message, site.job.route() != Route::Null);
    }
    file.flush()?;
    Ok(expecting.finish())
}

/// The key with a number. All u64 are, and they come in no order.
fn key(number: u64) -> u64 {
    number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// How many votes a message has: 0 to 99.
fn votes(generator: &mut Generator) -> u32 {
    u32::try_from(generator.below(100)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;

    use super::*;
    use crate::frames::{cut, frame_length};
    use crate::messages::Vote;

    fn input(job: Job, seed: u64) -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        let (site, _) = job.prepare(directory.path(), 10_000, seed).unwrap();
        fs::read(site.input).unwrap()
    }

    fn counts(job: Job) -> BTreeMap<u64, u64> {
        let mut counts = BTreeMap::new();
        let left = cut(&input(job, 1), |count: Count| *counts.entry(count.key).or_default() += 1);
        assert_eq!(left.unwrap(), 0);
        counts
    }

    #[test]
    fn the_same_seed_gives_the_same_input_and_another_seed_another() {
        for job in Job::value_variants() {
            assert_eq!(input(*job, 1), input(*job, 1), "{job:?}");
            assert_ne!(input(*job, 1), input(*job, 2), "{job:?}");
        }
    }

    #[test]
    fn the_alphabet_has_0_to_99_votes_for_letters_from_a_to_z() {
        let bytes = input(Job::AlphabetNull, 1);
        assert_eq!(bytes.len(), 10_000 * frame_length::<Vote>());
        let (mut letters, mut votes) = (BTreeSet::new(), BTreeSet::new());
        cut(&bytes, |vote: Vote| {
            letters.insert(vote.letter);
            votes.insert(vote.votes);
        })
        .unwrap();
        assert!(letters.into_iter().eq(b'a'..=b'z'));
        assert!(votes.into_iter().eq(0..100));
    }

    #[test]
    fn a_job_has_as_many_keys_as_it_says() {
        assert_eq!(counts(Job::HotKey).len(), 1);
        assert_eq!(counts(Job::Keys1K).len(), 1_000);
        // With this many keys, hardly any comes twice.
        assert!(counts(Job::Keys1M).len() > 9_900);
        assert!(counts(Job::Keys10M).len() > 9_980);
    }

    #[test]
    fn uniform_keys_come_about_equally_often() {
        assert!(counts(Job::Keys1K).values().all(|count| (1..30).contains(count)));
    }

    #[test]
    fn by_zipfs_law_the_first_key_comes_about_twice_as_often_as_the_second() {
        let counts = counts(Job::Zipf);
        let (first, second) = (counts[&key(0)] as f64, counts[&key(1)] as f64);
        // 2 to the power of 1.1 is 2.14; a tenth more or less is chance.
        assert!((1.9..2.4).contains(&(first / second)), "{first} {second}");
    }
}
