//! What the keys ask for, and what is said then.

use crossterm::event::{KeyCode, KeyModifiers};
use wallaroo::core::event::EngineEvent;
use wallaroo::runtime::RunState;
use wallaroo::session::orders::Order;
use wallaroo::workbench::{Command, Effect};

use super::screens::{open, safety};
use super::support::stage::Stage;

fn press(stage: &mut Stage, key: char) -> Option<Effect> {
    let event = crossterm::event::KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE);
    stage.workbench.handle(&crossterm::event::Event::Key(event))
}

fn escape(stage: &mut Stage) {
    stage.key(KeyCode::Esc, KeyModifiers::NONE);
}

#[test]
fn in_the_input_pane_the_keys_are_text() {
    let mut stage = open(120, 40, true);
    for key in ['C', '+', '-', 'c'] {
        assert_eq!(press(&mut stage, key), None);
    }
    assert!(stage.screen().contains("> C+-c"), "{}", stage.screen());
}

#[test]
fn elsewhere_they_are_commands_also_on_top_of_the_story() {
    let mut stage = open(120, 40, true);
    escape(&mut stage);
    stage.show_changed(|snapshot| snapshot.safety = Some(safety()));
    for open in [false, true] {
        assert_eq!(stage.screen().contains("Crash and recovery"), open, "{}", stage.screen());
        // Not before it has asked.
        assert_eq!(press(&mut stage, 'C'), None);
        assert!(stage.screen().contains("Crash?"), "{}", stage.screen());
        assert_eq!(press(&mut stage, 'C'), Some(Effect::Order(Order::Crash)));
        assert_eq!(
            press(&mut stage, '+'),
            Some(Effect::Order(Order::ChangeWorkers { more: true }))
        );
        assert_eq!(
            press(&mut stage, '-'),
            Some(Effect::Order(Order::ChangeWorkers { more: false }))
        );
        if !open {
            assert_eq!(press(&mut stage, 'c'), None);
        }
    }
    // The key that opened it closes it.
    assert_eq!(press(&mut stage, 'c'), None);
    assert!(!stage.screen().contains("Crash and recovery"), "{}", stage.screen());
}

#[test]
fn a_crash_that_is_not_wanted_does_not_happen() {
    let mut stage = open(120, 40, true);
    escape(&mut stage);
    assert_eq!(press(&mut stage, 'C'), None);
    escape(&mut stage);
    assert!(!stage.screen().contains("Crash?"), "{}", stage.screen());
    assert_eq!(press(&mut stage, '+'), Some(Effect::Order(Order::ChangeWorkers { more: true })));
}

#[test]
fn what_is_lost_is_said_before_it_is_back() {
    let mut stage = open(120, 40, true);
    stage.show_changed(|snapshot| snapshot.safety = Some(safety()));
    stage.workbench.crash();
    assert!(stage.screen().contains("Everything in memory is lost."), "{}", stage.screen());
    stage.workbench.crashed();
    assert!(stage.screen().contains("It was back after 84ms"), "{}", stage.screen());
}

#[test]
fn a_frozen_screen_tells_the_story_of_its_crash_too() {
    let mut stage = open(120, 40, true);
    stage.vote("a 1");
    stage.workbench.command(Command::Freeze);
    stage.workbench.crashed();
    stage.show_changed(|snapshot| {
        snapshot.safety = Some(safety());
        snapshot.partitions.rows.clear();
        snapshot.run_state = RunState::Paused;
    });
    let screen = stage.screen();
    assert!(screen.contains("It was back after 84ms") && screen.contains("PAUSED"), "{screen}");
    escape(&mut stage);
    assert!(stage.screen().contains("\n a ✱"), "the rest is frozen:\n{}", stage.screen());
}

#[test]
fn other_workers_are_announced_until_they_are_there_and_then_who_moved() {
    let mut stage = open(120, 40, true);
    stage.show_changed(|snapshot| snapshot.changing_to = Some(3));
    assert!(stage.screen().contains("checkpoint, then 3 workers"), "{}", stage.screen());
    let held = std::time::Duration::from_millis(12);
    let changed = EngineEvent::WorkersChanged { from: 2, to: 3, partitions: 26, moved: 9, held };
    let changed = std::sync::Arc::new(changed);
    let said = "3 workers instead of 2: 9 of 26 partitions moved";
    stage.show_changed(|snapshot| snapshot.events.insert(0, changed.clone()));
    assert!(stage.screen().contains(said), "{}", stage.screen());
    // Once: after the next key it is not said again.
    press(&mut stage, 'x');
    stage.show_changed(|snapshot| snapshot.events.insert(0, changed));
    assert!(!stage.screen().contains(said), "{}", stage.screen());
}

#[test]
fn partitions_that_came_back_are_not_new() {
    let mut stage = open(120, 40, true);
    stage.vote("a 1");
    let new = |workbench: &mut Stage| workbench.screen().contains("\n a ✱");
    assert!(new(&mut stage), "{}", stage.screen());
    stage.show_changed(|snapshot| {
        snapshot.uptime = std::time::Duration::from_millis(300);
        snapshot.partitions.rows[0].row.created = None;
    });
    assert!(!new(&mut stage), "{}", stage.screen());
}

#[test]
fn without_anything_saved_it_is_said() {
    let mut stage = open(80, 24, true);
    stage.workbench.command(Command::Safety);
    assert!(stage.screen().contains("Nothing is saved"), "{}", stage.screen());
}
