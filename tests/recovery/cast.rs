//! Votes that are cast at random, and what becomes of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::chance::Chance;
use crate::folder::{Folder, by_letter};
use crate::support::frames::{frame, vote};

/// Votes, and what an undisturbed run makes of them.
pub struct Votes {
    pub bytes: Vec<u8>,
    totals: BTreeMap<u8, u64>,
    outputs: BTreeMap<u8, Vec<Vec<u8>>>,
    /// The bytes of messages that are no votes, in hexadecimal.
    letters: BTreeSet<String>,
}

impl Votes {
    /// So many messages, of which a few are no votes.
    pub fn new(chance: &mut Chance, count: u64) -> Self {
        let mut votes = Self {
            bytes: Vec::new(),
            totals: BTreeMap::new(),
            outputs: BTreeMap::new(),
            letters: BTreeSet::new(),
        };
        for _ in 0..count {
            if chance.below(5000) == 0 {
                let bytes = format!("no vote {}", votes.letters.len());
                votes.bytes.extend(frame(bytes.as_bytes()));
                let hex = bytes.bytes().map(|byte| format!("{byte:02x}"));
                votes.letters.insert(hex.collect());
                continue;
            }
            let letter = b'a' + u8::try_from(chance.below(26)).unwrap();
            let count = u32::try_from(chance.below(1000)).unwrap();
            votes.bytes.extend(vote(letter, count));
            let total = votes.totals.entry(letter).or_default();
            *total += u64::from(count);
            let line = [&[letter], format!(" => {total}").as_bytes()].concat();
            votes.outputs.entry(letter).or_default().push(line);
        }
        votes
    }

    /// How many outputs there are.
    pub fn outputs(&self) -> usize {
        self.outputs.values().map(Vec::len).sum()
    }

    /// State and outputs are those of an undisturbed run.
    pub fn check(&self, folder: &Folder) {
        let found = by_letter(&folder.read("outputs"));
        for (letter, lines) in &self.outputs {
            let found = found.get(letter).map(Vec::as_slice).unwrap_or_default();
            let same = lines.iter().zip(found).take_while(|(line, found)| line == found).count();
            assert!(
                lines == found,
                "{} has {} outputs instead of {}, and the first {same} are right",
                char::from(*letter),
                found.len(),
                lines.len()
            );
        }
        assert_eq!(found.values().map(Vec::len).sum::<usize>(), self.outputs());
        let rows = folder.json_lines("state");
        assert_eq!(rows.len(), self.totals.len());
        for row in rows {
            let letter = row["key"].as_str().unwrap().as_bytes()[0];
            assert_eq!(row["value"]["votes"], json!(self.totals[&letter]), "{row}");
            assert_eq!(row["messages"], json!(self.outputs[&letter].len()), "{row}");
        }
    }

    /// What is in the sink when a run is killed is the beginning of what it must be.
    pub fn check_beginning(&self, folder: &Folder) {
        for (letter, lines) in by_letter(&folder.read("outputs")) {
            assert!(self.outputs[&letter].starts_with(&lines), "{}", char::from(letter));
        }
    }

    /// Each message that is no vote is in the file of dead letters, and nothing else.
    pub fn check_letters(&self, folder: &Folder) {
        let letters = folder.json_lines("letters").into_iter();
        let found: BTreeSet<String> =
            letters.map(|letter| letter["bytes_hex"].as_str().unwrap().to_owned()).collect();
        assert_eq!(found, self.letters);
    }
}
