//! What the workbench shows, screen by screen: the real workbench on a real engine.
//!
//! `INSTA_UPDATE=always cargo test --test workbench_screens` writes the screens anew; read the diff.

#![cfg(feature = "workbench")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "../../apps/alphabet/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod alphabet;
#[path = "../../apps/celsius/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod celsius;
#[path = "../../apps/market_spread/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod market_spread;
#[path = "../../apps/reverse/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod reverse;
#[path = "../../apps/stations/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod stations;
#[path = "../support/mod.rs"]
mod support;
#[path = "../../apps/word_count/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod word_count;

mod ahead;
mod any_size;
mod breakpoints;
mod conditions;
mod figures;
mod folding;
mod generators;
mod holding;
mod letters;
mod lines;
mod load;
mod past;
mod processes;
mod screens;
mod seeking;
mod sharing;
mod shrinking;
mod sideways;
mod sizes;
mod undo;
mod what_if;
mod windows;

use crossterm::event::{KeyCode, KeyModifiers};
use support::stage::Stage;
use wallaroo::workbench::Theme;

const UNICODE: (bool, bool) = (true, true);

fn open(width: u16, height: u16, (colors, unicode): (bool, bool)) -> Stage {
    let topology = alphabet::topology(alphabet::Encoding::Text).unwrap();
    Stage::open(topology, Theme::new(colors, unicode), width, height)
}

/// A workbench after a few votes, the last of them wrong.
fn voted(width: u16, height: u16, theme: (bool, bool)) -> Stage {
    let mut stage = open(width, height, theme);
    for vote in ["a 10", "a 5", "b 40", "Z 7", r"\xff 1", "! 0"] {
        stage.vote(vote);
    }
    stage.text("nonsense");
    stage.key(KeyCode::Char('x'), KeyModifiers::CONTROL);
    stage
}

/// Goes to a pane by its number.
fn go(stage: &mut Stage, pane: char) {
    press(stage, KeyCode::Esc);
    press(stage, KeyCode::Char(pane));
}

fn press(stage: &mut Stage, code: KeyCode) {
    stage.key(code, KeyModifiers::NONE);
}
