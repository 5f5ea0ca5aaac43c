//! Figures that agree with each other, are of the time that is named, and are never cut to other figures.

use std::time::Duration;

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use wallaroo::core::load::settings::LoadSettings;
use wallaroo::core::numbers::WorkerIndex;
use wallaroo::telemetry::{LoadShown, Snapshot, Throughput, TimeWindow, WorkerShown};

use super::support::stage::text_of;
use super::{UNICODE, go, open, press, voted};

/// A second of each rate from 1 to 400, and a 99th percentile that is another one in each time.
fn of_four_times(snapshot: &mut Snapshot) {
    snapshot.throughput = Throughput::of_seconds(1..=400);
    for (latency, shown) in [11.0, 22.0, 33.0, 44.0].into_iter().zip(&mut snapshot.latencies) {
        shown.summary.p99 = latency;
    }
}

#[test]
fn header_charts_and_percentiles_are_of_the_one_time_that_their_titles_name() {
    let mut stage = voted(120, 40, UNICODE);
    press(&mut stage, KeyCode::Esc);
    let wanted = [
        (TimeWindow::Minute, "22us", "min 341"),
        (TimeWindow::FiveMinutes, "33us", "min 101"),
        (TimeWindow::All, "44us", "min 1"),
        (TimeWindow::TenSeconds, "11us", "min 391"),
    ];
    for (window, p99, least) in wanted {
        stage.show_changed(of_four_times);
        let screen = stage.screen();
        let named = format!(" {} w ", window.name());
        let titles: Vec<&str> = screen.lines().filter(|line| line.contains(&named)).collect();
        assert!(
            matches!(titles[..], [first, second] if first.contains("3 Throughput") && second.contains("4 Latency")),
            "{named}\n{screen}"
        );
        // In the header and in the pane.
        assert_eq!(screen.lines().filter(|line| line.contains(p99)).count(), 2, "{p99}\n{screen}");
        let figures = screen.lines().find(|line| line.contains("now 400")).unwrap();
        assert!(figures.trim_end().ends_with(least), "{least}\n{screen}");
        stage.text("w");
    }
}

#[test]
fn dead_letters_are_counted_in_red_in_the_header() {
    let stage = voted(60, 18, UNICODE);
    let buffer = stage.draw();
    let screen = stage.screen();
    let header = screen.lines().next().unwrap();
    let at = header[..header.find("1 dead").unwrap()].chars().count();
    let cell = &buffer[(u16::try_from(at).unwrap(), 0)];
    assert_eq!(cell.fg, Color::Indexed(203), "{header}");
    assert!(cell.modifier.contains(Modifier::REVERSED), "{header}");
}

#[test]
fn the_header_leaves_out_whole_figures_and_never_a_part_of_one() {
    let settings = LoadSettings::default();
    let behind = Duration::from_millis(134);
    let load = LoadShown { settings, sent: 9, malformed: 0, behind, finding: None };
    let parts = [
        "alphabet",
        "RUNNING",
        "7 in",
        "6 out",
        "1 dead",
        "load 3.00k/s, 134ms late",
        "checkpoint, then 3 workers",
        "screen frozen",
        "6.86k msg/s",
        "▅▄▅▅▆▆▆▆▇█",
        "p99 74us",
        "0:03:03",
    ];
    let mut stage = voted(60, 18, UNICODE);
    press(&mut stage, KeyCode::Esc);
    stage.text("f");
    stage.show_changed(|snapshot| {
        snapshot.load = Some(load);
        snapshot.changing_to = Some(3);
    });
    for width in 60..=160 {
        let area = Rect::new(0, 0, width, 18);
        let mut buffer = Buffer::empty(area);
        stage.workbench.draw(area, &mut buffer);
        let screen = text_of(&buffer);
        let header = screen.lines().next().unwrap().to_owned();
        let rest = parts.iter().fold(header.clone(), |rest, part| rest.replacen(part, "", 1));
        assert_eq!(rest.trim(), "", "{width}: {header}");
        assert!(header.contains("1 dead") && header.contains("screen frozen"), "{width}: {header}");
    }
}

#[test]
fn the_shares_of_all_workers_are_on_the_screen() {
    let mut stage = voted(120, 40, UNICODE);
    stage.show_changed(|snapshot| {
        let worker = |at: usize| WorkerShown {
            worker: WorkerIndex(at),
            messages: at as u64 + 1,
            rate: 0,
            partitions: 1,
        };
        snapshot.workers = (0..12).map(worker).collect();
    });
    let screen = stage.screen();
    for worker in 0..12_u32 {
        let share = format!("{:.0}%", (f64::from(worker) + 1.0) / 78.0 * 100.0);
        let lane = screen.lines().skip(2).find(|line| {
            line.contains(&format!("worker {worker} ")) || line.contains(&format!("w{worker} "))
        });
        assert!(lane.is_some_and(|lane| lane.contains(&share)), "{worker} {share}\n{screen}");
    }
}

#[test]
fn a_rate_that_is_not_known_yet_is_told_from_none() {
    let mut stage = voted(120, 40, UNICODE);
    stage.show_changed(|snapshot| {
        for (row, rate) in snapshot.partitions.rows.iter_mut().zip([None, Some(0.0)]) {
            row.rate = rate;
            row.history = Vec::new();
        }
    });
    let screen = stage.screen();
    let rate = |key: &str| {
        let row = screen.lines().find(|line| line.starts_with(&format!(" {key} "))).unwrap();
        let before_the_share = row.split('%').next().unwrap();
        before_the_share.split_whitespace().rev().nth(1).unwrap().to_owned()
    };
    assert_eq!((rate("a").as_str(), rate("!").as_str()), ("…", "0"), "{screen}");
}

#[test]
fn a_list_without_the_keys_shows_its_newest_rows_and_one_that_is_scrolled_says_how_many_are_newer()
{
    for (pane, newest) in [('6', "a => 101"), ('5', "letter a, votes 100")] {
        let mut stage = open(120, 40, UNICODE);
        for vote in ["a 1", "b 1"] {
            stage.vote(vote);
        }
        go(&mut stage, pane);
        // The older one.
        press(&mut stage, KeyCode::Down);
        let older = stage.screen().lines().find(|line| line.starts_with('▌')).unwrap().to_owned();
        stage.text("i");
        for _ in 0..30 {
            stage.vote("c 1");
        }
        stage.vote("a 100");
        assert!(stage.screen().contains(newest), "{}", stage.screen());
        assert!(!stage.screen().contains("newer above"), "{}", stage.screen());
        // The selection has stayed on its row.
        go(&mut stage, pane);
        let screen = stage.screen();
        let selected = screen.lines().find(|line| line.starts_with('▌')).unwrap();
        assert_eq!(selected.split_whitespace().next(), older.split_whitespace().next(), "{screen}");
        assert!(screen.contains(" newer above "), "{screen}");
        assert!(!screen.contains(newest), "{screen}");
        press(&mut stage, KeyCode::Home);
        assert!(stage.screen().contains(newest) && !stage.screen().contains("newer above"));
    }
}

#[test]
fn a_selected_partition_that_is_out_of_sight_is_named_and_no_other_one_is_opened() {
    let mut stage = open(80, 24, UNICODE);
    for letter in 'a'..='z' {
        stage.vote(&format!("{letter} 7"));
    }
    go(&mut stage, '2');
    press(&mut stage, KeyCode::End);
    assert!(stage.screen().contains("\n▌z "), "{}", stage.screen());
    // The other order shows the first keys.
    stage.text("o");
    let mut sorted = 0;
    while !stage.screen().contains("key▴") {
        stage.text("o");
        sorted += 1;
        assert!(sorted < 20, "{}", stage.screen());
    }
    let screen = stage.screen();
    assert!(screen.contains("`z` is out of sight"), "{screen}");
    assert!(!screen.contains("\n▌"), "no other one is selected\n{screen}");
    press(&mut stage, KeyCode::Enter);
    let screen = stage.screen();
    assert!(!screen.contains("Partition a"), "{screen}");
    assert!(screen.contains("`z` is selected and out of sight"), "{screen}");
}
