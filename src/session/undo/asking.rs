//! Taking a session's last message back: asking for it.

use std::sync::Arc;

use super::shared::Shared;
use super::words::{ENDS, SEVERAL};
use super::working::Working;
use crate::core::figures::counted;
use crate::core::numbers::{PipelineIndex, SinkIndex, SinkPlace};
use crate::endpoints::{Endpoint, INPUT};
use crate::runtime::RunState;
use crate::session::Session;

impl Session {
    /// Begins to take the last message back, if it was injected: snapshots show what comes of it. Then all partitions are as
    /// if it had never entered. What has left through a sink stays.
    ///
    /// # Errors
    ///
    /// Why it cannot be done.
    pub(in crate::session) fn undo(&mut self) -> Result<(), String> {
        if self.undone.is_busy() {
            return Err("a message is being taken back already".to_owned());
        }
        if self.engine.is_stopping() || self.engine.outcome().is_some() {
            return Err(ENDS.to_owned());
        }
        if self.settings.cluster.is_some() {
            return Err(SEVERAL.to_owned());
        }
        let waits = self.engine.waits();
        if self.engine.run_state() != RunState::Running && waits.frames > 0 {
            let waiting = counted(waits.frames, "message");
            return Err(format!(
                "{waiting} waits to enter: let it in first, and take it back then"
            ));
        }
        let recorded = self.settings.recorded.as_ref().filter(|_| self.is_recorded());
        let takes_back = self.engine.takes_back();
        let Some((recorded, takes_back)) = recorded.zip(takes_back) else {
            return Err("nothing can be taken back: this run is not recorded, which --resilience-dir and --history do"
                .to_owned());
        };
        if self.settings.sources.iter().any(is_named_as_injected) {
            return Err(format!(
                "nothing can be taken back: a source has the name `{INPUT}`, as what is sent from here has. Give it another one, \
                 like `./{INPUT}`"
            ));
        }
        let places = self.settings.sinks.iter().enumerate().flat_map(|(pipeline, sinks)| {
            let place = move |sink| SinkPlace { pipeline: PipelineIndex(pipeline), sink };
            sinks.iter().enumerate().map(move |(sink, endpoint)| (place(SinkIndex(sink)), endpoint))
        });
        let dropping = places.filter(|(_, endpoint)| **endpoint == Endpoint::Null);
        let working = Working {
            topology: Arc::clone(self.engine.topology()),
            recorded: Arc::clone(recorded),
            takes_back,
            dropping: dropping.map(|(place, _)| place).collect(),
            shared: Shared::new(self.news()),
        };
        let begun = self.undone.begin(working);
        begun.map_err(|error| format!("nothing can be taken back: {error}"))
    }

    /// Whether a sink writes outputs, and does not drop them.
    pub(in crate::session) fn outputs_leave(&self) -> bool {
        self.settings.sinks.iter().flatten().any(|endpoint| *endpoint != Endpoint::Null)
    }

    /// Notes what has come of taking a message back. True if something has.
    pub(in crate::session) fn watch_undo(&mut self) -> bool {
        let noted = self.undone.note();
        if noted {
            // Counters do not change when partitions become what they were.
            self.disturb();
        }
        noted
    }
}

/// Whether the messages of a source would be taken for injected ones: in a recording, they have the same name.
fn is_named_as_injected(source: &Endpoint) -> bool {
    match source {
        Endpoint::File(path) => path.as_os_str() == INPUT,
        Endpoint::Tcp(_) | Endpoint::Standard | Endpoint::Null => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_can_have_the_name_of_what_is_injected() {
        let named = |text: &str| is_named_as_injected(&text.parse().unwrap());
        assert!(named("input") && named("file:input"));
        assert!(
            ["./input", "folder/input", "inputs", "-", "tcp://localhost:1"].map(named)
                == [false; 5]
        );
    }
}
