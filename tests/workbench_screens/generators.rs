//! Sources that make their messages themselves.

use crossterm::event::KeyCode;
use insta::assert_snapshot;
use wallaroo::workbench::Theme;
use wallaroo::{Application, Key, Out, Sink, Source, Topology};

use super::support::stage::Stage;
use super::{go, press};

/// Counts the messages that its source makes, by their last digit. One cannot be made.
fn made() -> Topology {
    let make = |number: u64| {
        assert!(number != 12, "there is no twelve");
        (number < 40).then_some(number * number)
    };
    let count = |_: u64, count: &mut u64| {
        *count += 1;
        (Some(*count), true)
    };
    Application::new("squares")
        .pipeline("squares", Source::generator(make))
        .to_state_partition(count, |_: &Key| 0, "counts", |square: &u64| (square % 10).to_string())
        .to_sink(Sink::new(|count: &u64, output: &mut Out<'_>| output.decimal(*count)))
        .build()
        .unwrap()
}

#[test]
fn the_flow_begins_with_the_generator_and_a_number_is_typed_to_have_its_message_again() {
    let mut stage = Stage::open(made(), Theme::new(true, true), 120, 40);
    stage.await_more(40);
    stage.text("7");
    let screen = stage.screen();
    for words in ["generator ended", "generate", "1 dead", "partition 9"] {
        assert!(screen.contains(words), "{words} in {screen}");
    }
    assert_snapshot!(screen);
    press(&mut stage, KeyCode::Enter);
    stage.vote("40");
    assert!(stage.screen().contains("2 dead"), "{}", stage.screen());
    go(&mut stage, '7');
    press(&mut stage, KeyCode::Enter);
    let screen = stage.screen();
    assert!(screen.contains("the generator has no message of number 40"), "{screen}");
    press(&mut stage, KeyCode::Esc);
    press(&mut stage, KeyCode::Down);
    press(&mut stage, KeyCode::Enter);
    let screen = stage.screen();
    assert!(screen.contains("message 12 of the generator"), "{screen}");
}
