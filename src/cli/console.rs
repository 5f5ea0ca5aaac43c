//! What `run` says on standard error while it runs: the log, and on a terminal a progress line.
//!
//! Invariant: a run that does not begin says nothing but why.

use std::sync::{Mutex, PoisonError};

use super::failure::Failure;
use super::progress::Progress;
use crate::telemetry::{LogLevel, LogLine};
use crate::workbench::Theme;

/// Standard error, as `run` uses it.
pub(super) struct Console {
    progress: Progress,
    colors: bool,
    /// What the log has to say before the run has begun; none from then on.
    held: Mutex<Option<Vec<String>>>,
}

impl Console {
    /// Standard error, where nothing is said yet.
    pub fn start() -> Result<Self, Failure> {
        let progress = Progress::start()?;
        let theme = Theme::of_environment(|name| std::env::var(name).ok());
        let colors = progress.is_on_terminal() && theme.has_colors();
        Ok(Self { progress, colors, held: Mutex::new(Some(Vec::new())) })
    }

    /// The run has begun: says what was held back, and from now on everything at once.
    pub fn begin(&self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.take().into_iter().flatten().for_each(|line| self.progress.say(&line));
    }

    /// Says a line of the log.
    pub fn log(&self, line: &LogLine) {
        let text = in_words(line, self.colors);
        // Locked while it is said: what was held back comes first.
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *held {
            // What is wrong may be why the run does not begin.
            Some(held) if line.level < LogLevel::Warn => held.push(text),
            Some(_) => self.progress.say(&text),
            None => self.progress.say(&text),
        }
    }

    /// The progress line, and what else is said beside the log.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }
}

/// A line of the log as a person reads it. Only what matters more than usual says how much.
fn in_words(line: &LogLine, colors: bool) -> String {
    let (word, color) = match line.level {
        LogLevel::Info => return line.text.clone(),
        LogLevel::Debug => ("debug:", 2),
        LogLevel::Warn => ("warning:", 33),
        LogLevel::Error => ("error:", 31),
    };
    let text = &line.text;
    if colors { format!("\x1b[{color}m{word}\x1b[m {text}") } else { format!("{word} {text}") }
}
