//! What a child writes to standard error, in lines of a bounded length.

use std::io::{BufRead, BufReader, Read};

/// The longest line in bytes that is passed on whole.
const LONGEST: usize = 4096;

/// Tells each line until the end. What is beyond the longest length is left out, and so is the end of the line.
pub(super) fn lines(from: impl Read, mut tell: impl FnMut(String)) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    let mut is_cut = false;
    loop {
        let read = match from.fill_buf() {
            Ok(read) if !read.is_empty() => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            _ => break,
        };
        let end = memchr::memchr(b'\n', read);
        let part = read.get(..end.unwrap_or(read.len())).unwrap_or_default();
        let room = LONGEST - line.len();
        line.extend_from_slice(part.get(..room).unwrap_or(part));
        is_cut |= part.len() > room;
        let used = part.len() + usize::from(end.is_some());
        from.consume(used);
        if end.is_some() {
            tell(text(&mut line, &mut is_cut));
        }
    }
    if !line.is_empty() {
        tell(text(&mut line, &mut is_cut));
    }
}

fn text(line: &mut Vec<u8>, is_cut: &mut bool) -> String {
    let end = if std::mem::take(is_cut) { " .." } else { "" };
    let text = format!("{}{end}", String::from_utf8_lossy(line));
    line.clear();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> Vec<String> {
        let mut told = Vec::new();
        lines(bytes, |line| told.push(line));
        told
    }

    #[test]
    fn each_line_is_told_also_the_last_one_without_an_end() {
        assert_eq!(told(b"one\n\ntwo\xff\nthree"), ["one", "", "two\u{fffd}", "three"]);
        assert!(told(b"").is_empty());
    }

    #[test]
    fn a_line_of_any_length_takes_bounded_memory_and_ends_where_it_ends() {
        let long = [vec![b'x'; 3 * LONGEST], b"\nnext\n".to_vec()].concat();
        let cut = format!("{} ..", "x".repeat(LONGEST));
        assert_eq!(told(&long), [cut, "next".to_owned()]);
        let whole = vec![b'x'; LONGEST];
        assert_eq!(told(&[&whole[..], b"\n"].concat()), ["x".repeat(LONGEST)]);
    }
}
