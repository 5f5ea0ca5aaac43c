//! The messages of all shapes.

use serde::{Deserialize, Serialize};
use wallaroo::{Generator, Key, Reason};

/// A message. Steps change its value, and never its letter and class, by which it is partitioned.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Item {
    pub letter: u8,
    pub class: u8,
    pub value: u64,
}

impl Item {
    /// The same with a value that depends on the old one and this number.
    pub fn mixed(self, number: u64) -> Self {
        Self { value: self.value.wrapping_mul(31).wrapping_add(number), ..self }
    }
}

/// Reads an item; drops those whose letter is a dot.
pub fn decode(payload: &[u8]) -> Result<Option<Item>, Reason> {
    match *payload {
        [b'.', ..] => Ok(None),
        [letter, class, value] => Ok(Some(Item { letter, class, value: value.into() })),
        _ => Err("an item is three bytes".into()),
    }
}

/// How many items a generator makes.
pub const MADE: u64 = 90;

/// Makes an item of its number; one of them cannot be made.
pub fn make(number: u64) -> Option<Item> {
    assert!(number != 41, "on purpose");
    let byte = |number: u64| u8::try_from(number).unwrap();
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^= mixed >> 29;
    let letter = b'a' + byte(mixed % 7);
    (number < MADE).then(|| Item { letter, class: b'0' + byte(mixed % 3), value: mixed % 250 })
}

/// Writes an item as a line: letter, class, value.
pub fn write(item: &Item, output: &mut Vec<u8>) {
    let Item { letter, class, value } = item;
    output.extend(format!("{} {class} {value}", char::from(*letter)).into_bytes());
}

/// A partition function: all items of a letter.
pub fn by_letter(item: &Item) -> Key {
    Key::from(item.letter)
}

/// A partition function: all items of a letter and a class.
pub fn by_class(item: &Item) -> Key {
    Key::from([item.letter, b'/', item.class])
}

/// Random payloads: some letters, three classes, and now and then one that is dropped or no item.
pub fn payloads(seed: u64, number: usize) -> Vec<Vec<u8>> {
    let mut generator = Generator::new(seed, 0.0);
    let mut byte = |limit| u8::try_from(generator.below(limit)).unwrap();
    let payload = |_| match byte(20) {
        0 => b".".to_vec(),
        1 => b"no item".to_vec(),
        _ => vec![b'a' + byte(7), b'0' + byte(3), byte(250)],
    };
    (0..number).map(payload).collect()
}
