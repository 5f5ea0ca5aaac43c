//! A line of the log, and how an event of `tracing` becomes one.

use std::fmt::{Debug, Write};
use std::time::{Duration, SystemTime};

use tracing::Event;
use tracing::field::{Field, Visit};

use super::LogLevel;
use crate::core::frames::preview::{one_line, shortened};

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// What is said, in one line that does nothing to a terminal.
    pub text: String,
    /// When it was said.
    pub at: SystemTime,
    /// The time from the log's beginning until then.
    pub since_start: Duration,
}

/// What an event says: the pipeline where it names one, the message, and what else it tells.
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
