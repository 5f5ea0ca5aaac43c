//! Reviving a poisoned partition: the order to the engine, and the notice about its answer.

use crate::application::Key;
use crate::core::partitions::query::Revival;
use crate::session::orders::Order;
use crate::telemetry::ShownRow;
use crate::workbench::state::windows::detail::{Detail, Subject};
use crate::workbench::state::windows::overlay::Overlay;
use crate::workbench::state::{Effect, Workbench};
use crate::workbench::words;

impl Workbench {
    /// The name of the state whose partitions are shown.
    pub(crate) fn shown_state(&self) -> Option<&std::sync::Arc<str>> {
        let state = self.topology.states().get(self.snapshot.partitions.view.state);
        state.map(|state| &state.name)
    }

    /// The state of the partition that the keys are about.
    pub(crate) fn state_at_hand(&self) -> Option<&std::sync::Arc<str>> {
        let Some(Overlay::Detail(Detail { subject: Subject::Partition { state, .. }, .. })) =
            &self.overlay
        else {
            return self.shown_state();
        };
        self.topology.states().get(*state).map(|state| &state.name)
    }

    /// A partition as it is now, if it is known.
    pub(crate) fn opened_row(&self, state: usize, key: &Key) -> Option<&ShownRow> {
        let shown = &self.snapshot.partitions;
        let opened = shown.opened.as_ref().filter(|opened| {
            let (of, name) = &opened.name;
            *of == state && name == key
        });
        if let Some(row) = opened.and_then(|opened| opened.row.as_ref()) {
            return Some(row);
        }
        let rows = if shown.view.state == state { shown.rows.as_slice() } else { &[] };
        rows.iter().find(|row| row.row.key == *key)
    }

    /// The partition that the keys are about: the opened one, or the selected one.
    pub(crate) fn partition_at_hand(&self) -> Option<&ShownRow> {
        let rows = &self.snapshot.partitions;
        match &self.overlay {
            Some(Overlay::Detail(Detail {
                subject: Subject::Partition { state, key, last },
                ..
            })) => self.opened_row(*state, key).or(last.as_deref()),
            _ => self.partitions.selected_row(rows),
        }
    }

    /// Asks for the partition at hand to take messages again.
    pub(crate) fn revive(&mut self) -> Option<Effect> {
        let row = &self.partition_at_hand()?.row;
        let (key, poisoned) = (row.key.clone(), row.poisoned);
        let state = self.state_at_hand()?.clone();
        if !poisoned {
            self.revived(&key, Some(Revival::WasGood));
            return None;
        }
        Some(Effect::Order(Order::Revive { state, key }))
    }

    /// Shows the result of reviving a partition; `None` if its worker has not answered yet.
    pub fn revived(&mut self, key: &Key, revival: Option<Revival>) {
        let key = words::key(key);
        let (text, bad) = match revival {
            Some(Revival::Revived) => {
                (format!("partition `{key}` takes messages again, with its state as it is"), false)
            }
            Some(Revival::WasGood) => (format!("partition `{key}` is not poisoned"), false),
            Some(Revival::NotFound) => (format!("there is no partition `{key}`"), true),
            None => (format!("its worker is busy, and revives partition `{key}` soon"), false),
        };
        self.notify(text, bad);
    }
}
