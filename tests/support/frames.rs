//! Frames as clients send them.

/// A payload with its header.
pub fn frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes().to_vec();
    frame.extend_from_slice(payload);
    frame
}

/// A framed vote of the alphabet: a letter and its votes.
pub fn vote(letter: u8, votes: u32) -> Vec<u8> {
    let [a, b, c, d] = votes.to_be_bytes();
    frame(&[letter, a, b, c, d])
}

/// Framed votes, one after another.
pub fn votes(votes: impl IntoIterator<Item = (u8, u32)>) -> Vec<u8> {
    votes.into_iter().flat_map(|(letter, votes)| vote(letter, votes)).collect()
}

/// How many lines of outputs have ended.
pub fn lines(outputs: &[u8]) -> usize {
    outputs.split(|byte| *byte == b'\n').count() - 1
}
