//! Looks through a recording: for what a person wrote, and for the message whose fault something is.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::shared::Shared;
use super::travel::Wanted;
use super::traveller::Traveller;
use crate::core::frames::probe::{Change, field_of};
use crate::core::replay::smallest::Watching;
use crate::core::replay::timeline::{PartOfState, Past, Searched};
use crate::core::replay::{Direction, ReplayError};
use crate::core::text::counted;
use crate::telemetry::{PartitionName, SearchShown};

/// How often it is shown how far a search is.
const SHOW_EVERY: Duration = Duration::from_millis(200);

/// How many bytes of a value are told in a sentence.
const LONGEST_VALUE: usize = 80;

/// Shows how far a search is.
struct Showing<'a> {
    shared: &'a Shared,
    search: SearchShown,
    shown: Cell<Instant>,
}

impl Watching for Showing<'_> {
    fn looks(&self, messages: u64) {
        if self.shown.get().elapsed() >= SHOW_EVERY {
            self.shown.set(Instant::now());
            let search = SearchShown { looked: messages, ..self.search.clone() };
            self.shared.put(|found| found.search = Some(search));
        }
    }
}

impl Traveller {
    /// The nearest message at one of whose steps it happens. What there is to say of it is told.
    pub(super) fn find(
        &mut self,
        direction: Direction,
        wanted: &Wanted,
    ) -> Result<Option<u64>, ReplayError> {
        let last = self.timeline.messages();
        // Now is behind the last message, so that one may be it.
        let from = if self.past.is_none() { last + 1 } else { self.at };
        let all = match direction {
            Direction::Back => from.saturating_sub(1),
            Direction::Forth => last.saturating_sub(from),
        };
        let search = SearchShown { text: Arc::clone(&wanted.text), looked: 0, all };
        let shared = Arc::clone(&self.shared);
        shared.put(|found| found.search = Some(search.clone()));
        let showing = Showing { shared: &shared, search, shown: Cell::new(Instant::now()) };
        let searched = self.timeline.search(from, direction, &*wanted.sought, &showing)?;
        if let Some(text) = self.told_of(direction, wanted, &searched) {
            self.tell(text);
        }
        Ok(searched.found)
    }

    /// What there is to say of a search.
    fn told_of(
        &self,
        direction: Direction,
        Wanted { text, sought }: &Wanted,
        searched: &Searched,
    ) -> Option<String> {
        let unsaid = searched.why.as_ref().map(|(number, why)| {
            let (count, number) = (counted(searched.unsaid, "message"), self.first + number);
            format!("{count} cannot be judged; message {number}: {why}")
        });
        if searched.found.is_some() {
            return unsaid.map(|unsaid| format!("nearer than this one, {unsaid}"));
        }
        let where_not = match (direction, self.first) {
            (Direction::Forth, _) => "after this moment".to_owned(),
            (Direction::Back, 0) => "before this moment".to_owned(),
            (Direction::Back, first) => {
                format!(
                    "between message {first}, behind which the recording begins, and this moment"
                )
            }
        };
        let why = unsaid.or_else(|| sought.trouble());
        let why = why.map_or_else(String::new, |why| format!("; {why}"));
        Some(format!("`{text}` holds of no message {where_not}{why}"))
    }

    /// The message that gave a partition the value that it has at the moment, or a field of it. That is told, or that there
    /// is none.
    pub(super) fn fault(
        &mut self,
        of: &PartitionName,
        field: &[String],
    ) -> Result<Option<u64>, ReplayError> {
        let state = self.timeline.topology().states().get(of.0).map(|state| &state.name);
        let Some(state) = state.map(Arc::clone) else { return Ok(None) };
        let of = PartOfState { name: (state, of.1.clone()), field: field.to_vec() };
        let found = self.timeline.last_change(self.at, &of)?;
        let text = match &found {
            Some(change) => self.blamed(&of, change),
            None => self.nobodys_fault(&of)?,
        };
        self.tell(text);
        Ok(found.map(|change| change.number))
    }

    fn blamed(&self, of: &PartOfState, change: &Change) -> String {
        let (number, key) = (self.first + change.number, &of.name.1);
        if change.poisons && of.field.is_empty() {
            return format!("message {number} poisoned `{key}`");
        }
        if of.field.is_empty() {
            return format!("message {number} was the last that changed `{key}`");
        }
        let field = of.field.join(".");
        let [before, after] =
            [&change.before, &change.after].map(|text| text.as_deref().map(short));
        match (before, after) {
            (Some(before), Some(after)) => {
                format!(
                    "message {number} made `{field}` of `{key}` {after}; it was {before} before"
                )
            }
            (None, Some(after)) => {
                format!("message {number} made `{field}` of `{key}` {after}; there was none before")
            }
            (_, None) => format!("message {number} took `{field}` of `{key}` away"),
        }
    }

    /// Why no message of the recording has given it its value.
    fn nobodys_fault(&mut self, of: &PartOfState) -> Result<String, ReplayError> {
        let field = of.field.join(".");
        let (name, key) =
            (if field.is_empty() { String::new() } else { format!("`{field}` of ") }, &of.name.1);
        let found = match &self.past {
            Some(past) => look(past, of),
            None => look(&self.timeline.at(self.at)?, of),
        };
        Ok(match (found, self.first) {
            (Found::NoPartition, _) => format!("there is no partition `{key}` at this moment"),
            (Found::NoField, _) => format!("there is no {name}`{key}` at this moment"),
            (Found::There, 0) => format!("{name}`{key}` is as it was at the beginning"),
            (Found::There, first) => format!(
                "{name}`{key}` is as it was after message {first}, behind which the recording begins"
            ),
        })
    }
}

/// The beginning of a value, as much as one sentence has room for.
fn short(text: &str) -> String {
    if text.len() <= LONGEST_VALUE {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LONGEST_VALUE);
    format!("{}…", text.get(..end).unwrap_or_default())
}

/// What is found of a part of a state.
enum Found {
    NoPartition,
    NoField,
    There,
}

/// Looks for a part of a state at a moment.
fn look(past: &Past, of: &PartOfState) -> Found {
    let (state, key) = &of.name;
    let Some(row) = past.machine.row(state, key) else { return Found::NoPartition };
    // What has no JSON is a text here, and has no fields either.
    if field_of(&row.value, &of.field).is_some() { Found::There } else { Found::NoField }
}
