//! Messages as frames: a length of four bytes, the greatest first, and as many bytes of `MessagePack`.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest frame in bytes.
pub const MAX_FRAME: usize = 16 * 1024 * 1024;

/// How deep values may be in each other: a stranger must not fill the stack.
const MAX_DEPTH: usize = 200;

/// The bytes of the length.
const HEADER: usize = 4;

/// Why no message could be read or made.
#[derive(Debug, Error)]
pub enum WireError {
    /// The connection has failed or ended.
    #[error("{0}")]
    Connection(#[from] io::Error),
    /// A frame is too long.
    #[error("a message of {0} bytes is longer than {1} bytes")]
    TooLong(usize, usize),
    /// The bytes are no such message.
    #[error("what came is no message of this program")]
    Nonsense,
    /// A value cannot be written.
    #[error("a message cannot be written: {0}")]
    Unwritable(#[from] rmp_serde::encode::Error),
}

/// A message as a frame.
pub fn encode(message: &impl Serialize) -> Result<Vec<u8>, WireError> {
    let mut frame = vec![0; HEADER];
    message.serialize(&mut rmp_serde::Serializer::new(&mut frame).with_struct_map())?;
    let length = frame.len() - HEADER;
    match (u32::try_from(length), frame.get_mut(..HEADER)) {
        (Ok(header), Some(place)) if length <= MAX_FRAME => {
            place.copy_from_slice(&header.to_be_bytes());
            Ok(frame)
        }
        _ => Err(WireError::TooLong(length, MAX_FRAME)),
    }
}

/// The next message; `None` if the connection has ended. A frame longer than `longest` is an error.
pub async fn read<T: DeserializeOwned>(
    from: &mut (impl AsyncRead + Unpin),
    longest: usize,
) -> Result<Option<T>, WireError> {
    Ok(read_counted(from, longest).await?.map(|(message, _)| message))
}

/// The same, and how many bytes its frame has.
pub async fn read_counted<T: DeserializeOwned>(
    from: &mut (impl AsyncRead + Unpin),
    longest: usize,
) -> Result<Option<(T, usize)>, WireError> {
    let mut header = [0; HEADER];
    match from.read_exact(&mut header).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let length = usize::try_from(u32::from_be_bytes(header)).unwrap_or(usize::MAX);
    if length > longest {
        return Err(WireError::TooLong(length, longest));
    }
    // The buffer grows with what arrives, not with what is announced.
    let mut body = Vec::new();
    from.take(length as u64).read_to_end(&mut body).await?;
    if body.len() < length {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    let mut from = rmp_serde::Deserializer::from_read_ref(&body);
    from.set_max_depth(MAX_DEPTH);
    let message = T::deserialize(&mut from).map_err(|_| WireError::Nonsense)?;
    Ok(Some((message, HEADER + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_all(bytes: &[u8]) -> Result<Option<(String, u64)>, WireError> {
        read(&mut &*bytes, 1000).await
    }

    #[tokio::test]
    async fn a_message_is_read_as_it_was_written_and_nothing_else_is_one() {
        let message = ("a".to_owned(), 7_u64);
        let frame = encode(&message).unwrap();
        assert_eq!(read_all(&frame).await.unwrap(), Some(message));
        assert_eq!(read_all(b"").await.unwrap(), None);
        for length in HEADER..frame.len() {
            let cut = read_all(&frame[..length]).await;
            assert!(matches!(cut, Err(WireError::Connection(_))), "{length}: {cut:?}");
        }
        let huge = read_all(b"\xff\xff\xff\xffabc").await;
        assert!(matches!(huge, Err(WireError::TooLong(_, 1000))), "{huge:?}");
        let text = read_all(b"\0\0\0\x04GET ").await;
        assert!(matches!(text, Err(WireError::Nonsense)), "{text:?}");
    }

    #[tokio::test]
    async fn no_depth_of_values_fills_the_stack() {
        for depth in [1, 150, 950, 1023, 4000, 100_000_u32] {
            let body = [vec![0x91; depth as usize], vec![0xc0]].concat();
            let frame = [&(depth + 1).to_be_bytes()[..], &body].concat();
            let found = read::<serde::de::IgnoredAny>(&mut &*frame, MAX_FRAME).await;
            assert_eq!(found.is_ok(), depth < 200, "{depth}: {found:?}");
        }
    }

    #[test]
    fn no_message_is_longer_than_a_frame() {
        let long = "x".repeat(MAX_FRAME + 1);
        assert!(matches!(encode(&long), Err(WireError::TooLong(..))));
    }
}
