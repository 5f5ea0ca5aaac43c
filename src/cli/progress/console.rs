//! What `run` writes to standard error while it runs: the log, and on a terminal a progress line.
//!
//! Invariant: a run that cannot begin writes only the reason.

use parking_lot::Mutex;

use crate::cli::failure::Failure;
use crate::cli::progress::line::Progress;
use crate::telemetry::{LogLevel, LogLine};
use crate::workbench::Theme;

pub(in crate::cli) struct Console {
    progress: Progress,
    colors: bool,
    /// Lines of the log from before the run began; `None` afterwards.
    held: Mutex<Option<Vec<String>>>,
}

impl Console {
    /// Holds the log back until [`begin`](Self::begin).
    pub fn start() -> Result<Self, Failure> {
        let progress = Progress::start()?;
        let theme = Theme::of_environment(|name| std::env::var(name).ok());
        let colors = progress.is_on_terminal() && theme.has_colors();
        Ok(Self { progress, colors, held: Mutex::new(Some(Vec::new())) })
    }

    /// The run has begun: writes the lines that were held back. Later lines are written at once.
    pub fn begin(&self) {
        let mut held = self.held.lock();
        held.take().into_iter().flatten().for_each(|line| self.progress.say(&line));
    }

    /// Writes a line of the log.
    pub fn log(&self, line: &LogLine) {
        let text = in_words(line, self.colors);
        // Locked until the line is queued, so that the lines that were held back come first.
        let mut held = self.held.lock();
        match &mut *held {
            // What is wrong may be why the run does not begin.
            Some(held) if line.level < LogLevel::Warn => held.push(text),
            _ => self.progress.say(&text),
        }
    }

    pub fn progress(&self) -> &Progress {
        &self.progress
    }
}

/// A line of the log for people. The level is named unless it is the usual one.
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
