//! The outputs of a TCP sink that the receiver's system has not acknowledged yet.
//!
//! A position is a number of bytes of all outputs since the sink began, over all connections. A connection
//! sends bytes in order, from `sent` on. So what it has acknowledged is a position too.
//!
//! Invariants: `begin <= acknowledged <= sent <= end`. An output is kept, and holds its frames' share of the
//! budget, until all of it is acknowledged. A report is answered when all outputs that were taken before it are
//! acknowledged.

use std::collections::VecDeque;
use std::io::IoSlice;

use super::pending::Reply;
use crate::core::steps::batch::Output;

/// The max number of outputs per write.
const MAX_SLICES: usize = 64;

/// The outputs of a TCP sink that are not acknowledged.
#[derive(Default)]
pub(crate) struct Kept {
    outputs: VecDeque<Output>,
    /// The position at which the first output begins.
    begin: u64,
    acknowledged: u64,
    /// The position up to which bytes have been written to the connection.
    sent: u64,
    /// The position at which the last output ends.
    end: u64,
    /// How many of `outputs` have been written whole to this connection.
    whole: usize,
    /// The position at which the output after those begins.
    next: u64,
    /// How many of `outputs` have been written whole to this or an earlier connection.
    told: usize,
    /// Each with the position at which the outputs before it end.
    reports: VecDeque<(u64, Reply)>,
}

impl Kept {
    /// Takes an output. Calls `tell` if it has no bytes, because then it is written already.
    pub fn take(&mut self, output: Output, tell: impl FnMut(&Output)) {
        self.end += output.pieces.bytes().len() as u64;
        self.outputs.push_back(output);
        self.sent(0, tell);
    }

    /// Takes a report.
    pub fn report(&mut self, reply: Reply) {
        self.reports.push_back((self.end, reply));
        self.settle();
    }

    /// Whether all outputs are acknowledged.
    pub fn is_empty(&self) -> bool {
        self.outputs.is_empty()
    }

    /// Whether there are bytes that were not written to the connection.
    pub fn has_unsent(&self) -> bool {
        self.sent < self.end
    }

    /// The position up to which bytes have been written to the connection.
    pub fn position(&self) -> u64 {
        self.sent
    }

    /// The next bytes for the connection, from `position` on.
    pub fn unsent(&self) -> Vec<IoSlice<'_>> {
        // Some bytes of the first may have been written already.
        let mut given = usize::try_from(self.sent - self.next).unwrap_or(usize::MAX);
        debug_assert!(
            self.outputs.get(self.whole).is_none_or(|first| given <= first.pieces.bytes().len()),
            "an output that was given as a whole is passed over"
        );
        let outputs = self.outputs.iter().skip(self.whole).take(MAX_SLICES);
        outputs
            .map(|output| {
                output.pieces.bytes().get(std::mem::take(&mut given)..).unwrap_or_default()
            })
            .map(IoSlice::new)
            .collect()
    }

    /// The connection has taken this many more bytes. Calls `tell` for each output that is now written
    /// whole for the first time.
    pub fn sent(&mut self, bytes: usize, mut tell: impl FnMut(&Output)) {
        self.sent += bytes as u64;
        debug_assert!(self.sent <= self.end, "no more is sent than was taken");
        while let Some(output) = self.outputs.get(self.whole) {
            let end = self.next + output.pieces.bytes().len() as u64;
            if end > self.sent {
                break;
            }
            self.next = end;
            self.whole += 1;
            if self.whole > self.told {
                self.told = self.whole;
                tell(output);
            }
        }
        self.settle();
    }

    /// The receiver's system has all bytes up to this position. Returns whether that is more than before.
    pub fn acknowledge(&mut self, position: u64) -> bool {
        debug_assert!(position <= self.sent, "no more is acknowledged than was sent");
        let news = position > self.acknowledged;
        self.acknowledged = self.acknowledged.max(position);
        self.settle();
        news
    }

    /// The connection is gone: the next one begins with the first output that is not acknowledged whole.
    pub fn rewind(&mut self) {
        let within = self.acknowledged - self.begin;
        let ends = self.outputs.front().map_or(&[][..], |output| output.pieces.ends());
        let whole = ends.partition_point(|end| u64::from(*end) <= within);
        let skipped = whole.checked_sub(1).and_then(|last| ends.get(last)).copied();
        self.sent = self.begin + u64::from(skipped.unwrap_or_default());
        self.acknowledged = self.sent;
        (self.whole, self.next) = (0, self.begin);
    }

    /// Drops the outputs that are acknowledged, and answers the reports that waited for them.
    fn settle(&mut self) {
        debug_assert!(
            self.begin <= self.acknowledged
                && self.acknowledged <= self.sent
                && self.sent <= self.end,
            "bytes are taken, then sent, then acknowledged, then dropped"
        );
        while let Some(output) = self.outputs.front() {
            let end = self.begin + output.pieces.bytes().len() as u64;
            // An output without bytes is dropped only after `sent` has passed it.
            if end > self.acknowledged || self.whole == 0 {
                break;
            }
            self.begin = end;
            self.whole -= 1;
            self.told -= 1;
            self.outputs.pop_front();
        }
        while self.reports.front().is_some_and(|(after, _)| *after <= self.acknowledged) {
            if let Some((_, reply)) = self.reports.pop_front() {
                // An error means that the engine is ending.
                let _ = reply.send(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::oneshot;

    use super::*;
    use crate::core::frames::Frames;
    use crate::core::frames::pieces::Pieces;
    use crate::core::numbers::{PipelineIndex, SequenceNumber, SinkIndex, Timestamp};

    /// A batch of these outputs.
    fn batch(outputs: &[&str]) -> Output {
        let (source, first) = ("test".into(), SequenceNumber(1));
        let frames = Arc::new(Frames::new(source, first, Timestamp(0), 0, Pieces::default()));
        let ends = outputs.iter().scan(0, |end, output| {
            *end += u32::try_from(output.len()).unwrap();
            Some(*end)
        });
        let pieces = Pieces::new(outputs.concat().into_bytes(), ends.collect(), 0).into();
        Output {
            pipeline: PipelineIndex(0),
            sink: SinkIndex(0),
            frames,
            pieces,
            traces: Vec::new(),
        }
    }

    fn kept(batches: &[&[&str]]) -> Kept {
        let mut kept = Kept::default();
        for outputs in batches {
            kept.take(batch(outputs), |_| {});
        }
        kept
    }

    fn unsent(kept: &Kept) -> String {
        kept.unsent().iter().map(|slice| std::str::from_utf8(slice).unwrap()).collect()
    }

    /// Gives bytes to the connection. Returns how many batches were reported as written.
    fn send(kept: &mut Kept, bytes: usize) -> usize {
        let mut told = 0;
        kept.sent(bytes, |_| told += 1);
        told
    }

    #[test]
    fn bytes_leave_in_a_row_wherever_a_write_ends() {
        let mut kept = kept(&[&["ab", "c"], &["def"], &["g"]]);
        assert_eq!((unsent(&kept).as_str(), kept.has_unsent()), ("abcdefg", true));
        assert_eq!(send(&mut kept, 1), 0);
        assert_eq!(unsent(&kept), "bcdefg");
        assert_eq!(send(&mut kept, 4), 1);
        assert_eq!(unsent(&kept), "fg");
        assert_eq!(send(&mut kept, 2), 2);
        assert_eq!((unsent(&kept).as_str(), kept.has_unsent()), ("", false));
    }

    #[test]
    fn an_output_is_kept_until_it_is_acknowledged_as_a_whole() {
        let mut kept = kept(&[&["ab"], &["cd"]]);
        send(&mut kept, 4);
        assert!(kept.acknowledge(1));
        assert_eq!(kept.outputs.len(), 2);
        assert!(!kept.acknowledge(1), "nothing new");
        assert!(kept.acknowledge(3));
        assert_eq!(kept.outputs.len(), 1);
        assert!(kept.acknowledge(4));
        assert!(kept.is_empty());
    }

    #[test]
    fn the_next_connection_begins_with_the_first_output_that_is_not_acknowledged() {
        let all: &[&[&str]] = &[&["ab", "cd", "ef"], &["gh"]];
        for (acknowledged, again) in
            [(0, "abcdefgh"), (1, "abcdefgh"), (2, "cdefgh"), (5, "efgh"), (6, "gh"), (7, "gh")]
        {
            let mut kept = kept(all);
            assert_eq!(send(&mut kept, 7), 1);
            kept.acknowledge(acknowledged);
            kept.rewind();
            assert_eq!(unsent(&kept), again, "{acknowledged} acknowledged");
            // Less is acknowledged of what came again than before.
            send(&mut kept, 1);
            kept.rewind();
            assert_eq!(unsent(&kept), again, "{acknowledged} acknowledged");
            assert_eq!(send(&mut kept, again.len()), 1, "each is told of once");
            kept.acknowledge(8);
            assert!(kept.is_empty());
        }
    }

    #[test]
    fn a_report_is_answered_when_all_before_it_is_acknowledged() {
        let mut kept = kept(&[&["ab"]]);
        let (reply, mut first) = oneshot::channel();
        kept.report(reply);
        kept.take(batch(&["cd"]), |_| {});
        send(&mut kept, 4);
        kept.acknowledge(1);
        assert!(first.try_recv().is_err());
        kept.rewind();
        send(&mut kept, 4);
        kept.acknowledge(2);
        assert_eq!(first.try_recv(), Ok(None));
        kept.acknowledge(4);
        let (reply, mut second) = oneshot::channel();
        kept.report(reply);
        assert_eq!(second.try_recv(), Ok(None), "there is nothing before it");
    }

    #[test]
    fn outputs_without_bytes_are_told_of_and_hold_up_nothing() {
        let mut told = 0;
        let mut kept = Kept::default();
        kept.take(batch(&[""]), |_| told += 1);
        assert!(kept.is_empty());
        kept.take(batch(&["a"]), |_| told += 1);
        kept.take(batch(&["", ""]), |_| told += 1);
        kept.sent(1, |_| told += 1);
        assert_eq!(told, 3);
        kept.acknowledge(1);
        assert!(kept.is_empty());
    }
}
