//! The pictures in `screenshots/` show the workbench as it is.
//!
//! `UPDATE_SCREENSHOTS=1 cargo test --test screenshots` draws them anew.

#![cfg(feature = "workbench")]
#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail where the test itself may")]

#[path = "support/agreeing.rs"]
mod agreeing;
#[path = "../apps/alphabet/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod alphabet;
#[path = "support/animation.rs"]
mod animation;
mod support;

use std::path::Path;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyModifiers};
use support::stage::Stage;
use wallaroo::core::event::Recovered;
use wallaroo::core::numbers::Epoch;
use wallaroo::telemetry::{Crash, SafetyShown};
use wallaroo::workbench::{Command, Theme, svg};

/// A session as a user has it: some thousand votes, then a few typed by hand, one of them wrong.
fn session(width: u16, height: u16) -> Stage {
    let topology = alphabet::topology(alphabet::Encoding::Text).unwrap();
    let mut stage = Stage::open(topology, Theme::new(true, true), width, height);
    stage.generate(27_100, 7, 0.8);
    for vote in ["k 12", "a 10", "a 5", "e 99"] {
        stage.vote(vote);
    }
    stage.text("seven for q");
    stage.key(KeyCode::Char('x'), KeyModifiers::CONTROL);
    for vote in ["b 40", "Q 3500"] {
        stage.vote(vote);
    }
    // Sorted by votes, the greatest first: two columns after the key.
    stage.key(KeyCode::Esc, KeyModifiers::NONE);
    for _ in 0..3 {
        stage.text("o");
    }
    stage.text("i");
    stage.text("a 10");
    stage
}

/// The title of the windows.
const TITLE: &str = "wallaroo-tui --app alphabet --workers 2";

fn compare(name: &str, stage: &Stage) {
    compare_drawn(name, &svg::svg(&stage.draw(), TITLE), &stage.screen());
}

fn compare_drawn(name: &str, drawn: &str, screen: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots").join(name);
    if std::env::var_os("UPDATE_SCREENSHOTS").is_some() {
        std::fs::write(&path, drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == drawn,
        "screenshots/{name} is stale: draw it anew with `UPDATE_SCREENSHOTS=1 cargo test --test screenshots`\n{screen}"
    );
}

#[test]
fn the_large_picture_shows_the_workbench_as_it_is() {
    let mut stage = session(120, 40);
    stage.show_changed(agreeing::figures);
    compare("alphabet-120x40.svg", &stage);
}

#[test]
fn the_small_picture_shows_the_workbench_as_it_is() {
    let mut stage = session(80, 24);
    stage.show_changed(agreeing::figures);
    compare("alphabet-80x24.svg", &stage);
}

#[test]
fn the_figures_of_a_picture_agree_with_each_other() {
    for (width, height) in [(120, 40), (80, 24)] {
        let mut stage = session(width, height);
        stage.show_changed(agreeing::figures);
        agreeing::check(&stage.screen());
    }
}

/// What a crash a moment ago has taken away and what came back, as figures that are always the same.
fn crash() -> SafetyShown {
    let (epoch, workers, partitions) = (Epoch(75), 2, 27);
    let took = Duration::from_millis(11);
    let recovered = Recovered { epoch, workers, partitions, messages: 27_104, frames: 3, took };
    let took = Duration::from_millis(12);
    SafetyShown {
        directory: "/tmp/wallaroo-6j7P0I".into(),
        files: false,
        epoch,
        unsaved: 3,
        recovering: false,
        recovered: Some(recovered),
        crash: Some(Crash { workers, partitions, epoch, messages: 3, took }),
    }
}

#[test]
fn the_picture_of_a_crash_tells_its_story() {
    let mut stage = session(120, 40);
    stage.show_changed(|snapshot| {
        agreeing::figures(snapshot);
        snapshot.safety = Some(crash());
    });
    stage.workbench.command(Command::Safety);
    compare("crash-120x40.svg", &stage);
}

#[test]
fn the_picture_of_a_message_shows_its_way() {
    let mut stage = session(120, 40);
    stage.key(KeyCode::Tab, KeyModifiers::NONE);
    stage.key(KeyCode::Tab, KeyModifiers::NONE);
    stage.key(KeyCode::Enter, KeyModifiers::NONE);
    stage.show_changed(agreeing::figures);
    compare("message-120x40.svg", &stage);
}

/// A workbench that records, without messages.
fn recorded() -> Stage {
    let topology = alphabet::topology(alphabet::Encoding::Text).unwrap();
    Stage::recorded(topology, Theme::new(true, true), 120, 40)
}

/// Votes of which one is wrong.
const VOTES: [&str; 9] =
    ["k 12", "a 10", "b 40", "Q 3500", "a 5", "e 99", "a 7", "0x 00 00 00 01 61", "b 1"];

#[test]
fn the_picture_of_the_past_shows_what_was_then() {
    let mut stage = recorded();
    for vote in VOTES {
        stage.vote(vote);
    }
    // The partitions, of which `a` is the first; the change before its last one.
    stage.key(KeyCode::Esc, KeyModifiers::NONE);
    stage.text("2,,");
    compare("past-120x40.svg", &stage);
}

#[test]
fn the_picture_of_a_stop_shows_the_message_at_which_it_is() {
    let mut stage = recorded();
    stage.key(KeyCode::Esc, KeyModifiers::NONE);
    stage.text("1b");
    stage.text("key == \"a\" && state.votes > 20");
    stage.key(KeyCode::Enter, KeyModifiers::NONE);
    stage.key(KeyCode::Esc, KeyModifiers::NONE);
    stage.text("i");
    for vote in &VOTES[..7] {
        stage.vote(vote);
    }
    stage.key(KeyCode::Esc, KeyModifiers::NONE);
    compare("breakpoint-120x40.svg", &stage);
}

#[test]
fn the_picture_of_a_held_message_shows_what_it_would_do() {
    let mut stage = recorded();
    for vote in &VOTES[..6] {
        stage.vote(vote);
    }
    stage.key(KeyCode::Esc, KeyModifiers::NONE);
    stage.text("1b");
    stage.key(KeyCode::Tab, KeyModifiers::NONE);
    stage.text("key == \"a\" && state.votes > 20");
    stage.key(KeyCode::Enter, KeyModifiers::NONE);
    stage.key(KeyCode::Esc, KeyModifiers::NONE);
    stage.text("i");
    stage.vote(VOTES[6]);
    compare("held-120x40.svg", &stage);
}

#[test]
fn the_picture_of_a_branch_shows_what_would_be_different() {
    let mut stage = recorded();
    for vote in VOTES {
        stage.vote(vote);
    }
    stage.key(KeyCode::Esc, KeyModifiers::NONE);
    stage.text("#2");
    stage.key(KeyCode::Enter, KeyModifiers::NONE);
    stage.text("xo");
    stage.key(KeyCode::Enter, KeyModifiers::NONE);
    compare("what-if-120x40.svg", &stage);
}

/// The longest moving picture that a page should load.
const MAX_ANIMATION: usize = 1_000_000;

#[test]
fn the_moving_picture_shows_a_vote_on_its_way() {
    let topology = alphabet::topology(alphabet::Encoding::Text).unwrap();
    let stage = Stage::open(topology, Theme::new(true, true), 100, 30);
    let drawn = svg::animation(&animation::scenes(stage), TITLE);
    assert!(drawn.len() < MAX_ANIMATION, "{} bytes", drawn.len());
    compare_drawn("vote-100x30.svg", &drawn, "");
}
