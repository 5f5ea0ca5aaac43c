//! Trees in windows fold, and stay folded.

use crossterm::event::KeyCode;
use wallaroo::workbench::Theme;

use super::press;
use super::support::nested::nested;
use super::support::stage::Stage;

/// Moves down to the line that begins with these words.
fn go_to_line(stage: &mut Stage, words: &str) {
    for _ in 0..40 {
        let screen = stage.screen();
        let is_selected = |line: &&str| line.trim_start_matches('"').starts_with('▌');
        let selected = screen.lines().rev().find(is_selected);
        if selected.is_some_and(|line| line.contains(words)) {
            return;
        }
        press(stage, KeyCode::Down);
    }
    panic!("no line with {words:?}:\n{}", stage.screen());
}

fn assert_shows(stage: &Stage, shown: &[&str], not_shown: &[&str]) {
    let screen = stage.screen();
    assert!(shown.iter().all(|text| screen.contains(text)), "{shown:?}:\n{screen}");
    assert!(!not_shown.iter().any(|text| screen.contains(text)), "{not_shown:?}:\n{screen}");
}

#[test]
fn a_branch_of_a_state_folds_and_stays_folded_while_the_state_changes() {
    let mut stage = Stage::open(nested(), Theme::new(true, true), 120, 40);
    stage.vote_of_many("the the", 2);
    press(&mut stage, KeyCode::Esc);
    stage.text("2");
    press(&mut stage, KeyCode::Enter);
    assert_shows(&stage, &["counts  ▾ 2 fields", "neighbours  ▾ 2 values"], &["▸"]);
    go_to_line(&mut stage, "neighbours  ▾");
    press(&mut stage, KeyCode::Left);
    assert_shows(&stage, &["counts  ▾ 2 fields", "neighbours  ▸ 2 values"], &["before"]);
    go_to_line(&mut stage, "neighbours  ▸");
    // It is known by its name: what is below it is another thing now.
    stage.send(b"the");
    assert_shows(&stage, &["neighbours  ▸ 3 values", "all    3"], &["before"]);
    // To the right, and with Enter in both directions.
    press(&mut stage, KeyCode::Right);
    assert_shows(&stage, &["neighbours  ▾ 3 values", "before"], &["▸"]);
    press(&mut stage, KeyCode::Enter);
    assert_shows(&stage, &["neighbours  ▸ 3 values", "Enter unfolds"], &["before"]);
    press(&mut stage, KeyCode::Enter);
    assert_shows(&stage, &["neighbours  ▾ 3 values", "Enter folds"], &["▸"]);
}
