//! The symbols that are known beforehand: the lines of `symbols.txt`.

use std::sync::LazyLock;

use wallaroo::{Generator, Key};

use super::text::Symbol;

/// The symbols of `symbols.txt`. A test sees that every line is one.
pub static SYMBOLS: LazyLock<Vec<Symbol>> = LazyLock::new(|| {
    let lines = include_str!("symbols.txt").lines();
    lines.filter_map(|line| Symbol::padded(line.as_bytes())).collect()
});

/// Their keys, whose partitions exist from the start with `--precreate`.
pub fn declared_keys() -> Vec<Key> {
    SYMBOLS.iter().copied().map(Key::from).collect()
}

/// One of them at random, the first ones more often by the generator's skew.
pub fn random(generator: &mut Generator) -> Symbol {
    let number = generator.choose(SYMBOLS.len() as u64);
    usize::try_from(number).ok().and_then(|number| SYMBOLS.get(number).copied()).unwrap_or_default()
}
