//! `inspect`: shows what a resilience directory contains.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use unicode_width::UnicodeWidthStr;

use super::arguments::InspectArguments;
use super::failure::Failure;
use super::setup::files::printed;
use crate::application::text_of_bytes;
use crate::core::frames::preview::each_line;
use crate::core::json::{escaped, write_json};
use crate::core::text::counted;
use crate::resilience::history::HistorySummary;
use crate::resilience::{DEATHS, Inspection, Position, ResilienceError, SavedCheckpoint, Suspect};
use crate::telemetry::utc;

/// The max number of partitions per state in the text for people.
const PARTITIONS_SHOWN: usize = 20;

pub(super) fn inspect(arguments: &InspectArguments) -> Result<(), Failure> {
    let inspection = Inspection::of(&arguments.directory).map_err(Failure::failed)?;
    let mut out = BufWriter::new(io::stdout().lock());
    if arguments.json {
        match write_json(&mut out, &Report(&inspection)) {
            Err(error) if error.is_io() => return printed(Err(error.into())),
            written => written.map_err(Failure::failed)?,
        }
        printed(writeln!(out).and_then(|()| out.flush()))
    } else {
        let words = in_words(&inspection).map_err(Failure::failed)?;
        printed(out.write_all(each_line(&words).as_bytes()).and_then(|()| out.flush()))
    }
}

/// The whole directory as one JSON object. Only one partition at a time is in memory.
struct Report<'a>(&'a Inspection);

impl Serialize for Report<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(inspection) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("application", &inspection.application)?;
        map.serialize_entry("format", &inspection.format)?;
        map.serialize_entry("generation", &inspection.generation)?;
        map.serialize_entry("checkpoint", &inspection.checkpoint.map(ReportedCheckpoint::from))?;
        map.serialize_entry("positions", &inspection.positions)?;
        map.serialize_entry("journal", &inspection.journal)?;
        match &inspection.history {
            None => {}
            Some(Ok(history)) => map.serialize_entry("history", history)?,
            Some(Err(error)) => {
                let error = BTreeMap::from([("error", error.to_string())]);
                map.serialize_entry("history", &error)?;
            }
        }
        if !inspection.suspects.is_empty() {
            map.serialize_entry("suspects", &inspection.suspects)?;
        }
        map.serialize_entry("files", &inspection.files)?;
        map.serialize_entry("partitions", &ReportedPartitions(inspection))?;
        map.end()
    }
}

#[derive(Serialize)]
struct ReportedCheckpoint {
    epoch: u64,
    saved_at: String,
    workers: usize,
}

impl From<SavedCheckpoint> for ReportedCheckpoint {
    fn from(SavedCheckpoint { epoch, workers, saved_at }: SavedCheckpoint) -> Self {
        Self { epoch: epoch.0, saved_at: moment(saved_at), workers }
    }
}

struct ReportedPartitions<'a>(&'a Inspection);

impl Serialize for ReportedPartitions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(None)?;
        for (state, _) in self.0.states() {
            for row in self.0.partitions(state) {
                rows.serialize_element(&row.map_err(S::Error::custom)?)?;
            }
        }
        rows.end()
    }
}

fn in_words(inspection: &Inspection) -> Result<String, ResilienceError> {
    let Inspection { application, format, generation, positions, journal, files, .. } = inspection;
    let mut parts = vec![format!(
        "application {application}, generation {generation}, format {format}\n{}\n",
        checkpoint_in_words(inspection.checkpoint)
    )];
    for (state, count) in inspection.states() {
        parts.push(state_in_words(inspection, state, count)?);
    }
    if !positions.is_empty() {
        parts.push(format!("positions\n{}", table(positions.iter().map(columns).collect())));
    }
    let format = journal.format.map(|format| format!("format {format}, ")).unwrap_or_default();
    parts.push(format!(
        "journal: {format}{}, {}, {}; {} would be replayed\n",
        counted(journal.rows, "row"),
        counted(journal.frames, "frame"),
        counted(journal.bytes, "byte"),
        counted(journal.frames_to_replay, "frame"),
    ));
    parts.extend(inspection.history.as_ref().map(history_in_words));
    if !inspection.suspects.is_empty() {
        let suspects = inspection.suspects.iter().map(suspect).collect();
        parts.push(format!("frames that starts ended on\n{}", table(suspects)));
    }
    let lengths = files
        .iter()
        .map(|file| vec![text_of_bytes(file.name.as_bytes()), counted(file.bytes, "byte")]);
    parts.push(format!("files\n{}", table(lengths.collect())));
    Ok(parts.join("\n"))
}

fn history_in_words(history: &Result<HistorySummary, ResilienceError>) -> String {
    match history {
        Ok(HistorySummary { from, to, messages, bytes }) => format!(
            "history: from checkpoint {from} to {to}, {}, {}\n",
            counted(*messages, "message"),
            counted(*bytes, "byte"),
        ),
        Err(error) => format!("history: {error}\n"),
    }
}

fn checkpoint_in_words(checkpoint: Option<SavedCheckpoint>) -> String {
    let Some(SavedCheckpoint { epoch, workers, saved_at }) = checkpoint else {
        return "no checkpoint yet".to_owned();
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let ago = now.saturating_sub(Duration::from_millis(saved_at)).as_secs();
    let (workers, saved) = (
        counted(workers as u64, "worker"),
        moment(saved_at).replace('T', " ").replace('Z', " UTC"),
    );
    format!("checkpoint {epoch} of {workers}, saved {saved}, {} ago", counted(ago, "second"))
}

fn state_in_words(
    inspection: &Inspection,
    state: &str,
    count: usize,
) -> Result<String, ResilienceError> {
    let mut rows = vec![["key", "worker", "messages", "", "state"].map(str::to_owned).to_vec()];
    for row in inspection.partitions(state).take(PARTITIONS_SHOWN) {
        let row = row?;
        let marks = match (row.poisoned, row.dynamic) {
            (true, _) => "poisoned",
            (false, true) => "dynamic",
            (false, false) => "declared",
        };
        rows.push(vec![
            row.key.to_string(),
            row.worker.to_string(),
            row.messages.to_string(),
            marks.to_owned(),
            escaped(&row.value.to_string()).into_owned(),
        ]);
    }
    let (name, counted) = (text_of_bytes(state.as_bytes()), counted(count as u64, "partition"));
    let more = match count.saturating_sub(PARTITIONS_SHOWN) {
        0 => String::new(),
        more => format!("  ... and {more} more; --json prints all\n"),
    };
    Ok(format!("{name}: {counted}\n{}{more}", table(rows)))
}

fn columns(position: &Position) -> Vec<String> {
    let text = |text: &str| text_of_bytes(text.as_bytes());
    match position {
        Position::Source { pipeline, endpoint, offset } => {
            let read = format!("read up to byte {offset}");
            vec![text(pipeline), "source".to_owned(), text(endpoint), read]
        }
        Position::Journal { pipeline, slot, at } => {
            let taken =
                format!("taken up to row {}, {} of it", at.row, counted(at.frames, "frame"));
            vec![text(pipeline), "journal".to_owned(), format!("slot {}", slot.0), taken]
        }
        Position::Sink { pipeline, sink, endpoint, offset } => {
            let written = format!("written up to byte {offset}");
            vec![text(pipeline), format!("sink {sink}"), text(endpoint), written]
        }
    }
}

fn suspect(Suspect { row, frame, deaths }: &Suspect) -> Vec<String> {
    let verdict = if *deaths < DEATHS { "" } else { "set aside as a dead letter" };
    vec![format!("row {row}"), format!("frame {frame}"), counted(*deaths, "start"), verdict.into()]
}

/// Rows as indented lines with aligned columns.
fn table(rows: Vec<Vec<String>>) -> String {
    let width = |column: usize| {
        let texts = rows.iter().filter_map(|row| row.get(column));
        texts.map(|text| text.width()).max().unwrap_or(0)
    };
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let padded = row.iter().zip(&widths).map(|(text, width)| {
            format!("  {text}{}", " ".repeat(width.saturating_sub(text.width())))
        });
        format!("{}\n", padded.collect::<String>().trim_end())
    };
    rows.iter().map(line).collect()
}

/// The time that is this number of milliseconds after 1970.
fn moment(milliseconds: u64) -> String {
    utc(UNIX_EPOCH + Duration::from_millis(milliseconds)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_a_table_stand_under_each_other() {
        let rows = [["a", "long", "x"], ["wide \u{4e2d}", "b", ""]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec()).to_vec();
        assert_eq!(table(rows), "  a        long  x\n  wide \u{4e2d}  b\n");
    }
}
