//! An application that makes several messages of one, with states that have states in them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wallaroo::{Application, Key, Reason, Sink, Source, Topology};

/// What is known of a word.
#[expect(clippy::struct_field_names, reason = "the screens show these names")]
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Word {
    word: String,
    counts: Counts,
    /// How often it stood at each place of a line.
    places: BTreeMap<String, u64>,
    neighbours: Vec<Neighbour>,
    note: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Counts {
    all: u64,
    share: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Neighbour {
    word: String,
    before: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Place {
    word: String,
    place: usize,
}

/// Counts words, and keeps more of them than anybody needs.
pub fn nested() -> Topology {
    let lines = Source::new(text).typed("the cat", |text| Ok(text.as_bytes().to_vec()));
    let written = |text: &String, output: &mut Vec<u8>| output.extend_from_slice(text.as_bytes());
    Application::new("nested")
        .pipeline("lines", lines)
        .to(split)
        .to_state_partition(count, word, "words", |place: &Place| Key::from(place.word.as_str()))
        .to_sink(Sink::new(written))
        .build()
        .unwrap()
}

fn text(payload: &[u8]) -> Result<Option<String>, Reason> {
    Ok(Some(std::str::from_utf8(payload)?.to_owned()))
}

#[expect(clippy::needless_pass_by_value, reason = "a computation is given its message")]
fn split(line: String) -> Vec<Place> {
    let words = line.split(' ').enumerate();
    words.map(|(place, word)| Place { word: word.to_owned(), place }).collect()
}

fn word(key: &Key) -> Word {
    let note = "a note that is far too long for a line, with  two  spaces between some of its words, \
                so that one sees where it is broken and that nothing of it is lost";
    Word { word: key.to_string(), note: note.to_owned(), ..Word::default() }
}

#[expect(clippy::needless_pass_by_value, reason = "a computation is given its message")]
fn count(place: Place, word: &mut Word) -> (Option<String>, bool) {
    word.counts.all += 1;
    word.counts.share = 0.5;
    *word.places.entry(format!("place {}", place.place)).or_default() += 1;
    word.neighbours.push(Neighbour { word: "hat".to_owned(), before: place.place == 0 });
    (Some(format!("{} => {}", word.word, word.counts.all)), true)
}
