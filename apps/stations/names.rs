//! Stations for random measurements. Their names are made up.

use wallaroo::Generator;

/// How the names begin.
const BEGINNINGS: [&str; 20] = [
    "Alder", "Birken", "Cold", "Dún", "Elms", "Fjell", "Grün", "Hazel", "Iron", "Jäger", "Kings",
    "Lin", "Moor", "Nord", "Ö", "Pine", "Quarry", "Røst", "Stone", "Tre",
];

/// How they end.
const ENDINGS: [&str; 20] = [
    "bach", "bridge", "by", "dal", "field", "ford", "gate", "hamn", "haven", "holm", "kirk",
    "mill", "mouth", "ness", "pool", "stad", "thorpe", "vík", "wald", "wick",
];

/// How many stations there are.
pub const STATIONS: u64 = 400;

/// The name of a station by its number.
pub fn name(number: u64) -> String {
    let part = |parts: &[&'static str; 20], at: u64| {
        usize::try_from(at % 20).ok().and_then(|at| parts.get(at).copied()).unwrap_or_default()
    };
    format!("{}{}", part(&BEGINNINGS, number), part(&ENDINGS, number / 20))
}

/// The payload of a random line. Each station has a climate: a mean from -15 to 30 degrees, from which a
/// measurement is rarely more than 10 degrees away, and at most 15.
pub fn random_line(generator: &mut Generator) -> Vec<u8> {
    let number = generator.choose(STATIONS);
    let climate = number * 37 % 451;
    let weather: u64 = (0..3).map(|_| generator.below(101)).sum();
    let tenths = i64::try_from(climate + weather).unwrap_or_default() - 300;
    let (sign, size) = (if tenths < 0 { "-" } else { "" }, tenths.unsigned_abs());
    format!("{};{sign}{}.{}", name(number), size / 10, size % 10).into_bytes()
}
