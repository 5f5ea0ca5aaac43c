//! Writes a digest while a run is replayed.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::mem;

use serde::Serialize;

use super::epoch::{EpochDigest, Hash, Header, Name};
use super::hash::hash;
use super::line::{FORMAT, First, Last, OfEpoch, VERSION};
use crate::application::Key;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::json::write_json;
use crate::core::numbers::Epoch;
use crate::core::partitions::saved::SavedPartition;

/// Writes a digest, epoch by epoch. It has in memory a hash per partition, and what happens in one epoch.
pub struct DigestWriter<W> {
    to: W,
    /// The hash of each partition at the end of the epoch before, by state.
    known: HashMap<String, HashMap<Key, Hash>>,
    now: EpochDigest,
    epochs: u64,
    checksum: u64,
    line: Vec<u8>,
}

impl<W: Write> DigestWriter<W> {
    /// Begins a digest. The partitions of the base come first, as an epoch in which nothing entered.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn new(header: Header, to: W) -> io::Result<Self> {
        let (known, now) = (HashMap::new(), EpochDigest::default());
        let mut writer = Self { to, known, now, epochs: 0, checksum: 0, line: Vec::new() };
        writer.write(&First { format: FORMAT.to_owned(), version: VERSION, header })?;
        Ok(writer)
    }

    /// A message entered.
    pub fn entered(&mut self, pipeline: &str, payload: &[u8]) {
        self.now.entered.add(&[pipeline.as_bytes(), payload]);
    }

    /// A sink received an output.
    pub fn output(&mut self, sink: &str, bytes: &[u8]) {
        // Most outputs are of a sink that has had one.
        if let Some(outputs) = self.now.outputs.get_mut(sink) {
            return outputs.add(&[bytes]);
        }
        self.now.outputs.entry(sink.to_owned()).or_default().add(&[bytes]);
    }

    /// A message became a dead letter. When that was does not count, nor which number the message has.
    pub fn dead_letter(&mut self, letter: &DeadLetter) {
        let key = letter.key.as_ref().map(Key::as_bytes);
        self.now.dead_letters.add(&[
            letter.pipeline.as_bytes(),
            letter.step.as_bytes(),
            letter.cause.name().as_bytes(),
            letter.reason.as_bytes(),
            &[u8::from(key.is_some())],
            key.unwrap_or_default(),
            &letter.header,
            &letter.bytes,
            &letter.end,
        ]);
    }

    /// A partition may have changed: this is how it is at the end of the epoch. If it is given again, the last time
    /// counts.
    pub fn partition(&mut self, state: &str, saved: &SavedPartition) {
        let messages = saved.messages.to_le_bytes();
        let parts: [&[u8]; 3] = [&messages, &[u8::from(saved.poisoned)], &saved.value];
        let hash = Hash(parts.iter().fold(0, |seed, part| hash(part, seed)));
        self.now.partitions.insert((state.to_owned(), saved.key.clone()), hash);
    }

    /// Ends an epoch.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn end_epoch(&mut self, epoch: Epoch) -> io::Result<()> {
        let EpochDigest { entered, outputs, dead_letters, partitions, .. } =
            mem::take(&mut self.now);
        let changed = self.changed(partitions);
        let partitions = changed.len() as u64;
        self.write(&OfEpoch { epoch, entered, outputs, dead_letters, partitions })?;
        for ((state, key), hash) in &changed {
            self.write(&(state, key, hash))?;
        }
        self.epochs += 1;
        Ok(())
    }

    /// Those that are others than before.
    fn changed(&mut self, partitions: BTreeMap<Name, Hash>) -> BTreeMap<Name, Hash> {
        let mut changed = partitions;
        changed.retain(|(state, key), hash| {
            if !self.known.contains_key(state) {
                self.known.insert(state.clone(), HashMap::new());
            }
            let of_state = self.known.get_mut(state);
            let before = of_state.and_then(|known| known.insert(key.clone(), *hash));
            before != Some(*hash)
        });
        changed
    }

    /// Ends the digest. What came after the last epoch is not part of it.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.write(&Last { epochs: self.epochs, checksum: Hash(self.checksum) })?;
        self.to.flush()?;
        Ok(self.to)
    }

    fn write(&mut self, line: &impl Serialize) -> io::Result<()> {
        self.line.clear();
        write_json(&mut self.line, line)?;
        self.line.push(b'\n');
        self.checksum = hash(&self.line, self.checksum);
        self.to.write_all(&self.line)
    }
}
