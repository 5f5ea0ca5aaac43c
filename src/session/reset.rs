//! A reset: the application begins anew, with nothing kept.

use std::sync::Arc;

use super::Session;
use super::breakpoints::Breakpoints;
use super::crash::apart;
use crate::resilience::empty_directory;
use crate::runtime::{Engine, EngineError};
use crate::telemetry::dead_letter_file::DeadLetters;

impl Session {
    /// Ends the run, removes all that it has saved, and starts the application as if for the first time:
    /// partitions, counts, messages, dead letters, their file and the files of sinks are empty, a regular
    /// file is read from its first frame, and there is no load. What is kept is the number of workers, the
    /// addresses at which sources listen, and the pause of a paused engine. Waits until the workers begin.
    ///
    /// A process that is killed meanwhile leaves all that was saved, or nothing.
    ///
    /// # Errors
    ///
    /// What is saved cannot be removed, or the engine cannot start again: then it has ended.
    pub fn reset(&mut self) -> Result<(), EngineError> {
        let paused = self.stays_paused();
        self.close();
        self.keep_addresses();
        self.settings.paused = paused;
        let settings = self.settings.clone();
        // The file is claimed by this process already: it is handed over, and emptied when the new run begins.
        let letters = self.collector.letters.as_ref().map(DeadLetters::file);
        if let Some(saved) = &settings.resilience {
            empty_directory(&saved.directory)?;
        }
        let topology = Arc::clone(self.engine.topology());
        let (tracing, stopping, resets) = (self.tracing, self.stopping, self.resets + 1);
        let start = |topology, settings: &_, observer| {
            apart(|| Engine::start(topology, settings, observer))
        };
        let mut breakpoints =
            std::mem::replace(&mut self.breakpoints, Breakpoints::new(Arc::clone(&topology)));
        breakpoints.begin_anew();
        *self = Self::begin(topology, &settings, (letters, breakpoints), start)?;
        (self.tracing, self.stopping, self.resets) = (tracing, stopping, resets);
        self.carry_over();
        Ok(())
    }
}
