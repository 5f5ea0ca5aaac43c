//! `record info`: what a recording holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;

use super::printed::{print_json, print_lines};
use super::sources::{InFile, Sources};
use crate::application::text_of_bytes;
use crate::cli::arguments::InfoArguments;
use crate::cli::failure::Failure;
use crate::core::replay::recording::Crew;
use crate::core::text::counted;
use crate::resilience::history::{HistorySummary, Identity, Recording};
use crate::telemetry::utc;

/// What `record info --json` prints.
#[derive(Serialize)]
struct Info<'a> {
    application: &'a str,
    options: &'a BTreeMap<String, String>,
    /// Of the application's pipelines, steps, states and sinks: 16 hexadecimal digits.
    fingerprint: String,
    pipelines: &'a [String],
    #[serde(flatten)]
    summary: HistorySummary,
    chapters: usize,
    /// When the first and the last of its chapters were saved.
    saved_at: Option<[String; 2]>,
    /// How many workers there were, and of how many processes.
    workers: Vec<Workers>,
    #[serde(flatten)]
    sources: Sources,
}

/// The workers of a chapter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Workers {
    workers: usize,
    processes: usize,
}

pub(super) fn info(arguments: &InfoArguments) -> Result<(), Failure> {
    let recording = Recording::open(&arguments.recording).map_err(Failure::failed)?;
    let sources = Sources::of(&recording).map_err(Failure::failed)?;
    let Identity { application, options, fingerprint, pipelines } = recording.identity();
    let saved_at = |at: u64| utc(UNIX_EPOCH + Duration::from_millis(at)).to_string();
    let ends = recording.chapters().next().zip(recording.chapters().next_back());
    let workers: BTreeSet<_> = recording.chapters().map(|chapter| of_crew(chapter.crew)).collect();
    let info = Info {
        application,
        options,
        fingerprint: format!("{fingerprint:016x}"),
        pipelines,
        summary: recording.summary(),
        chapters: recording.chapters().len(),
        saved_at: ends.map(|(first, last)| [first, last].map(|chapter| saved_at(chapter.saved_at))),
        workers: workers.into_iter().collect(),
        sources,
    };
    if arguments.json { print_json(&info) } else { print_lines(&in_words(&info)) }
}

fn of_crew(crew: Crew) -> Workers {
    let workers = crew.workers.get();
    Workers { workers, processes: workers / crew.of_each_process }
}

fn in_words(info: &Info<'_>) -> String {
    let HistorySummary { from, to, messages, bytes } = info.summary;
    let name = |name: &str| text_of_bytes(name.as_bytes());
    let options = info.options.iter().map(|(option, value)| format!(" --{option} {value}"));
    let mut lines = vec![
        format!("recording of {}{}", name(info.application), options.collect::<String>()),
        format!(
            "{} in {}, from checkpoint {from} to {to}, {}",
            counted(messages, "message"),
            counted(info.chapters as u64, "chapter"),
            counted(bytes, "byte")
        ),
    ];
    if let Some([first, last]) = &info.saved_at {
        lines.push(format!("saved from {first} to {last}"));
    }
    let workers = info.workers.iter().map(|Workers { workers, processes }| match processes {
        1 => counted(*workers as u64, "worker"),
        _ => format!("{} of {processes} processes", counted(*workers as u64, "worker")),
    });
    let workers: Vec<_> = workers.collect();
    if !workers.is_empty() {
        lines.push(format!("done by {}", workers.join(", then by ")));
    }
    let Sources { messages_held, messages_made, files } = &info.sources;
    for (count, where_) in [
        (*messages_held, "in the recording itself"),
        (*messages_made, "made by their source, and are made again"),
    ] {
        if count > 0 {
            lines.push(format!("{} are {where_}", counted(count, "message")));
        }
    }
    lines.extend(files.iter().map(|(file, needed)| of_file(file, needed)));
    lines.join("\n") + "\n"
}

fn of_file(file: &str, InFile { messages, bytes }: &InFile) -> String {
    let gone = if Path::new(file).exists() { "" } else { ", WHICH IS NOT THERE" };
    format!(
        "{}, {}, are in the file {}{gone}",
        counted(*messages, "message"),
        counted(*bytes, "byte"),
        text_of_bytes(file.as_bytes())
    )
}
