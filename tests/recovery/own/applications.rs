//! The applications that are killed.

use wallaroo::{Application, Key, Out, Sink, Source, Topology};

/// An application, and what its sources read.
pub struct Own {
    pub name: &'static str,
    pub topology: fn() -> Topology,
    pub inputs: fn() -> Vec<(&'static str, Vec<u8>)>,
}

/// All of them.
pub const APPLICATIONS: [Own; 1] = [Own { name: "made", topology: made, inputs: Vec::new }];

/// How many messages a source makes.
const MADE: u64 = 200_000;

/// A letter and a number.
type Item = (u8, u64);

fn make(number: u64) -> Option<Item> {
    (number < MADE).then_some((b'a' + (number % 11) as u8, number))
}

/// Mixes the numbers of a letter, so that their order counts.
fn mix((letter, number): Item, mixed: &mut u64) -> (Option<Item>, bool) {
    *mixed = mixed.wrapping_mul(31).wrapping_add(number);
    (Some((letter, *mixed)), true)
}

fn write((letter, mixed): &Item, output: &mut Out<'_>) {
    output.byte(*letter);
    output.byte(b' ');
    output.decimal(*mixed);
    output.byte(b'\n');
}

fn made() -> Topology {
    Application::new("made")
        .pipeline("made", Source::generator(make))
        .to_state_partition(mix, |_: &Key| 0, "mixed", |item: &Item| item.0)
        .to_sink(Sink::new(write))
        .build()
        .unwrap()
}
