//! The applications that are killed.

use wallaroo::{Application, Key, Out, Pipeline, Reason, Sink, Source, Topology};

/// An application, and what its sources read.
pub struct Own {
    pub name: &'static str,
    pub topology: fn() -> Topology,
    pub inputs: fn() -> Vec<(&'static str, Vec<u8>)>,
}

/// All of them.
pub const APPLICATIONS: [Own; 3] = [
    Own { name: "made", topology: made, inputs: Vec::new },
    Own { name: "one sink", topology: one_sink, inputs: one_input },
    Own { name: "merged", topology: merged, inputs: two_inputs },
];

/// How many messages a source makes.
const MADE: u64 = 40_000;

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

/// Three pipelines with one sink: one reads, two make their messages.
fn one_sink() -> Topology {
    let write_as = |prefix: &'static str| {
        let encoder = move |item: &Item, output: &mut Out<'_>| {
            output.text(prefix);
            write(item, output);
        };
        Sink::new(encoder).named("all")
    };
    Application::new("one sink")
        .pipeline("made", Source::generator(make))
        .to_state_partition(mix, |_: &Key| 0, "mixed", |item: &Item| item.0)
        .to_sink(write_as("made "))
        .pipeline("read", Source::new(read).lines())
        .to_state_partition(mix, |_: &Key| 0, "read", |item: &Item| item.0)
        .to_sink(write_as("read "))
        .pipeline("more", Source::generator(|number| make(number).filter(|_| number < 10_000)))
        .to_state_partition(count, |_: &Key| 0, "counts", |item: &Item| item.0)
        .to_sink(write_as("more "))
        .build()
        .unwrap()
}

fn count((letter, _): Item, count: &mut u64) -> (Option<Item>, bool) {
    *count += 1;
    (Some((letter, *count)), true)
}

/// A letter and a number behind it.
fn read(line: &[u8]) -> Result<Option<Item>, Reason> {
    let (letter, number) = line.split_first().ok_or("there is no letter")?;
    Ok(Some((*letter, std::str::from_utf8(number)?.parse()?)))
}

fn one_input() -> Vec<(&'static str, Vec<u8>)> {
    let lines = (0..20_000_u32)
        .map(|number| format!("{}{number}\n", char::from(b'a' + (number % 7) as u8)));
    vec![("read", lines.collect::<String>().into_bytes())]
}

/// Three sources, each with letters of its own, that meet at one state and one sink.
fn merged() -> Topology {
    let capital = |(letter, number): Item| Some((letter.to_ascii_uppercase(), number));
    let digit = |(letter, number): Item| Some((letter - b'a' + b'0', number));
    Application::new("merged")
        .pipeline("read", Source::new(read).lines())
        .merge(Pipeline::new("made", Source::generator(make)).to(capital))
        .to_state_partition(mix, |_: &Key| 0, "mixed", |item: &Item| item.0)
        .merge(Pipeline::new("more", Source::new(read).varint()).to(digit))
        .to_state_partition(mix, |_: &Key| 0, "again", |item: &Item| item.0)
        .to_sink(Sink::new(write))
        .build()
        .unwrap()
}

fn two_inputs() -> Vec<(&'static str, Vec<u8>)> {
    let varint = |number: u64| {
        let text = format!("{}{number}", char::from(b'a' + (number % 7) as u8));
        [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
    };
    let mut inputs = one_input();
    inputs.push(("more", (0..10_000).flat_map(varint).collect()));
    inputs
}
