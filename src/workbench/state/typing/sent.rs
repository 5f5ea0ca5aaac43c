//! All that was sent from here, to be saved and sent again: bytes, and where each came from.
//!
//! Invariant: what is kept is bounded. Later messages are then only counted, and the files say so.

use bytes::Bytes;
use serde::Serialize;

use crate::core::json::write_json;
use crate::core::numbers::PipelineIndex;
use crate::core::topology::Topology;

/// The max bytes of all frames that are kept. One pasted text may be as long as that.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The max number of orders that are kept.
const MAX_ORDERS: usize = 100_000;

/// The longest typed text that is kept beside its bytes.
const MAX_TEXT: usize = 4 * 1024;

/// Where bytes came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Somebody typed this line.
    Typed(String),
    /// Lines were pasted.
    Pasted,
    /// A dead letter was sent again: its number.
    DeadLetter(u64),
    /// A message was sent again: its number.
    Message(u64),
    /// Something else of the workbench sent them.
    Other,
}

impl Origin {
    /// A typed line; its beginning if it is long.
    #[must_use]
    pub fn typed(line: &str) -> Self {
        let end = line.char_indices().map(|(at, _)| at).find(|at| *at >= MAX_TEXT);
        Self::Typed(end.and_then(|end| line.get(..end)).unwrap_or(line).to_owned())
    }
}

/// Bytes that were sent at once.
#[derive(Debug, Clone)]
struct Order {
    pipeline: PipelineIndex,
    bytes: Bytes,
    origin: Origin,
}

/// All that was sent from here.
#[derive(Debug, Default)]
pub struct Sent {
    orders: Vec<Order>,
    bytes: usize,
    /// How many orders are not kept.
    missing: u64,
}

/// A file to be written: the part of its name after the application's, and what it contains.
pub type SentFile = (String, Vec<u8>);

/// A line of the companion.
#[derive(Serialize)]
struct Line<'a> {
    pipeline: &'a str,
    /// Where in the pipeline's file the bytes begin, and how many they are.
    offset: usize,
    bytes: usize,
    from: &'a Origin,
}

impl Sent {
    /// Whether nothing was sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// Keeps what is sent.
    pub fn push(&mut self, pipeline: PipelineIndex, bytes: Bytes, origin: Origin) {
        // After the first that is left out, all are: a file with a gap would be another experiment.
        let full = self.orders.len() >= MAX_ORDERS || self.bytes + bytes.len() > MAX_BYTES;
        if self.missing > 0 || full {
            self.missing += 1;
            return;
        }
        self.bytes += bytes.len();
        self.orders.push(Order { pipeline, bytes, origin });
    }

    /// The line that was typed for a frame, if that was typed here.
    #[must_use]
    pub fn typed_as(&self, pipeline: PipelineIndex, frame: &[u8]) -> Option<&str> {
        self.orders.iter().rev().find_map(|order| match &order.origin {
            Origin::Typed(line) if order.pipeline == pipeline && *order.bytes == *frame => {
                Some(line.as_str()).filter(|line| line.len() < MAX_TEXT)
            }
            _ => None,
        })
    }

    /// A file of frames per pipeline, which `--in` reads, and a companion with a line per order.
    #[must_use]
    pub fn files(&self, topology: &Topology) -> Vec<SentFile> {
        let plans = topology.pipelines();
        let mut frames: Vec<Vec<u8>> = vec![Vec::new(); plans.len()];
        let mut companion = Vec::new();
        for order in &self.orders {
            let at = order.pipeline.0;
            let (Some(plan), Some(file)) = (plans.get(at), frames.get_mut(at)) else { continue };
            let (offset, bytes) = (file.len(), order.bytes.len());
            file.extend_from_slice(&order.bytes);
            let line = Line { pipeline: &plan.name, offset, bytes, from: &order.origin };
            // Writing into memory does not fail, and a line has a JSON form.
            if write_json(&mut companion, &line).is_ok() {
                companion.push(b'\n');
            }
        }
        if self.missing > 0 {
            let note = format!("{{\"not_kept\":{}}}\n", self.missing);
            companion.extend_from_slice(note.as_bytes());
        }
        let several = plans.len() > 1;
        let named = plans.iter().zip(frames).filter(|(_, frames)| !frames.is_empty());
        let named = named.map(|(plan, frames)| {
            let name = if several { format!("{}.frames", plan.name) } else { "frames".to_owned() };
            (name, frames)
        });
        named.chain([("sent.jsonl".to_owned(), companion)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::{Reason, Source};
    use crate::core::topology::Application;

    fn topology() -> Topology {
        let source = || Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec())));
        let application = Application::new("two").pipeline("one", source()).done();
        application.pipeline("other", source()).done().build().unwrap()
    }

    #[test]
    fn the_files_hold_what_was_sent_in_order_and_say_where_each_came_from() {
        let mut sent = Sent::default();
        sent.push(PipelineIndex(0), Bytes::from_static(b"aa"), Origin::typed("a 1"));
        sent.push(PipelineIndex(1), Bytes::from_static(b"x"), Origin::Pasted);
        sent.push(PipelineIndex(0), Bytes::from_static(b"bbb"), Origin::DeadLetter(7));
        let files = sent.files(&topology());
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["one.frames", "other.frames", "sent.jsonl"]);
        assert_eq!((&files[0].1[..], &files[1].1[..]), (&b"aabbb"[..], &b"x"[..]));
        let companion = String::from_utf8(files[2].1.clone()).unwrap();
        let lines: Vec<&str> = companion.lines().collect();
        assert_eq!(lines[0], r#"{"pipeline":"one","offset":0,"bytes":2,"from":{"typed":"a 1"}}"#);
        assert_eq!(lines[1], r#"{"pipeline":"other","offset":0,"bytes":1,"from":"pasted"}"#);
        assert_eq!(lines[2], r#"{"pipeline":"one","offset":2,"bytes":3,"from":{"dead_letter":7}}"#);
    }

    #[test]
    fn what_is_kept_is_bounded_and_has_no_gap() {
        let mut sent = Sent::default();
        let large = Bytes::from(vec![0; MAX_BYTES]);
        sent.push(PipelineIndex(0), large.clone(), Origin::Other);
        sent.push(PipelineIndex(0), large, Origin::Other);
        sent.push(PipelineIndex(0), Bytes::from_static(b"a"), Origin::Other);
        let files = sent.files(&topology());
        assert_eq!(files[0].1.len(), MAX_BYTES);
        let companion = String::from_utf8(files[1].1.clone()).unwrap();
        assert_eq!(companion.lines().nth(1), Some(r#"{"not_kept":2}"#));
    }
}
