//! Whatever clients send and directories hold: nothing that is written does anything to a terminal.

use std::path::Path;
use std::sync::Arc;

use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::Settings;
use wallaroo::session::Session;
use wallaroo::{Application, Reason, Source};

use crate::Folder;
use crate::support::frames::frame;
use crate::support::hostile::{assert_harmless, words};
use crate::support::program::run;

#[test]
fn what_a_client_sends_does_nothing_to_a_terminal_that_shows_it() {
    let folder = Folder::new();
    let lines: Vec<u8> = words().iter().flat_map(|word| frame(word.as_bytes())).collect();
    // And a line that is not text, which is a dead letter.
    let input = folder.write("input", [lines, frame(b"\xff\x1b[2J\x9b")].concat());
    let (saved, state) = (folder.path("saved"), folder.path("state"));
    let (letters, log) = (folder.path("letters"), folder.path("log"));
    let files = ["--state", &state, "--dead-letters", &letters, "--log", &log];
    let ends = ["--in", &input, "--out", "null", "--resilience-dir", &saved, "--json"];
    let ended = run(["run", "--app", "word_count"].iter().chain(&ends).chain(&files)).succeeded();
    assert!(ended.json()["partitions"].as_u64().unwrap() > 30, "{}", ended.text());
    assert_harmless("run", &ended.stdout);
    assert_harmless("run's standard error", ended.stderr.as_bytes());
    for file in ["state", "letters", "log"] {
        assert_harmless(file, &folder.read(file));
    }
    // Still all of it: the words are there for a reader of the JSON.
    let rows = folder.json_lines("state");
    assert!(rows.iter().any(|row| row["value"]["word"].as_str().unwrap().contains('\u{202e}')));
    for more in [&[][..], &["--json"]] {
        let ended = run(["inspect", &saved].iter().chain(more)).succeeded();
        assert!(ended.text().contains("word"), "{}", ended.text());
        assert_harmless("inspect", &ended.stdout);
        assert_harmless("inspect's standard error", ended.stderr.as_bytes());
    }
    for more in [&[][..], &["--json"]] {
        assert_harmless("apps", &run(["apps"].iter().chain(more)).succeeded().stdout);
    }
}

#[test]
fn a_command_line_that_is_quoted_does_nothing_to_a_terminal() {
    for word in words().into_iter().filter(|word| !word.contains('\0')) {
        let ended = run(["run", "--workers", &word]);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains("invalid value"), "{}", ended.stderr);
        assert_harmless("a wrong command line", ended.stderr.as_bytes());
    }
}

/// Makes a directory of an application of this name, with a state of this name.
fn foreign(directory: &Path, name: &str) {
    let topology = Application::new(name)
        .pipeline(name, Source::new(|bytes: &[u8]| Ok::<_, Reason>(Some(bytes.to_vec()))))
        .to_state_partition(
            |_: Vec<u8>, (): &mut ()| (None::<u8>, true),
            |_: &wallaroo::Key| (),
            name,
            Vec::<u8>::clone,
        )
        .done()
        .build()
        .unwrap();
    let topology = Arc::new(topology);
    let resilience = Some(ResilienceSettings::new(directory.to_owned()));
    let settings = Settings { resilience, injectable: true, ..Settings::new(&topology) };
    drop(Session::start(topology, &settings, None).unwrap());
}

#[test]
fn the_names_in_a_directory_of_somebody_else_do_nothing_to_a_terminal() {
    let folder = Folder::new();
    let name = format!("\x1b]0;title\x07{}", words().concat());
    let saved = folder.path("saved");
    foreign(Path::new(&saved), &name);
    for more in [&[][..], &["--json"]] {
        let ended = run(["inspect", &saved].iter().chain(more)).succeeded();
        assert!(ended.text().contains("title"), "{}", ended.text());
        assert_harmless("inspect", &ended.stdout);
    }
    let ends = ["--in", "null", "--out", "null", "--resilience-dir", &saved];
    let refused = run(["run", "--app", "alphabet"].iter().chain(&ends));
    assert!(refused.stderr.contains("title"), "{}", refused.stderr);
    assert_harmless("the reason", refused.stderr.as_bytes());
    refused.failed(1, &["belongs to application"]);
    // An argument has no NUL.
    let name = name.replace('\0', "");
    let nobody = run(["run", "--app", name.as_str(), "--in", "null", "--out", "null"]);
    assert_harmless("an unknown application", nobody.stderr.as_bytes());
}
