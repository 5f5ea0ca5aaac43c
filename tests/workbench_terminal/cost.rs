//! What an open workbench costs the engine: measured only if it is asked for, on a machine that does nothing else.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::PROGRAM;
use super::support::terminal::Terminal;
use super::support::waiting::wait_until;

/// How many votes each run processes.
const VOTES: u64 = 20_000_000;

/// How often the workbench and `run` take their turns.
const ROUNDS: usize = 7;

#[test]
#[ignore = "it measures: cargo test --release --test workbench_terminal cost -- --ignored --nocapture"]
fn an_open_workbench_at_full_load() {
    let folder = tempfile::tempdir().unwrap();
    let [votes, totals] = ["votes", "totals"].map(|name| folder.path().join(name));
    let generated = Command::new(PROGRAM)
        .args(["generate", "--app", "alphabet", "--out"])
        .arg(&votes)
        .args(["--messages", &VOTES.to_string()])
        .status();
    assert!(generated.unwrap().success());
    let file = |path: &Path| path.to_str().unwrap().to_owned();
    let (votes, written) = (file(&votes), file(&totals));
    for workers in ["1", "2"] {
        let arguments =
            ["--app", "alphabet", "--in", &votes, "--out", &written, "--workers", workers];
        // The workbench saves, too: both begin with nothing.
        let run = || {
            let saved = tempfile::tempdir().unwrap();
            let mut run = Command::new(PROGRAM);
            run.arg("run").args(arguments).arg("--resilience-dir").arg(saved.path());
            (run.stderr(Stdio::null()).spawn().unwrap(), saved)
        };
        assert!(run().0.wait().unwrap().success());
        let length = fs::metadata(&totals).unwrap().len();
        let took = || {
            wait_until("outputs", || size(&totals) > 0);
            let began = Instant::now();
            wait_until("all outputs", || size(&totals) == length);
            began.elapsed().as_secs_f64()
        };
        let mut ratios: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                fs::remove_file(&totals).unwrap();
                let (mut closed, _saved) = run();
                let without = took();
                assert!(closed.wait().unwrap().success());
                fs::remove_file(&totals).unwrap();
                let open = Terminal::start(PROGRAM, &arguments, 40, 120);
                let with = took();
                drop(open);
                without / with
            })
            .collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let [least, median, most] = [0, ROUNDS / 2, ROUNDS - 1].map(|place| ratios[place]);
        eprintln!("{workers} workers: {median:.2} of the speed without ({least:.2} to {most:.2})");
    }
}

/// The bytes of a file, 0 if there is none.
fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}
