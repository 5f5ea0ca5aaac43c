//! The load: its window, and what the header says.

use std::time::Duration;

use crossterm::event::KeyCode;
use insta::assert_snapshot;
use wallaroo::core::load::fault::Fault;
use wallaroo::core::load::search::{Finding, Tried};
use wallaroo::core::load::settings::{Keys, LoadSettings, Share};
use wallaroo::telemetry::LoadShown;

use super::support::stage::Stage;
use super::{UNICODE, press, voted};

/// A load that is late, after a search.
fn late() -> LoadShown {
    let mut settings = LoadSettings::default().at_rate(256_000);
    settings.mix.keys = Keys::OneHot(Share(7_500));
    settings.mix.fault = Some(Fault::WrongLength);
    settings.pace.burst = 2;
    let limit = Duration::from_millis(10);
    let tried = |rate, p99| Some(Tried { rate, p99: Duration::from_micros(p99) });
    LoadShown {
        settings,
        sent: 1_234_567,
        malformed: 6_172,
        behind: Duration::from_millis(1_200),
        finding: Some(Finding {
            limit,
            within: tried(256_000, 3_400),
            beyond: tried(512_000, 41_000),
        }),
    }
}

fn with_window(width: u16, height: u16, load: Option<LoadShown>) -> Stage {
    let mut stage = voted(width, height, UNICODE);
    press(&mut stage, KeyCode::F(9));
    stage.show_changed(|snapshot| snapshot.load = load);
    stage
}

#[test]
fn the_window_of_the_load_leaves_the_flow_and_the_charts_in_sight() {
    assert_snapshot!(with_window(120, 40, None).screen());
}

#[test]
fn a_load_that_is_late_says_so_and_what_the_search_has_found() {
    assert_snapshot!(with_window(80, 24, Some(late())).screen());
}

#[test]
fn keys_choose_a_setting_and_change_it() {
    let mut stage = with_window(120, 40, Some(late()));
    press(&mut stage, KeyCode::Down);
    press(&mut stage, KeyCode::Right);
    assert!(stage.screen().contains("‹ all equally likely ›"), "{}", stage.screen());
    // Without uneven keys there is no row of how uneven they are.
    press(&mut stage, KeyCode::Down);
    assert!(stage.screen().contains("malformed      ‹ 0.5 % ›"), "{}", stage.screen());
    press(&mut stage, KeyCode::Left);
    press(&mut stage, KeyCode::Left);
    assert!(stage.screen().contains("malformed      ‹ 0 % ›"), "{}", stage.screen());
}

#[test]
fn no_size_is_too_small_for_the_window() {
    let stage = with_window(120, 40, Some(late()));
    for (width, height) in (0..70).flat_map(|width| (0..24).map(move |height| (width, height))) {
        let area = ratatui::layout::Rect::new(0, 0, width, height);
        stage.workbench.draw(area, &mut ratatui::buffer::Buffer::empty(area));
    }
}
