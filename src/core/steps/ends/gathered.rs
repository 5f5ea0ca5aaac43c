//! Outputs that are gathered to be sent to a sink together.

use std::mem;
use std::sync::Arc;

use super::recycled::{MAX_SPARE, Pool, Recycled};
use crate::application::{Out, Reason};
use crate::core::frames::Frames;
use crate::core::frames::pieces::Pieces;
use crate::core::frames::trace::Trace;
use crate::core::numbers::SinkPlace;
use crate::core::steps::MAX_TOGETHER;
use crate::core::steps::batch::{Output, Produced};

/// How many bytes of outputs are sent to a sink together at most, unless one output alone is longer.
const MAX_BYTES_TOGETHER: usize = 256 * 1024;

/// Spare room behind the expected outputs: `Out` may write more bytes at once than it keeps.
const SPARE_ROOM: usize = 32;

/// Outputs that will be sent to a sink together. An encoder writes straight behind them.
pub(super) struct Gathered {
    place: SinkPlace,
    /// The outputs, and behind them room for more.
    bytes: Vec<u8>,
    /// Where the outputs end and the room begins.
    end: usize,
    /// Where each output ends.
    ends: Vec<u32>,
    traces: Vec<Arc<Trace>>,
    /// Of how many messages.
    messages: usize,
    /// How many more messages of the batch are expected.
    expected: usize,
    /// How many messages of the batch there were before those.
    of_batch: usize,
    /// The average length of a message's bytes in the outputs sent last, rounded up: a guess for the next ones.
    expected_length: usize,
    pool: Arc<Pool>,
    /// For encoders that write to a `Vec`. Kept so that its memory is used again.
    scratch: Vec<u8>,
}

impl Gathered {
    pub fn new(place: SinkPlace) -> Self {
        Self {
            place,
            bytes: Vec::new(),
            end: 0,
            ends: Vec::new(),
            traces: Vec::new(),
            messages: 0,
            expected: 0,
            of_batch: 0,
            expected_length: 0,
            pool: Arc::default(),
            scratch: Vec::new(),
        }
    }

    /// Expects that this many messages will come until the batch is finished, unless some have come already.
    pub fn expect(&mut self, messages: usize) {
        if self.messages + self.of_batch == 0 {
            self.expected = messages;
        }
    }

    /// Sends what is left of a batch's outputs.
    pub fn finish(&mut self, frames: &Arc<Frames>, produced: &mut Produced) {
        self.send(frames, produced);
        self.of_batch = 0;
    }

    /// Makes room for the outputs of this many messages, as far as their length is known.
    pub fn make_room(&mut self, messages: usize) {
        if self.bytes.capacity() == 0 {
            let expected = self.expected.max(messages).min(MAX_TOGETHER);
            let bytes = self.expected_bytes(expected);
            (self.bytes, self.ends) = self.pool.take(bytes, expected);
        }
        let room = self.end + self.expected_bytes(messages);
        if self.bytes.len() < room {
            self.bytes.resize(room, 0);
        }
    }

    fn expected_bytes(&self, messages: usize) -> usize {
        (self.expected_length * messages).min(MAX_BYTES_TOGETHER) + SPARE_ROOM
    }

    /// Lets an encoder write a message's output, which counts once it is [added](Self::add): what is refused, or left
    /// behind by a panic, is overwritten. Returns where it ends.
    #[inline]
    pub fn write(
        &mut self,
        encode: impl FnOnce(&mut Out<'_>) -> Result<(), Reason>,
    ) -> Result<usize, Reason> {
        self.messages += 1;
        let mut out = Out::new(&mut self.bytes, self.end, &mut self.scratch);
        encode(&mut out)?;
        Ok(out.end())
    }

    /// Where the next output begins.
    #[inline]
    pub fn end(&self) -> usize {
        self.end
    }

    /// The bytes of an output that was written and not yet added.
    pub fn written(&self, end: usize) -> &[u8] {
        let written = self.bytes.get(self.end..end);
        debug_assert!(written.is_some(), "an output is within the bytes");
        written.unwrap_or_default()
    }

    /// Adds the output that was written up to `end`. If all together would be longer than `most` bytes, those
    /// before it are sent first. Returns its length if it alone is too long.
    #[inline]
    pub fn add(
        &mut self,
        end: usize,
        most: u32,
        frames: &Arc<Frames>,
        produced: &mut Produced,
    ) -> Result<(), usize> {
        match u32::try_from(end) {
            Ok(short) if short <= most => {
                self.ends.push(short);
                self.end = end;
                Ok(())
            }
            _ => self.add_alone(end, most, frames, produced),
        }
    }

    #[cold]
    fn add_alone(
        &mut self,
        end: usize,
        most: u32,
        frames: &Arc<Frames>,
        produced: &mut Produced,
    ) -> Result<(), usize> {
        let length = end - self.end;
        let Some(short) = u32::try_from(length).ok().filter(|length| *length <= most) else {
            // At once: the batch may go on for long, and no frame is charged with this memory.
            self.bytes.truncate(self.end);
            self.bytes.shrink_to(MAX_BYTES_TOGETHER);
            return Err(length);
        };
        let alone = self.written(end).to_vec();
        self.send(frames, produced);
        (self.bytes, self.end) = (alone, length);
        self.ends.push(short);
        Ok(())
    }

    /// Keeps the trace of an output that is added.
    pub fn keep_trace(&mut self, trace: &Arc<Trace>) {
        self.traces.push(Arc::clone(trace));
    }

    #[inline]
    pub fn is_full(&self) -> bool {
        self.ends.len() >= MAX_TOGETHER || self.end >= MAX_BYTES_TOGETHER
    }

    /// Sends the outputs, if there are any. What is written behind them and not added is gone.
    pub fn send(&mut self, frames: &Arc<Frames>, produced: &mut Produced) {
        let (messages, end) = (mem::take(&mut self.messages), mem::take(&mut self.end));
        self.expected = self.expected.saturating_sub(messages);
        self.of_batch += messages;
        if messages > 0 {
            self.expected_length = end.div_ceil(messages);
        }
        let (mut bytes, mut ends) = (mem::take(&mut self.bytes), mem::take(&mut self.ends));
        bytes.truncate(end);
        // What is sent is charged to the frames, so spare room is given back first. If nothing is sent, nothing is
        // charged, and memory of the usual length returns to the pool as it is.
        let fair = if ends.is_empty() { MAX_BYTES_TOGETHER } else { end };
        if bytes.capacity() > 2 * fair + MAX_SPARE {
            bytes.shrink_to_fit();
        }
        if !ends.is_empty() && ends.capacity() > 2 * ends.len() + MAX_SPARE / size_of::<u32>() {
            ends.shrink_to_fit();
        }
        if self.scratch.capacity() > MAX_BYTES_TOGETHER {
            self.scratch = Vec::new();
        }
        let pieces = Recycled::new(Pieces::new(bytes, ends, 0), &self.pool);
        let traces = mem::take(&mut self.traces);
        if !pieces.is_empty() {
            frames.charge(pieces.memory());
            produced.outputs.push(Output {
                pipeline: self.place.pipeline,
                sink: self.place.sink,
                frames: Arc::clone(frames),
                pieces,
                traces,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::numbers::{SequenceNumber, Timestamp};

    /// Writes these outputs with so many bytes together at most. Returns what is sent at once, and the
    /// lengths of those that alone are too long.
    fn sent(outputs: &[&str], most: u32) -> (Vec<Vec<String>>, Vec<usize>) {
        let (source, first) = ("test".into(), SequenceNumber(1));
        let frames = Arc::new(Frames::new(source, first, Timestamp(0), 0, Pieces::default()));
        let (mut gathered, mut produced) =
            (Gathered::new(SinkPlace::default()), Produced::default());
        let mut too_long = Vec::new();
        gathered.make_room(outputs.len());
        for output in outputs {
            let end = gathered.write(|out| {
                out.text(output);
                Ok(())
            });
            assert_eq!(gathered.written(*end.as_ref().unwrap()), output.as_bytes());
            too_long.extend(gathered.add(end.unwrap(), most, &frames, &mut produced).err());
        }
        gathered.send(&frames, &mut produced);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let sent = produced.outputs.iter();
        (sent.map(|output| output.pieces.iter().map(text).collect()).collect(), too_long)
    }

    #[test]
    fn a_batch_of_few_outputs_is_charged_with_little_after_a_batch_of_many() {
        let (source, first) = ("test".into(), SequenceNumber(1));
        let frames = Arc::new(Frames::new(source, first, Timestamp(0), 0, Pieces::default()));
        let mut gathered = Gathered::new(SinkPlace::default());
        let mut memory_of = |expected, messages: usize| {
            let mut produced = Produced::default();
            gathered.expect(expected);
            gathered.make_room(messages);
            for _ in 0..messages {
                let end = gathered.write(|out| {
                    out.text("an output");
                    Ok(())
                });
                gathered.add(end.unwrap(), u32::MAX, &frames, &mut produced).unwrap();
            }
            gathered.finish(&frames, &mut produced);
            produced.outputs.iter().map(|output| output.pieces.memory()).sum::<usize>()
        };
        assert!(memory_of(5_000, 5_000) > 5_000 * 13);
        // Also if many were expected.
        assert!(memory_of(3, 3) <= 3 * 2 * 13 + 2 * MAX_SPARE);
        memory_of(5_000, 5_000);
        assert!(memory_of(5_000, 3) <= 3 * 2 * 13 + 2 * MAX_SPARE);
    }

    #[test]
    fn what_would_be_too_long_together_is_sent_apart_and_what_is_too_long_alone_is_left_out() {
        let (together, too_long) = sent(&["a", "bbb", "ccccc", "dd", "eeeeee", "ff", "g"], 5);
        assert_eq!(together, [vec!["a", "bbb"], vec!["ccccc"], vec!["dd", "ff", "g"]]);
        assert_eq!(too_long, [6]);
    }

    fn nothing_sent(gathered: &mut Gathered) {
        let (source, first) = ("test".into(), SequenceNumber(1));
        let frames = Arc::new(Frames::new(source, first, Timestamp(0), 0, Pieces::default()));
        let mut produced = Produced::default();
        gathered.send(&frames, &mut produced);
        assert!(produced.outputs.is_empty());
    }

    #[test]
    fn memory_in_which_nothing_was_written_is_used_again() {
        let mut gathered = Gathered::new(SinkPlace::default());
        gathered.expected_length = 100;
        gathered.make_room(100);
        let address = gathered.bytes.as_ptr();
        nothing_sent(&mut gathered);
        gathered.expected_length = 100;
        gathered.make_room(100);
        assert_eq!(gathered.bytes.as_ptr(), address);
    }

    #[test]
    fn memory_for_an_output_that_was_not_sent_is_not_kept() {
        let long = vec![0; 4 * MAX_BYTES_TOGETHER];
        let mut gathered = Gathered::new(SinkPlace::default());
        gathered.make_room(1);
        let end = gathered.write(|out| {
            out.bytes(&long);
            Ok(())
        });
        let frames = {
            let (source, first) = ("test".into(), SequenceNumber(1));
            Arc::new(Frames::new(source, first, Timestamp(0), 0, Pieces::default()))
        };
        let mut produced = Produced::default();
        assert!(gathered.add(end.unwrap(), 10, &frames, &mut produced).is_err());
        assert!(gathered.bytes.capacity() <= MAX_BYTES_TOGETHER, "an output that is too long");

        let refused = gathered.write(|out| {
            out.bytes(&long);
            Err("refused".into())
        });
        assert!(refused.is_err());
        nothing_sent(&mut gathered);
        let (kept, _) = gathered.pool.take(0, 0);
        assert!(kept.capacity() <= MAX_BYTES_TOGETHER, "a refused output");
    }

    #[test]
    fn an_encoder_that_once_wrote_a_long_output_to_a_vec_does_not_keep_its_memory() {
        let mut gathered = Gathered::new(SinkPlace::default());
        gathered.scratch = Vec::with_capacity(1000);
        nothing_sent(&mut gathered);
        assert!(gathered.scratch.capacity() >= 1000, "usual memory is used again");
        gathered.scratch = Vec::with_capacity(MAX_BYTES_TOGETHER + 1);
        nothing_sent(&mut gathered);
        assert_eq!(gathered.scratch.capacity(), 0);
    }
}
