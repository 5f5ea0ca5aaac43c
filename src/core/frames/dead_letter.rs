//! Messages that could not be processed, with all that is needed to see why.

use std::sync::Arc;

use bytes::Bytes;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Frames;
use super::assembler::Broken;
pub use super::failure::{Cause, Failure};
use crate::application::Key;
use crate::core::numbers::{SequenceNumber, Timestamp};
use crate::core::text::Hex;

/// A message that could not be processed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The pipeline's name.
    pub pipeline: Arc<str>,
    /// The step that could not process it; `framing` if the bytes are not a frame.
    pub step: Arc<str>,
    /// What kind of failure it is.
    pub cause: Cause,
    /// The failure in words.
    pub reason: String,
    /// The payload of the frame; the bytes as read if they are not a frame.
    #[serde(rename = "bytes_hex", serialize_with = "as_hex", deserialize_with = "of_hex")]
    pub bytes: Bytes,
    /// The header of the frame; empty if the bytes are not a frame.
    #[serde(rename = "header_hex", serialize_with = "as_hex", deserialize_with = "of_hex")]
    pub header: Bytes,
    /// The end of the frame, if its source has lines; empty otherwise.
    #[serde(
        rename = "end_hex",
        serialize_with = "as_hex",
        deserialize_with = "of_hex",
        skip_serializing_if = "Bytes::is_empty",
        default
    )]
    pub end: Bytes,
    /// The source's or connection's name.
    pub source: Arc<str>,
    /// The frame's number in its pipeline.
    pub sequence: SequenceNumber,
    /// The frame's offset in its source, in bytes; the number of the message if its source makes it itself.
    pub offset: u64,
    /// The partition's key, if the message had one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<Key>,
    /// When it happened.
    #[serde(rename = "at_ns")]
    pub at: Timestamp,
}

/// The step of dead letters whose bytes are not a frame.
pub const FRAMING_STEP: &str = "framing";

/// The step of dead letters that were set aside in a replay of the journal.
pub const JOURNAL_STEP: &str = "journal";

/// The step of dead letters that a person has dropped before they entered.
pub const HELD_STEP: &str = "held";

impl DeadLetter {
    /// The dead letter of bytes that are not a frame. `sequence` is their number in the pipeline.
    pub fn of_broken(
        pipeline: Arc<str>,
        source: Arc<str>,
        broken: Broken,
        sequence: SequenceNumber,
        at: Timestamp,
    ) -> Self {
        Self {
            pipeline,
            step: FRAMING_STEP.into(),
            cause: Cause::Framing,
            reason: broken.reason,
            header: Bytes::new(),
            end: Bytes::new(),
            bytes: broken.bytes.into(),
            source,
            sequence,
            offset: broken.offset,
            key: None,
            at,
        }
    }

    /// The dead letter of a frame.
    pub fn of_frame(frames: &Frames, frame: u32, failure: Failure) -> Self {
        let Failure { pipeline, step, cause, reason, key, at } = failure;
        Self {
            pipeline,
            step,
            cause,
            reason,
            header: frames.shared_header(frame),
            end: frames.shared_end(frame),
            bytes: frames.shared_payload(frame),
            source: Arc::clone(frames.source()),
            sequence: frames.sequence(frame),
            offset: frames.offset(frame),
            key,
            at,
        }
    }

    /// The letter with a copy of its bytes. Otherwise they are a slice of a read buffer, and keep all of it in
    /// memory.
    #[must_use]
    pub fn detached(self) -> Self {
        let copy = |bytes: &Bytes| Bytes::copy_from_slice(bytes);
        Self { header: copy(&self.header), end: copy(&self.end), bytes: copy(&self.bytes), ..self }
    }

    /// All its bytes as they were read, to send them again.
    pub fn frame(&self) -> Vec<u8> {
        [&*self.header, &*self.bytes, &*self.end].concat()
    }

    fn frame_length(&self) -> usize {
        self.header.len() + self.bytes.len() + self.end.len()
    }

    /// Its approximate size in memory, in bytes.
    pub fn weight(&self) -> usize {
        let key = self.key.as_ref().map_or(0, |key| key.as_bytes().len());
        size_of::<Self>() + self.frame_length() + self.reason.len() + key
    }
}

/// Text has the bytes in hexadecimal; other formats have them as they are.
fn as_hex<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        serializer.collect_str(&Hex(bytes))
    } else {
        serializer.serialize_bytes(bytes)
    }
}

fn of_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    if !deserializer.is_human_readable() {
        return Bytes::deserialize(deserializer);
    }
    let text = String::deserialize(deserializer)?;
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    };
    let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
    bytes.map(Bytes::from).ok_or_else(|| D::Error::custom("bytes are written as two digits each"))
}
