//! The read loop of every source that is a stream of bytes.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::intake::{Connection, Intake};
use super::seat::{Seat, SignsOfLife};
use crate::core::event::EngineEvent;
use crate::core::frames::assembler::{Assembler, SourceEnd};
use crate::core::frames::wrapping::Wrapping;

/// The capacity of a new buffer: enough to make the cost of a read negligible, which for a file is two switches
/// between threads.
const READ_SIZE: usize = 128 * 1024;

/// The end of a source with this name: an error names it, and one with bytes that are no frame is reported.
pub(super) fn named(
    read: io::Result<StreamEnd>,
    name: Arc<str>,
    intake: &Intake,
) -> io::Result<()> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{name}: {error}"));
    match read.map_err(named)? {
        StreamEnd::NoFrame(reason) => {
            intake.observer.event(EngineEvent::Abandoned(intake.pipeline, name, reason));
        }
        StreamEnd::Ended | StreamEnd::HalfAFrame(_) => {
            intake.observer.event(match intake.framing.wrapping() {
                Wrapping::Number => EngineEvent::GeneratorEnded(intake.pipeline),
                _ => EngineEvent::SourceEnded(intake.pipeline, name),
            });
        }
        StreamEnd::Stopped | StreamEnd::Idle => {}
    }
    Ok(())
}

/// How a stream of frames ended. Bytes that are not a whole frame are a dead letter already.
#[derive(Debug)]
pub(super) enum StreamEnd {
    /// Its last bytes were the end of a frame.
    Ended,
    /// The run was stopped, between two frames.
    Stopped,
    /// The client had been idle for a while when another wanted its place, between two frames.
    Idle,
    /// There are no more bytes, and the last ones are not a whole frame, for this reason.
    HalfAFrame(String),
    /// The next frame cannot be found, for this reason. There may be more bytes.
    NoFrame(String),
}

/// Reads a stream of frames, which begins at byte `from` of its source, to its end, or to the first
/// bytes that are not a frame.
///
/// # Errors
///
/// The stream cannot be read any further. A part of a frame that was read before is a dead letter.
pub(super) async fn read_frames(
    mut reader: impl AsyncRead + Unpin,
    name: &Arc<str>,
    connection: Connection,
    from: u64,
    intake: &Intake,
    seat: Option<&Seat>,
) -> io::Result<StreamEnd> {
    let mut assembler = intake.assembler(from);
    let mut signs = SignsOfLife::of(seat);
    let (end, failure) = loop {
        let buffer = assembler.buffer();
        // Not before each read: a client that sends little at a time does not need much at a time.
        if buffer.capacity() - buffer.len() < READ_SIZE / 4 {
            buffer.reserve(READ_SIZE);
        }
        let read = tokio::select! {
            biased;
            () = intake.stopped() => break (SourceEnd::Stopped, None),
            () = signs.left() => break (SourceEnd::Idle, None),
            read = reader.read_buf(buffer) => read,
        };
        match read {
            Ok(0) => break (SourceEnd::Ended, None),
            Ok(length) => signs.came(length),
            Err(error) => break (SourceEnd::Failed, Some(error)),
        }
        let read_at = intake.clock.now();
        let mut whole = false;
        loop {
            match assembler.cut() {
                Ok(Some(cut)) => {
                    intake.deliver(name, connection, cut, read_at, false).await;
                    whole = true;
                }
                Ok(None) => break,
                Err(broken) => return Ok(StreamEnd::NoFrame(intake.no_frame(name, broken))),
            }
        }
        signs.waits(whole, tokio::time::Instant::now());
    };
    if end == SourceEnd::Ended {
        match assembler.last() {
            Ok(None) => {}
            Ok(Some(last)) => {
                intake.deliver(name, connection, last, intake.clock.now(), false).await;
            }
            Err(broken) => return Ok(StreamEnd::NoFrame(intake.no_frame(name, broken))),
        }
    }
    over(assembler, end, failure, name, connection, intake)
}

/// The end of a stream that has no more bytes: what is left of them becomes a dead letter.
pub(super) fn over(
    assembler: Assembler,
    end: SourceEnd,
    failure: Option<io::Error>,
    name: &Arc<str>,
    connection: Connection,
    intake: &Intake,
) -> io::Result<StreamEnd> {
    // If the reading was only stopped, what can be read again is not lost.
    let left = assembler.finish(end).filter(|_| !(connection.again && end == SourceEnd::Stopped));
    let left = left.map(|broken| {
        let reason = broken.reason.clone();
        intake.broken(name, broken);
        reason
    });
    match (failure, left) {
        (Some(error), _) => Err(error),
        (None, Some(reason)) => Ok(StreamEnd::HalfAFrame(reason)),
        (None, None) => Ok(match end {
            SourceEnd::Stopped => StreamEnd::Stopped,
            SourceEnd::Idle => StreamEnd::Idle,
            SourceEnd::Ended | SourceEnd::Failed => StreamEnd::Ended,
        }),
    }
}
