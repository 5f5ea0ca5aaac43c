//! The same for many sessions: one crate, one build.
//!
//! `EXPORTED_SESSIONS=1000 cargo test --test exported_tests -- --ignored` says how many sessions, 200 without it;
//! `EXPORTED_SEED` says which.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use wallaroo::core::replay::test_text::Expected;

use super::written;
use crate::sessions::random_sessions;

/// This package's folder.
const PACKAGE: &str = env!("CARGO_MANIFEST_DIR");

/// How many sessions there are without `EXPORTED_SESSIONS`.
const SESSIONS: u64 = 200;

/// What runs all tests and prints, of each kind, how many pass and how many fail.
const MAIN: &str = r#"
mod alphabet;
mod compiled;
mod scooters;

use compiled::{Tests, changed, mended, outcome, unchanged};

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let all: [(&str, &Tests); 4] = [
        ("as seen", unchanged::as_seen::ALL),
        ("otherwise", unchanged::otherwise::ALL),
        ("changed", changed::ALL),
        ("mended", mended::ALL),
    ];
    for (name, tests) in all {
        let (pass, fail) = outcome(tests);
        println!("{name}: {} pass, {} fail", pass.len(), fail.len());
    }
}
"#;

/// What only the tests' own dependencies make different in those of the library. Without it, Cargo would build all that
/// depends on these once more.
const MANIFEST: &str = r#"
[package]
name = "exported-sessions"
version = "0.1.0"
edition = "2024"

[dependencies]
wallaroo-tui = { path = PACKAGE }
serde = { version = "1", features = ["derive"] }
libc = { version = "0.2", features = ["extra_traits"] }
unicode-ident = "1"

[workspace]
"#;

fn number_of(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |number| number.parse().unwrap())
}

/// Writes a crate with the tests of so many sessions. Returns its folder.
fn write_crate(files: &[(&str, String)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exported-sessions");
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    let sources = folder.join("src");
    fs::create_dir_all(sources.join("alphabet")).unwrap();
    let package = Path::new(PACKAGE);
    fs::copy(package.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let manifest = MANIFEST.replace("PACKAGE", &format!("{PACKAGE:?}"));
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    for file in fs::read_dir(package.join("apps/alphabet")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), sources.join("alphabet").join(file.file_name())).unwrap();
    }
    for name in ["compiled.rs", "scooters.rs"] {
        fs::copy(package.join("tests/exported_tests").join(name), sources.join(name)).unwrap();
    }
    for (name, text) in files {
        fs::write(sources.join(name), text).unwrap();
    }
    folder
}

#[test]
#[ignore = "it compiles a crate of thousands of tests"]
fn the_tests_of_many_sessions_compile_and_pass_and_fail_as_they_say() {
    let (count, seed) = (number_of("EXPORTED_SESSIONS", SESSIONS), number_of("EXPORTED_SEED", 2));
    let sessions = random_sessions(seed, count);
    let folder = write_crate(&[
        ("main.rs", MAIN.to_owned()),
        ("as_seen.rs", written(&sessions, Expected::AsSeen)),
        ("otherwise.rs", written(&sessions, Expected::Otherwise)),
    ]);
    let target = concat!(env!("CARGO_TARGET_TMPDIR"), "/..");
    let ended = Command::new(env!("CARGO"))
        .args(["run", "-q"])
        .current_dir(&folder)
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", target)
        // As this package's own profile says.
        .env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{errors}");
    let can_be_mended = sessions.iter().filter(|session| session.only_panics()).count();
    let count = sessions.len();
    let expected = format!(
        "as seen: {count} pass, 0 fail\notherwise: 0 pass, {count} fail\nchanged: 0 pass, {count} fail\n\
         mended: {can_be_mended} pass, {} fail\n",
        count - can_be_mended
    );
    assert_eq!(String::from_utf8_lossy(&ended.stdout), expected);
}
