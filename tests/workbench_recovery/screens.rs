//! The story of a crash, and the rows that moved, as they are drawn.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyModifiers};
use insta::assert_snapshot;
use wallaroo::core::event::Recovered;
use wallaroo::core::numbers::{Epoch, Timestamp, WorkerIndex};
use wallaroo::runtime::RunState;
use wallaroo::telemetry::{Crash, SafetyShown, SinkShown, SinkState};
use wallaroo::workbench::{Command, Theme};

use super::alphabet;
use super::support::stage::Stage;

pub fn open(width: u16, height: u16, unicode: bool) -> Stage {
    let topology = alphabet::topology(alphabet::Encoding::Text).unwrap();
    Stage::open(topology, Theme::new(unicode, unicode), width, height)
}

/// After a crash in which nothing was easy.
pub fn safety() -> SafetyShown {
    SafetyShown {
        directory: "/var/lib/wallaroo/alphabet".into(),
        files: true,
        epoch: Epoch(8),
        unsaved: 1_203,
        recovering: false,
        recovered: Some(Recovered {
            epoch: Epoch(7),
            workers: 2,
            partitions: 25,
            messages: 1_000,
            frames: 1_234,
            took: Duration::from_millis(60),
        }),
        crash: Some(Crash {
            workers: 2,
            partitions: 26,
            epoch: Epoch(7),
            messages: 1_230,
            took: Duration::from_millis(84),
        }),
    }
}

/// The story on a screen of this size.
fn told(width: u16, height: u16, unicode: bool, change: impl FnOnce(&mut SafetyShown)) -> Stage {
    let mut stage = open(width, height, unicode);
    for vote in ["a 10", "b 40"] {
        stage.vote(vote);
    }
    let mut safety = safety();
    change(&mut safety);
    stage.show_changed(|snapshot| snapshot.safety = Some(safety));
    stage.workbench.command(Command::Safety);
    stage
}

/// Only the window.
fn window(stage: &Stage) -> String {
    let screen = stage.screen();
    let mut lines = screen.lines().skip_while(|line| !line.contains(" Crash and recovery "));
    let Some(top) = lines.next() else { return String::new() };
    // What is beside the window is not of it.
    let corner = |corner| top.chars().position(|character| character == corner).unwrap();
    let (left, right) = (corner('╭'), corner('╮'));
    let of_window = |line: &str| line.chars().take(right + 1).skip(left).collect::<String>();
    let mut ended = false;
    std::iter::once(top)
        .chain(lines)
        .take_while(|line| !std::mem::replace(&mut ended, line.contains("Esc closes")))
        .map(of_window)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_crash_is_a_story_on_a_large_screen() {
    assert_snapshot!(told(120, 40, true, |_| {}).screen());
}

#[test]
fn a_crash_is_a_story_on_a_small_screen() {
    assert_snapshot!(told(80, 24, true, |_| {}).screen());
}

#[test]
fn a_crash_is_a_story_in_ascii() {
    let stage = told(80, 24, false, |_| {});
    assert!(stage.screen().is_ascii(), "{}", stage.screen());
    assert_snapshot!(stage.screen());
}

/// The window's texts for everything else that may have happened, at the smallest size: no line of
/// them is cut.
#[test]
fn every_other_story_is_told_on_the_smallest_screen() {
    let mut stories = Vec::new();
    let mut tell = |change: fn(&mut SafetyShown)| {
        let stage = told(60, 18, true, change);
        assert!(!window(&stage).contains('…'), "{}", stage.screen());
        stories.push(window(&stage));
    };
    tell(|_| {});
    tell(|safety| (safety.crash, safety.recovered) = (None, None));
    tell(|safety| safety.crash = None);
    tell(|safety| (safety.epoch, safety.recovered, safety.unsaved) = (Epoch(0), None, 0));
    tell(|safety| {
        (safety.files, safety.epoch, safety.unsaved) = (false, Epoch(0), 1);
        let recovered = safety.recovered.as_mut().unwrap();
        (recovered.epoch, recovered.frames) = (Epoch(0), 1);
        let crash = safety.crash.as_mut().unwrap();
        (crash.epoch, crash.messages, crash.partitions, crash.workers) = (Epoch(0), 1, 1, 1);
    });
    tell(|safety| {
        (safety.files, safety.unsaved) = (false, 0);
        safety.recovered.as_mut().unwrap().frames = 0;
        safety.crash.as_mut().unwrap().messages = 0;
    });
    assert_snapshot!(stories.join("\n"));
}

#[test]
fn a_paused_engine_says_that_the_rest_comes_when_it_is_resumed() {
    let mut stage = told(80, 24, true, |_| {});
    let show = |stage: &mut Stage, recovering: bool| {
        stage.show_changed(|snapshot| {
            let recovered = safety().recovered.filter(|_| !recovering);
            snapshot.safety = Some(SafetyShown { recovering, recovered, ..safety() });
            snapshot.run_state = RunState::Paused;
        });
    };
    show(&mut stage, false);
    assert!(
        stage.screen().contains("1 234 messages from the journal, when resumed"),
        "{}",
        stage.screen()
    );
    show(&mut stage, true);
    let screen = stage.screen();
    assert!(screen.contains("coming back; the rest comes when the engine is resumed"), "{screen}");
}

#[test]
fn partitions_that_moved_show_both_owners_for_a_while() {
    for unicode in [true, false] {
        let mut stage = open(80, 24, unicode);
        for vote in ["a 10", "b 40"] {
            stage.vote(vote);
        }
        stage.key(KeyCode::Esc, KeyModifiers::NONE);
        let moved = |ago: u64| Some((WorkerIndex(1), Timestamp((183_000 - ago) * 1_000_000)));
        stage.show_changed(|snapshot| {
            snapshot.partitions.rows[0].row.worker = WorkerIndex(12);
            snapshot.partitions.rows[0].moved = moved(4_900);
            snapshot.partitions.rows[1].moved = moved(5_100);
        });
        let screen = stage.screen();
        let rows: Vec<_> = screen.lines().skip(5).take(3).collect();
        assert!(rows[1].contains(if unicode { "1→12" } else { "1>12" }), "{screen}");
        assert!(!rows[2].contains(if unicode { '→' } else { '>' }), "{screen}");
        assert_snapshot!(rows.join("\n"));
    }
}

#[test]
fn a_change_that_waits_for_the_sink_says_so_in_the_header() {
    let mut headers = Vec::new();
    for (width, height) in [(120, 40), (80, 24), (60, 18)] {
        for state in [None, Some(SinkState::Waiting), Some(SinkState::Stalled)] {
            let mut stage = open(width, height, true);
            stage.show_changed(|snapshot| {
                snapshot.changing_to = Some(3);
                let endpoint = "tcp://127.0.0.1:7002".into();
                let shown = state.map(|state| SinkShown { endpoint, state });
                snapshot.pipelines[0].sinks = shown.into_iter().collect();
            });
            headers.push(stage.screen().lines().next().unwrap().to_owned());
        }
    }
    assert_snapshot!(headers.join("\n"));
}
