//! Reads the frames of a recording again that are in the file of a source.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use thiserror::Error;

use crate::core::frames::Frames;
use crate::core::frames::assembler::Assembler;
use crate::core::frames::framing::{Framing, MAX_FRAME_LIMIT};
use crate::core::frames::pieces::Pieces;
use crate::core::replay::recording::{Content, Entered};

/// Frames are not where they were.
#[derive(Debug, Error)]
pub enum NotThere {
    /// The file cannot be read.
    #[error(
        "{path} cannot be read ({error}): a recording needs the files that its run has read, under their names"
    )]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// It holds other bytes there.
    #[error(
        "{path} has other bytes from byte {offset} on than when it was recorded: bring the old file back"
    )]
    Changed {
        /// The file.
        path: String,
        /// The first byte of the frames.
        offset: u64,
    },
}

/// The frames of a recording, also those that are in the file of a source.
///
/// # Errors
///
/// The file cannot be read, or has other bytes there.
pub fn read_again(entered: &Entered, framing: &Arc<dyn Framing>) -> Result<Frames, NotThere> {
    if let Some(frames) = entered.frames(framing.wrapping()) {
        return Ok(frames);
    }
    let Content::File { offset, length, checksum } = entered.content else {
        unreachable!("all other frames are in the recording")
    };
    let path = entered.source.to_string();
    let bytes = match read_range(&path, offset, length) {
        Ok(bytes) => bytes,
        Err(error) => return Err(NotThere::Unreadable { path, error }),
    };
    let pieces = Some(bytes).filter(|bytes| crc32fast::hash(bytes) == checksum);
    let pieces = pieces.and_then(|bytes| cut(&bytes, offset, entered.count, Arc::clone(framing)));
    match pieces {
        Some(pieces) => Ok(entered.with(pieces, framing.wrapping())),
        None => Err(NotThere::Changed { path, offset }),
    }
}

fn read_range(path: &str, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    // No more memory than the file has bytes, whatever the recording says.
    file.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

/// Cuts bytes into so many frames. `None` if they are not these.
fn cut(bytes: &[u8], offset: u64, count: u64, framing: Arc<dyn Framing>) -> Option<Pieces> {
    let most = usize::try_from(count).ok()?;
    let mut assembler = Assembler::new(framing, MAX_FRAME_LIMIT, most).from(offset);
    assembler.buffer().extend_from_slice(bytes);
    let pieces = match assembler.cut().ok()? {
        Some(pieces) => pieces,
        // The last line of a file may have no end.
        None => assembler.last().ok()??,
    };
    (pieces.len() == most && pieces.byte_length() == bytes.len() as u64).then_some(pieces)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::application::{Reason, Source};
    use crate::core::numbers::{PipelineIndex, SequenceNumber, Timestamp};
    use crate::core::topology::Application;

    fn lines() -> Arc<dyn Framing> {
        let decode = |payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()));
        let pipeline = Application::new("x").pipeline("p", Source::new(decode).lines());
        let topology = pipeline.done().build().unwrap();
        Arc::clone(&topology.pipelines()[0].source.framing)
    }

    fn entered(path: &str, offset: u64, bytes: &[u8], count: u64) -> Entered {
        let (length, checksum) = (bytes.len() as u64, crc32fast::hash(bytes));
        Entered {
            pipeline: PipelineIndex(0),
            source: path.into(),
            first: SequenceNumber(7),
            read_at: Timestamp(0),
            count,
            content: Content::File { offset, length, checksum },
        }
    }

    #[test]
    fn lines_of_a_file_are_read_again_and_others_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log").display().to_string();
        fs::write(&path, "one\ntwo\r\nthree").unwrap();
        let read =
            |entered: &Entered| read_again(entered, &lines()).map_err(|error| error.to_string());
        let two = read(&entered(&path, 0, b"one\ntwo\r\n", 2)).unwrap();
        assert_eq!((two.payload(0), two.payload(1), two.offset(1)), (&b"one"[..], &b"two"[..], 4));
        assert_eq!(two.sequence(1), SequenceNumber(8));
        let last = read(&entered(&path, 9, b"three", 1)).unwrap();
        assert_eq!(last.payload(0), b"three");
        let other = read(&entered(&path, 0, b"One\ntwo\r\n", 2)).err().unwrap();
        assert!(other.contains("other bytes from byte 0 on"), "{other}");
        let other = read(&entered(&path, 0, b"one\ntwo\r\n", 3)).err().unwrap();
        assert!(other.contains("other bytes"), "{other}");
        let shorter = read(&entered(&path, 9, b"threes", 1)).err().unwrap();
        assert!(shorter.contains("cannot be read"), "{shorter}");
        fs::remove_file(&path).unwrap();
        let gone = read(&entered(&path, 9, b"three", 1)).err().unwrap();
        assert!(gone.contains("cannot be read") && gone.contains(&path), "{gone}");
    }
}
