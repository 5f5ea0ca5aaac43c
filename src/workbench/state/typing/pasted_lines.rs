//! Several pasted lines, to be looked at before they are sent.

use bytes::Bytes;

use crate::core::numbers::PipelineIndex;
use crate::core::topology::SourcePlan;
use crate::core::typed::{self, Typed};
use crate::telemetry::Draft;

/// How many wrong lines are told with their reasons.
const TOLD: usize = 4;

/// The number of the draft: no line that is edited gets as far.
pub(in crate::workbench) const REVISION: u64 = u64::MAX;

/// Several pasted lines, each its own message.
#[derive(Debug)]
pub struct PastedLines {
    /// The pipeline to which they would go.
    pub pipeline: PipelineIndex,
    /// The frames of all good lines.
    pub bytes: Vec<u8>,
    /// The first good line, and its frame.
    pub first: Option<(String, Bytes)>,
    /// How many lines there are.
    pub lines: usize,
    /// How many of them can be sent.
    pub good: usize,
    /// How many cannot.
    pub wrong: usize,
    /// The first of those: their numbers, from 1, and the reasons.
    pub told: Vec<(usize, String)>,
}

impl PastedLines {
    /// Reads the lines of a text.
    #[must_use]
    pub fn read(text: &str, pipeline: PipelineIndex, source: &SourcePlan, limit: u64) -> Self {
        let mut pasted = Self {
            pipeline,
            bytes: Vec::new(),
            first: None,
            lines: 0,
            good: 0,
            wrong: 0,
            told: Vec::new(),
        };
        for line in text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()) {
            pasted.lines += 1;
            match typed::read(line, source, limit) {
                Typed::Frames { frame, times, .. } => pasted.add(line, frame, times),
                Typed::Raw { bytes, whole: true, times, .. } => pasted.add(line, bytes, times),
                // Bytes that are not a whole frame would swallow the lines after them.
                Typed::Raw { note: reason, .. } | Typed::Wrong { reason, .. } => {
                    pasted.leave(reason);
                }
                Typed::Nothing => {}
            }
        }
        pasted
    }

    fn add(&mut self, line: &str, frame: Bytes, times: usize) {
        // Each line has a limit of its own, but there may be any number of them.
        if self.bytes.len() + frame.len() * times > typed::MAX_BYTES_TOGETHER {
            let most = typed::MAX_BYTES_TOGETHER;
            return self.leave(format!("more than {most} bytes at once"));
        }
        for _ in 0..times {
            self.bytes.extend_from_slice(&frame);
        }
        self.good += 1;
        if self.first.is_none() {
            self.first = Some((line.trim().to_owned(), frame));
        }
    }

    fn leave(&mut self, reason: String) {
        self.wrong += 1;
        if self.told.len() < TOLD {
            self.told.push((self.lines, reason));
        }
    }

    /// The first message, to be looked at.
    #[must_use]
    pub fn draft(&self) -> Option<Draft> {
        let (_, frame) = self.first.as_ref()?;
        Some(Draft { revision: REVISION, pipeline: self.pipeline, bytes: frame.clone() })
    }
}
