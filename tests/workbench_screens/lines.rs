//! Sources of lines: what there is to type, and what is shown of it.

use crossterm::event::KeyCode;
use wallaroo::workbench::Theme;
use wallaroo::{Application, Key, Out, Reason, Sink, Source, Topology};

use super::support::stage::Stage;
use super::{press, stations};

fn open(topology: Topology) -> Stage {
    Stage::open(topology, Theme::new(true, true), 120, 40)
}

/// Counts equal lines, and has no form for typing.
fn plain() -> Topology {
    let source = Source::new(|line: &[u8]| Ok::<_, Reason>(Some(line.to_vec()))).lines();
    let count = |_: Vec<u8>, count: &mut u64| {
        *count += 1;
        (Some(*count), true)
    };
    Application::new("plain")
        .pipeline("lines", source)
        .to_state_partition(count, |_: &Key| 0, "counts", |line: &Vec<u8>| line.clone())
        .to_sink(Sink::new(|count: &u64, output: &mut Out<'_>| output.decimal(*count)))
        .build()
        .unwrap()
}

#[test]
fn a_line_without_a_form_is_typed_as_it_is_and_the_screen_says_so() {
    let mut stage = open(plain());
    let screen = stage.screen();
    assert!(screen.contains("Type a line, and Enter: it is sent as it is."), "{screen}");
    assert!(screen.contains("a line is sent as it is   0x.. raw bytes"), "{screen}");
    stage.text("no form: \\ ;");
    stage.vote("");
    let row = stage.session.engine().export().next().unwrap();
    assert_eq!(row.key.as_bytes(), b"no form: \\ ;");
    assert!(stage.screen().contains(r"no form: \\ ;"), "{}", stage.screen());
}

#[test]
fn measurements_are_seen_from_the_line_to_the_figures() {
    let mut stage = open(stations::topology().unwrap());
    let screen = stage.screen();
    for words in ["Hamburg;12.3 ", "a message", "Hamburg;12.3 x1000", "0x 0a", "an empty line"] {
        assert!(screen.contains(words), "{words} in {screen}");
    }
    assert!(!screen.contains("nonsense"), "any line is sent: {screen}");
    stage.vote("Hamburg;12.3");
    stage.text("Hamburg;-4.0");
    assert!(stage.screen().contains("min 123 → -40"), "{}", stage.screen());
    press(&mut stage, KeyCode::Enter);
    stage.vote("Hamburg");
    let screen = stage.screen();
    for words in ["Hamburg=-4.0/4.2/12.3", "-40", "the line has no `;`", "1 dead"] {
        assert!(screen.contains(words), "{words} in {screen}");
    }
}
