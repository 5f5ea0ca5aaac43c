//! What several processes cost: `cargo bench --bench processes`. Ratios of one run, on a quiet machine.
//!
//! The program is its own application: it starts itself as `run --app work --processes N`. A message is a key; its
//! computation takes no time, 1 us or 10 us. Compared are two workers in one process and one worker in each of two, the
//! bytes that cross per message, how long checkpoints hold the gate, and how long it takes from the death of a process
//! until all go on.

mod work;

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How often each is measured. The median counts.
const ROUNDS: usize = 3;

/// The number of keys.
const KEYS: u32 = 100_000;

/// The processes and workers of each that are compared.
const SHAPES: [(usize, usize); 4] = [(1, 1), (1, 2), (2, 1), (3, 1)];

fn main() -> ExitCode {
    if std::env::args().nth(1).is_some_and(|argument| argument == "run") {
        return wallaroo::main([work::app()]);
    }
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    println!(
        "work      processes x workers   messages/s    of 1 x 2   bytes/message over loopback"
    );
    for (takes, messages) in [("0us", 4_000_000), ("1us", 2_000_000), ("10us", 400_000)] {
        let input = folder.path().join(takes);
        fs::write(&input, work::frames(messages, KEYS))?;
        let mut runs: Vec<Vec<Run>> = SHAPES.iter().map(|_| Vec::new()).collect();
        for _ in 0..ROUNDS {
            for (shape, runs) in SHAPES.iter().zip(&mut runs) {
                runs.push(run(&input, takes, *shape, None)?);
            }
        }
        let medians: Vec<Run> = runs.into_iter().map(median).collect();
        let Some(base) = medians.get(1).map(|run| run.per_second) else { continue };
        for ((processes, workers), run) in SHAPES.iter().zip(&medians) {
            let (ratio, crossed) = (run.per_second / base, run.crossed / f64::from(messages));
            println!(
                "{takes:>5}  {processes:>14} x {workers}  {:>14.0}  {ratio:>10.2}  {crossed:>10.1}",
                run.per_second
            );
        }
    }
    holds(folder.path())?;
    deaths(folder.path())
}

/// What is known of a run.
struct Run {
    per_second: f64,
    /// Bytes that went over loopback meanwhile.
    crossed: f64,
}

fn median(mut runs: Vec<Run>) -> Run {
    runs.sort_by(|one, two| one.per_second.total_cmp(&two.per_second));
    runs.swap_remove(runs.len() / 2)
}

fn command(input: &Path, takes: &str, (processes, workers): (usize, usize)) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["run", "--app", "work", "--takes", takes, "--out", "null", "--json"]);
    command.arg("--in").arg(input);
    command.args(["--processes", &processes.to_string(), "--workers", &workers.to_string()]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
}

fn run(input: &Path, takes: &str, shape: (usize, usize), saved: Option<&Path>) -> io::Result<Run> {
    let mut command = command(input, takes, shape)?;
    if let Some(directory) = saved {
        command.arg("--resilience-dir").arg(directory);
        command.args(["--checkpoint-interval", "100ms"]);
    }
    let before = loopback()?;
    let output = command.output()?;
    let crossed = loopback()? - before;
    let errors = || String::from_utf8_lossy(&output.stderr).into_owned();
    let summary: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| io::Error::other(format!("{error}: {}", errors())))?;
    let per_second = summary.get("messages_per_second").and_then(Value::as_f64).unwrap_or_default();
    Ok(Run { per_second, crossed })
}

/// The bytes that have gone over loopback since the system started.
fn loopback() -> io::Result<f64> {
    let devices = fs::read_to_string("/proc/net/dev")?;
    let line = devices.lines().find_map(|line| line.trim().strip_prefix("lo:"));
    let received = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    received.ok_or_else(|| io::Error::other("there is no loopback device"))
}

/// How long checkpoints hold the gate, with 1, 2 and 3 processes.
fn holds(folder: &Path) -> io::Result<()> {
    println!("\nhold of a checkpoint: processes, median, longest");
    let input = folder.join("0us");
    for processes in 1..=3 {
        let saved = tempfile::tempdir()?;
        let log = folder.join(format!("log-{processes}"));
        let mut command = command(&input, "0us", (processes, 1))?;
        command.arg("--resilience-dir").arg(saved.path().join("saved"));
        command.args(["--checkpoint-interval", "100ms", "--log-level", "debug", "--log"]).arg(&log);
        command.output()?;
        let mut held: Vec<f64> = fs::read_to_string(&log)?
            .lines()
            .filter_map(|line| line.split("held for ").nth(1)?.split([',', ' ']).next())
            .filter_map(milliseconds)
            .collect();
        held.sort_by(f64::total_cmp);
        let (Some(median), Some(longest)) = (held.get(held.len() / 2), held.last()) else {
            return Err(io::Error::other("the log tells of no checkpoint"));
        };
        println!("{processes:>9}  {median:>8.1} ms  {longest:>8.1} ms");
    }
    Ok(())
}

/// A time as the log writes it, such as `398.5µs`.
fn milliseconds(text: &str) -> Option<f64> {
    let unit = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    let (number, unit) = text.split_at_checked(unit)?;
    let scale = match unit {
        "ns" => 1e-6,
        "µs" => 1e-3,
        "ms" => 1.0,
        "s" => 1e3,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * scale)
}

/// How long it takes from the death of a process until its run has recovered.
fn deaths(folder: &Path) -> io::Result<()> {
    println!("\nfrom the death of a process until all go on");
    let input = folder.join("10us");
    for _ in 0..ROUNDS {
        let saved = tempfile::tempdir()?;
        let mut command = command(&input, "10us", (2, 1))?;
        command.arg("--resilience-dir").arg(saved.path().join("saved"));
        command.args(["--checkpoint-interval", "100ms"]);
        let mut running = command.spawn()?;
        std::thread::sleep(Duration::from_millis(1500));
        let child = fs::read_to_string(format!("/proc/{0}/task/{0}/children", running.id()))?;
        let child = child.split_whitespace().next().unwrap_or_default().to_owned();
        let killed = Instant::now();
        Command::new("kill").args(["-9", &child]).status()?;
        let errors = running.stderr.take().map(io::BufReader::new);
        let recovered = errors
            .into_iter()
            .flat_map(io::BufRead::lines)
            .find_map(|line| line.ok().filter(|line| line.contains("recovered")));
        println!("  {:?}  {}", killed.elapsed(), recovered.unwrap_or_default());
        running.kill()?;
        running.wait()?;
    }
    Ok(())
}
