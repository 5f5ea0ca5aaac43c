//! Partitions that a test begins with.

use super::{RestoreError, TestDriver};
use crate::application::Key;
use crate::core::frames::preview::shortened;
use crate::core::partitions::query::PartitionRow;
use crate::core::partitions::saved::{MAX_STATE, SavedPartition};
use crate::core::steps::SharedPartitions;

impl TestDriver {
    /// Gives a key the state that this JSON says, as if earlier messages had led to it: a test begins in the middle of
    /// a run. It is the JSON that [`partitions`](Self::partitions) shows. A partition that exists gets this state in
    /// place of its own.
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    /// use wallaroo::{Application, Key, Reason, Source, TestDriver};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct Total {
    ///     meters: u64,
    /// }
    ///
    /// let scooter = |payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()));
    /// let topology = Application::new("scooters")
    ///     .pipeline("rides", Source::new(scooter))
    ///     .to_state_partition(
    ///         |_: Vec<u8>, total: &mut Total| { total.meters += 10; (None::<u8>, true) },
    ///         |_: &Key| Total { meters: 0 },
    ///         "totals",
    ///         |scooter: &Vec<u8>| scooter.clone(),
    ///     )
    ///     .done()
    ///     .build()?;
    ///
    /// let mut driver = TestDriver::new(&topology);
    /// driver.restore("totals", "5", r#"{"meters":90}"#)?;
    /// driver.push_message("rides", b"5")?;
    /// driver.run();
    /// let total = driver.partition("totals", "5").ok_or("scooter 5 has no total")?;
    /// assert_eq!(total.value["meters"], 100);
    ///
    /// let error = driver.restore("totals", "5", r#"{"miles":90}"#).unwrap_err();
    /// assert!(error.to_string().contains("missing field `meters`"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// There is no such state, or the JSON is of another type.
    pub fn restore(
        &mut self,
        state: &str,
        key: impl Into<Key>,
        json: &str,
    ) -> Result<(), RestoreError> {
        let restored = self.table(state)?.borrow_mut().restore_json(&key.into(), json);
        restored.map(drop).map_err(|reason| RestoreError::OtherType {
            state: state.to_owned(),
            json: shortened(json.to_owned()),
            reason,
        })
    }

    /// Poisons a partition, as a panic of a computation does: its messages become dead letters until it is
    /// [revived](Self::revive).
    ///
    /// # Errors
    ///
    /// There is no such state or partition, or its state cannot be saved.
    pub fn poison(&mut self, state: &str, key: impl Into<Key>) -> Result<(), RestoreError> {
        let (table, key, name) = (self.table(state)?, key.into(), state.to_owned());
        let mut table = table.borrow_mut();
        let Some(copy) = table.copy(&key, MAX_STATE) else {
            return Err(RestoreError::NoSuchPartition { state: name, key });
        };
        let poisoned = copy.and_then(|mut saved| {
            saved.poisoned = true;
            table.restore(&saved)
        });
        let unsaved = |reason| RestoreError::Unsaved { state: name, key, reason };
        poisoned.map(drop).map_err(unsaved)
    }

    /// Gives a key the partition that a checkpoint has saved, as it was.
    pub(crate) fn restore_saved(
        &mut self,
        state: &str,
        saved: &SavedPartition,
    ) -> Result<(), RestoreError> {
        let restored = self.table(state)?.borrow_mut().restore(saved);
        restored.map(drop).map_err(|reason| RestoreError::OtherSaved {
            state: state.to_owned(),
            key: saved.key.clone(),
            reason,
        })
    }

    /// The partition of a key. `None` if there is none, or no such state.
    pub fn partition(&self, state: &str, key: impl Into<Key>) -> Option<PartitionRow> {
        self.worker.row(state, &key.into())
    }

    fn table(&self, state: &str) -> Result<&SharedPartitions, RestoreError> {
        self.worker.table(state).ok_or_else(|| {
            let known: Vec<String> =
                self.worker.tables().map(|(name, _)| format!("`{name}`")).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            RestoreError::NoSuchState { state: state.to_owned(), known }
        })
    }
}
