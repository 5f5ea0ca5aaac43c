//! Left and Right: columns that do not fit, and seconds of a chart; and what Enter opens from the latency.

use std::sync::Arc;

use crossterm::event::KeyCode;
use wallaroo::core::frames::trace::Trace;
use wallaroo::core::numbers::SequenceNumber;
use wallaroo::workbench::Theme;

use super::support::stage::Stage;
use super::{UNICODE, go, market_spread, press, voted};

/// The line with the names of the partitions' columns, up to the charts.
fn names(stage: &Stage) -> String {
    let screen = stage.screen();
    let line = screen.lines().find(|line| line.contains(" key") || line.contains("‹key"));
    let names: String =
        line.unwrap_or_else(|| panic!("no names of columns:\n{screen}")).chars().take(38).collect();
    names.trim_end().to_owned()
}

#[test]
fn columns_that_do_not_fit_are_shown_one_after_another_and_a_mark_says_that_there_are_more() {
    let mut stage = voted(60, 18, UNICODE);
    press(&mut stage, KeyCode::Esc);
    let first = names(&stage);
    assert!(first.ends_with('›') && !first.contains("messages"), "{first}");
    press(&mut stage, KeyCode::Left);
    assert!(stage.screen().contains("there is no column beyond the left edge"));
    press(&mut stage, KeyCode::Right);
    let second = names(&stage);
    assert!(second.starts_with("‹key") && second.contains("messages"), "{second}");
    assert!(second.ends_with('›') && !second.contains("worker"), "{second}");
    for _ in 0..9 {
        press(&mut stage, KeyCode::Right);
        names(&stage);
    }
    let last = names(&stage);
    assert!(last.starts_with("‹key") && last.contains("share") && !last.contains('›'), "{last}");
    assert!(stage.screen().contains("there is no column beyond the right edge"));
    // As many steps back as there were.
    for _ in 0..9 {
        press(&mut stage, KeyCode::Left);
        names(&stage);
    }
    assert_eq!(names(&stage), first);
}

#[test]
fn the_columns_of_messages_that_do_not_fit_can_be_seen_too() {
    let mut stage = voted(80, 24, UNICODE);
    press(&mut stage, KeyCode::Esc);
    stage.text("5");
    let titles = |stage: &Stage| {
        let screen = stage.screen();
        let line = screen.lines().find(|line| line.contains(" output ") && line.contains("time"));
        line.expect(&screen).to_owned()
    };
    assert!(titles(&stage).ends_with('›') && !titles(&stage).contains("frame"));
    press(&mut stage, KeyCode::Right);
    let screen = stage.screen();
    assert!(screen.contains("frame") && screen.contains("00000005 6100000005"), "{screen}");
    press(&mut stage, KeyCode::Left);
    assert!(!titles(&stage).contains("frame"));
}

#[test]
fn a_second_of_the_chart_is_looked_at_with_left_and_right() {
    let mut stage = voted(120, 40, UNICODE);
    press(&mut stage, KeyCode::Esc);
    stage.text("3");
    assert!(!stage.screen().contains('▲'), "{}", stage.screen());
    for (key, figure) in [
        (KeyCode::Left, "now 6.86k"),
        (KeyCode::Left, "1s ago 6."),
        (KeyCode::Left, "2s ago "),
        (KeyCode::Right, "1s ago 6."),
    ] {
        press(&mut stage, key);
        let screen = stage.screen();
        assert!(screen.contains(figure) && screen.contains('▲'), "{figure}\n{screen}");
    }
    press(&mut stage, KeyCode::Esc);
    let screen = stage.screen();
    assert!(screen.contains("now 6.86k") && !screen.contains('▲'), "{screen}");
}

#[test]
fn the_slowest_message_is_named_beside_the_latency_and_enter_opens_it() {
    let mut stage = voted(120, 40, UNICODE);
    press(&mut stage, KeyCode::Esc);
    // The messages are older than the time of the charts.
    assert!(!stage.screen().contains("slowest trace"), "{}", stage.screen());
    stage.text("w");
    let screen = stage.screen();
    let lines: Vec<&str> = screen.lines().collect();
    let at = lines.iter().position(|line| line.contains("slowest trace")).expect(&screen);
    let named = lines[at + 1].split_whitespace().rev().nth(1).unwrap().to_owned();
    stage.text("4");
    press(&mut stage, KeyCode::Enter);
    let screen = stage.screen();
    assert!(named.starts_with('#') && screen.contains(&format!("Message {named} ")), "{screen}");
}

#[test]
fn a_long_message_is_cut_only_where_there_is_no_room_and_its_number_and_time_never() {
    for (width, height) in [(200, 60), (120, 40), (80, 24), (60, 18)] {
        let theme = Theme::new(true, true);
        let mut stage = Stage::open(market_spread::topology(|| 0).unwrap(), theme, width, height);
        stage.vote("buy IBM 100 at 140.25");
        assert_row_is_whole(&mut stage);
        go(&mut stage, '5');
        stage.text("z");
        let screen = stage.screen();
        assert!(screen.contains("quantity 100.0, price 140.25") || width < 200, "{screen}");
        assert_row_is_whole(&mut stage);
    }
}

/// The only message, as if it came after very many: a part of its number would be another message's.
fn assert_row_is_whole(stage: &mut Stage) {
    stage.show_changed(|snapshot| {
        let first = &snapshot.traces[0];
        let number = SequenceNumber(987_654_321_098);
        let (pipeline, source) = (Arc::clone(&first.pipeline), Arc::clone(&first.source));
        let trace = Trace::new(pipeline, source, number, &first.frame, first.read_at);
        first.hops().into_iter().for_each(|hop| trace.push(hop));
        snapshot.traces = vec![Arc::new(trace)];
    });
    let screen = stage.screen();
    let row = screen.lines().find(|line| line.contains("#987654321098 "));
    let row = row.unwrap_or_else(|| panic!("{screen}"));
    assert!(row.contains("us"), "{screen}");
}
