//! The README's moving picture: a vote on its way, what is refused, and load. All of it is the real
//! workbench on a real engine; the figures that depend on time are set.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyModifiers};
use wallaroo::core::load::settings::LoadSettings;
use wallaroo::telemetry::{LatencySummary, LoadShown, Snapshot, Throughput};
use wallaroo::workbench::svg::Scene;

use super::support::stage::Stage;

/// The messages of a step of the load, and how many such steps there are.
const STEP: u64 = 1_500;
const STEPS: u64 = 8;

/// A workbench that is filmed.
struct Film {
    stage: Stage,
    scenes: Vec<Scene>,
    /// Messages in each second so far.
    seconds: Vec<u64>,
    load: Option<LoadShown>,
}

impl Film {
    /// Sets what depends on time to what would be seen at this moment.
    fn steady(&mut self) {
        let (seconds, load) = (self.seconds.clone(), self.load);
        self.stage.show_changed(|snapshot| figures(snapshot, &seconds, load));
    }

    /// Shows the screen for so many milliseconds.
    fn shoot(&mut self, milliseconds: u64) {
        self.steady();
        let (screen, time) = (self.stage.draw(), Duration::from_millis(milliseconds));
        self.scenes.push(Scene { screen, time });
    }

    /// Types a line, a picture a key.
    fn type_slowly(&mut self, line: &str) {
        for character in line.chars() {
            self.stage.text(&character.to_string());
            self.shoot(130);
        }
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.stage.key(code, modifiers);
        self.seconds.push(0);
    }

    /// Types a line and Enter, and shows what comes of it.
    fn vote(&mut self, line: &str, milliseconds: u64) {
        self.stage.text(line);
        self.shoot(500);
        self.stage.key(KeyCode::Enter, KeyModifiers::NONE);
        self.seconds.push(1);
        self.shoot(milliseconds);
    }
}

/// The pictures.
pub fn scenes(stage: Stage) -> Vec<Scene> {
    let mut film = Film { stage, scenes: Vec::new(), seconds: vec![0; 5], load: None };
    film.shoot(1_200);
    film.type_slowly("a 10");
    film.stage.key(KeyCode::Enter, KeyModifiers::NONE);
    film.seconds.push(1);
    film.shoot(1_800);
    film.vote("b 40", 700);
    film.vote("a 5", 1_200);
    // What no decoder takes.
    film.stage.text("seven for q");
    film.shoot(1_200);
    film.key(KeyCode::Char('x'), KeyModifiers::CONTROL);
    film.shoot(1_800);
    film.key(KeyCode::Esc, KeyModifiers::NONE);
    film.stage.text("L");
    film.shoot(1_400);
    let settings = LoadSettings::default();
    let mut load =
        LoadShown { settings, sent: 0, malformed: 0, behind: Duration::ZERO, finding: None };
    for step in 1..=STEPS {
        film.stage.generate(STEP, step, 1.0);
        // One that is too short.
        film.stage.send(b"x\0\0\0");
        // A few one by one, so that the lists show the same ones every time.
        for (at, letter) in
            (1..).zip([b'e', b'b', b'a', b'c', b'a', b'd', b'a', b'b', b'f', b'a', b'c', b'a'])
        {
            film.stage.send(&[letter, 0, 0, 0, at]);
        }
        load.sent = step * (STEP + 13);
        load.malformed = step;
        film.load = Some(load);
        // Half a second each.
        if step % 2 == 1 {
            film.seconds.push(2 * (STEP + 13));
        }
        if step == 3 {
            film.stage.key(KeyCode::Esc, KeyModifiers::NONE);
        }
        film.shoot(500);
    }
    film.shoot(2_500);
    film.scenes
}

/// The figures of a moment: seconds, latency and rates that agree with what has been sent.
fn figures(snapshot: &mut Snapshot, seconds: &[u64], load: Option<LoadShown>) {
    snapshot.load = load;
    snapshot.uptime = Duration::from_secs(seconds.len() as u64);
    snapshot.throughput = Throughput::of_seconds(seconds.iter().copied());
    let all = snapshot.totals.messages_in.max(1);
    let count = snapshot.totals.messages_out;
    let slower = if load.is_some() { 3.0 } else { 1.0 };
    let summary = LatencySummary {
        p50: 41.0 * slower,
        p90: 78.0 * slower,
        p99: 98.0 * slower,
        p999: 110.0 * slower,
        max: 112.0 * slower,
        count,
    };
    let shares = if load.is_some() { [0, 0, 1, 5, 71, 23] } else { [0, 0, 0, 70, 30, 0] };
    for shown in &mut snapshot.latencies {
        let mut left = count;
        for (bar, share) in shown.bars.iter_mut().zip(shares) {
            bar.count = (count * share / 100).min(left);
            left -= bar.count;
        }
        shown.summary = summary;
    }
    for worker in &mut snapshot.workers {
        worker.rate = snapshot.throughput.last() * worker.messages / all;
    }
    let rate = if load.is_some() { 3_000.0 } else { 0.0 };
    for row in &mut snapshot.partitions.rows {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let share = row.row.messages as f64 / all as f64;
        row.rate = Some(rate * share);
    }
}
