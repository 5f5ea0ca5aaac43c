//! Votes of which every prefix is known by what is made of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::folder::{Folder, by_letter};
use crate::support::frames::vote;

/// The letters, in turn.
const LETTERS: &[u8] = b"abcde";

/// The `number`th vote, from 0: its letter and its votes.
fn nth(number: usize) -> (u8, u32) {
    (LETTERS[number % LETTERS.len()], u32::try_from(number).unwrap() + 1)
}

/// The frames of some votes.
pub fn frames(numbers: std::ops::Range<usize>) -> Vec<u8> {
    numbers.map(nth).flat_map(|(letter, votes)| vote(letter, votes)).collect()
}

/// What the first `count` votes make: the totals and the lines of each letter.
fn made_of(count: usize) -> BTreeMap<u8, (u64, Vec<Vec<u8>>)> {
    let mut made: BTreeMap<u8, (u64, Vec<Vec<u8>>)> = BTreeMap::new();
    for (letter, votes) in (0..count).map(nth) {
        let (total, lines) = made.entry(letter).or_default();
        *total += u64::from(votes);
        lines.push([&[letter], format!(" => {total}").as_bytes()].concat());
    }
    made
}

/// How many votes are in the state that the last run wrote. It is the state of that many first votes.
pub fn counted(folder: &Folder) -> usize {
    let rows = folder.json_lines("state");
    let messages = rows.iter().map(|row| row["messages"].as_u64().unwrap()).sum::<u64>();
    let count = usize::try_from(messages).unwrap();
    let made = made_of(count);
    let letters: BTreeSet<_> = rows.iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!(letters.len(), rows.len(), "a partition is there twice");
    assert_eq!(rows.len(), made.len(), "{rows:?} is not the state of {count} votes");
    for row in rows {
        let (total, lines) = &made[&row["key"].as_str().unwrap().as_bytes()[0]];
        assert_eq!(row["value"]["votes"], json!(total), "{row}, after {count} votes");
        assert_eq!(row["messages"], json!(lines.len()), "{row}, after {count} votes");
    }
    count
}

/// The outputs are exactly those of the first `count` votes.
pub fn check_outputs(folder: &Folder, count: usize) {
    let outputs = folder.read("outputs");
    assert!(outputs.is_empty() || outputs.ends_with(b"\n"), "the last output is cut");
    let (found, made) = (by_letter(&outputs), made_of(count));
    for (letter, (_, lines)) in &made {
        let found = found.get(letter).map(Vec::as_slice).unwrap_or_default();
        let same = lines.iter().zip(found).take_while(|(line, found)| line == found).count();
        let (letter, found, lines_count) = (char::from(*letter), found.len(), lines.len());
        assert!(
            same == found && same == lines_count,
            "{letter} has {found} outputs instead of {lines_count}, and the first {same} are right"
        );
    }
    assert_eq!(found.len(), made.len(), "outputs of unknown letters");
}
