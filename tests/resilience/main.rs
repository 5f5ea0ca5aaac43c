//! Real directories of checkpoints and journals: what was written comes back, whatever happens.
//!
//! `RESILIENCE_CASES=N` makes the random tests try N cases; each failure names its seed, and
//! `RESILIENCE_SEED=S` begins with that one.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "the helpers of a test may fail where the test itself may, and its numbers are small"
)]

#[path = "../support/mod.rs"]
mod support;

mod checkpoints;
mod damage;
mod directories;
mod disk_full;
mod emptying;
mod golden;
#[cfg(feature = "workbench")]
mod inspecting;
mod journals;
mod recovered;
mod row_files;
mod starts;
mod world;

/// How many random cases, and the seed of the first.
fn cases(usual: u64) -> impl Iterator<Item = u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("RESILIENCE_SEED").unwrap_or(0);
    first..first + number("RESILIENCE_CASES").unwrap_or(usual)
}

/// Runs this test again in a process of its own, which a shell line starts as `"$@"`. `None` in that
/// process; otherwise whether the shell line succeeded.
fn in_a_process_of_its_own(test: &str, shell: &str) -> Option<std::process::Output> {
    const INNER: &str = "RESILIENCE_INNER";
    if std::env::var_os(INNER).is_some() {
        return None;
    }
    let program = std::env::current_exe().unwrap();
    let mut command = std::process::Command::new("sh");
    command.args(["-c", shell, "sh"]).arg(program).args(["--exact", test, "--nocapture"]);
    Some(command.env(INNER, "1").output().unwrap())
}
