//! Screens of any size, with each of the applications, any pane in front and any window over it: no panic, nothing
//! outside of the area, and no number that is cut without the mark.
//!
//! `WALK_STEPS` sets how many sizes are tried of each; 3 without it.

use std::cell::RefCell;

use crossterm::event::{KeyCode, KeyModifiers};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use wallaroo::workbench::Theme;

use super::support::stage::{Stage, text_of};
use super::{alphabet, celsius, go, market_spread, press, reverse, sharing, word_count};

/// How much larger than the area the buffer is.
const AROUND: u16 = 5;

/// Votes for one letter, which no text near them begins with.
const VOTES: &str = "4000000007";

/// Goes through all panes and windows with screens of any size.
fn at_any_size(stage: Stage) {
    let stage = RefCell::new(stage);
    let draw = || {
        let steps = std::env::var("WALK_STEPS").map_or(3, |steps| steps.parse().unwrap());
        let config = Config { cases: steps, failure_persistence: None, ..Config::default() };
        let sizes = (0_u16..=250, 0_u16..=100);
        let run = TestRunner::new(config)
            .run(&sizes, |(width, height)| draw_at(&mut stage.borrow_mut(), width, height));
        stage.borrow_mut().workbench.resize(Rect::new(0, 0, 120, 40));
        run.unwrap_or_else(|error| panic!("{error}\n{}", stage.borrow().screen()));
    };
    for pane in '1'..='8' {
        for then in [None, Some(KeyCode::Enter), Some(KeyCode::Char('z'))] {
            go(&mut stage.borrow_mut(), pane);
            if let Some(code) = then {
                press(&mut stage.borrow_mut(), code);
            }
            draw();
            press(&mut stage.borrow_mut(), KeyCode::Esc);
        }
    }
    for window in ['?', ':', 't', 'L', 'c', 'C', 'F'] {
        press(&mut stage.borrow_mut(), KeyCode::Char(window));
        draw();
        press(&mut stage.borrow_mut(), KeyCode::Esc);
    }
    go(&mut stage.borrow_mut(), '0');
    draw();
}

fn draw_at(stage: &mut Stage, width: u16, height: u16) -> Result<(), TestCaseError> {
    let area = Rect::new(0, 0, width, height);
    let around = Rect::new(0, 0, width + AROUND, height + AROUND);
    stage.workbench.resize(area);
    let mut buffer = Buffer::empty(around);
    stage.workbench.draw(area, &mut buffer);
    for at in around.positions().filter(|at| !area.contains(*at)) {
        prop_assert_eq!(buffer[at].symbol(), " ", "outside of {} at {}", area, at);
    }
    let screen = text_of(&buffer);
    let rows: Vec<&str> = screen.lines().collect();
    for (at, row) in rows.iter().enumerate() {
        let below = rows.get(at + 1).copied().unwrap_or_default();
        prop_assert!(is_whole(row, below), "a number is cut in {}:\n{}", row, screen);
    }
    Ok(())
}

/// Whether each beginning of the votes' number is marked as one, or goes on in the row below.
fn is_whole(row: &str, below: &str) -> bool {
    let is_digit = |character: char| character.is_ascii_digit();
    let mut rest = row;
    while let Some(begin) = rest.find(is_digit) {
        let run = &rest[begin..];
        let end = run.find(|character: char| !is_digit(character)).unwrap_or(run.len());
        let (digits, after) = run.split_at(end);
        if digits.len() > 2 && digits != VOTES && VOTES.starts_with(digits) {
            let next = below.trim_start_matches(|character: char| !is_digit(character));
            let goes_on = after.trim().is_empty() && next.starts_with(&VOTES[digits.len()..]);
            // The border of a window over it covers the rest.
            if !after.starts_with(['…', '.', '│', '╭', '╰']) && !goes_on {
                return false;
            }
        }
        rest = after;
    }
    true
}

fn open(topology: wallaroo::Topology) -> Stage {
    Stage::open(topology, Theme::new(true, true), 120, 40)
}

/// Sends something that is no message.
fn send_nonsense(stage: &mut Stage) {
    stage.text("nonsense");
    stage.key(KeyCode::Char('x'), KeyModifiers::CONTROL);
}

#[test]
fn the_alphabet_is_drawn_at_any_size_and_no_number_is_cut_without_a_mark() {
    let mut stage = open(alphabet::topology(alphabet::Encoding::Text).unwrap());
    for line in [&format!("a {VOTES}"), "b 1", r"\xff 3"] {
        stage.vote(line);
    }
    send_nonsense(&mut stage);
    assert!(stage.screen().contains(VOTES), "{}", stage.screen());
    at_any_size(stage);
}

#[test]
fn the_word_count_is_drawn_at_any_size() {
    let mut stage = open(word_count::topology().unwrap());
    stage.vote_of_many("the cat and the hat", 5);
    at_any_size(stage);
}

#[test]
fn applications_without_a_state_are_drawn_at_any_size() {
    for topology in
        [reverse::topology(reverse::Framing::Header).unwrap(), celsius::topology().unwrap()]
    {
        let source = &topology.pipelines()[0].source;
        let example = source.typed.as_ref().unwrap().example().to_owned();
        let mut stage = open(topology);
        stage.vote(&example);
        at_any_size(stage);
    }
}

#[test]
fn an_application_with_two_pipelines_is_drawn_at_any_size() {
    let mut stage = open(market_spread::topology(|| 0).unwrap());
    send_nonsense(&mut stage);
    at_any_size(stage);
}

#[test]
fn merged_pipelines_are_drawn_at_any_size() {
    let mut stage = open(sharing::merged());
    stage.await_more(48);
    at_any_size(stage);
}
