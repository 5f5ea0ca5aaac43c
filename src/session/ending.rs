//! The end of a session's run: with all that was read, or at once.

use super::Session;
use super::totals::totals;

impl Session {
    /// Stops reading: see [`Engine::stop`](crate::runtime::Engine::stop). The run ends, also after a crash or a reset.
    pub fn stop(&mut self) {
        self.stopping = true;
        self.engine.stop();
    }

    /// Whether somebody has asked for the end of the run, here or at another process.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// An engine that has taken another one's place goes on in the same way.
    pub(super) fn carry_over(&self) {
        self.engine.trace(self.tracing);
        if self.stopping {
            self.engine.stop();
        }
    }

    /// Ends the run at once without draining, and finishes its dead letters, those of unfinished frames
    /// among them.
    pub fn end(&mut self) {
        self.engine.crash();
        self.finish_dead_letters();
    }

    /// The run has ended: waits until its dead letters are in their file. A file that cannot be written is
    /// waited for a short time only; what is not written then is lost.
    pub fn finish_dead_letters(&self) {
        if let Some(letters) = &self.collector.letters {
            letters.finish();
        }
    }

    /// Ends the run, with its figures in the log.
    pub(super) fn close(&mut self) {
        self.end();
        self.collector.reporter.ends(totals(&self.collector));
    }
}
