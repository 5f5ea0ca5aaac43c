//! A line of the log, and how an event of `tracing` becomes one.

use std::fmt::{Debug, Write};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tracing::Event;
use tracing::field::{Field, Visit};

use super::LogLevel;
use crate::core::frames::preview::{one_line, shortened};

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Its level.
    pub level: LogLevel,
    /// The text: one line, without control characters.
    pub text: String,
    /// When it was logged.
    pub at: SystemTime,
    /// The time between the start of the log and this line.
    pub since_start: Duration,
}

/// The text of an event: its pipeline if it has one, the message, and the other fields.
pub(super) fn text_of(event: &Event<'_>) -> String {
    let mut words = Words::default();
    event.record(&mut words);
    let Words { mut text, fields } = words;
    text.push_str(&fields);
    one_line(&shortened(text)).into_owned()
}

#[derive(Default)]
struct Words {
    text: String,
    fields: String,
}

impl Visit for Words {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "pipeline" => self.text.insert_str(0, &format!("{value}: ")),
            "message" => self.text.push_str(value),
            name => self.fields.extend([" ", name, "=", value]),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.text, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
