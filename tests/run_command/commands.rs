//! The commands beside `run`.

use std::collections::BTreeMap;

use crate::support::program::run;

const COMMANDS: [&str; 8] =
    ["run", "send", "receive", "generate", "apps", "record", "replay", "diff"];

/// What `generate` writes to standard output.
fn generated(more: &[&str]) -> Vec<u8> {
    let arguments = ["generate", "--app", "alphabet", "--messages", "2000", "--out", "-"];
    run(arguments.iter().chain(more)).succeeded().stdout
}

#[test]
fn help_names_every_command_and_every_command_has_help() {
    let help = run(["--help"]).succeeded();
    for command in COMMANDS {
        let listed = help.text().lines().any(|line| line.trim_start().starts_with(command));
        assert!(listed, "{command} is not in:\n{}", help.text());
        assert!(run([command, "--help"]).succeeded().text().contains("Usage:"));
    }
}

#[test]
fn the_version_is_the_packages() {
    let expected = format!("wallaroo-tui {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(["--version"]).succeeded().text(), expected);
}

#[test]
fn apps_lists_the_wire_formats() {
    let text = run(["apps"]).succeeded();
    for word in ["alphabet: ", "1 byte letter, u32 big-endian votes", "a 10", "--encoding"] {
        assert!(text.text().contains(word), "{word} is not in:\n{}", text.text());
    }
    let apps = run(["apps", "--json"]).succeeded().json();
    let alphabet = apps.as_array().unwrap().iter().find(|app| app["name"] == "alphabet").unwrap();
    let pipeline = &alphabet["pipelines"][0];
    assert_eq!(pipeline["name"], "votes");
    assert_eq!(pipeline["in"], "1 byte letter, u32 big-endian votes");
    assert_eq!(pipeline["generator"], false);
    assert_eq!(pipeline["example"], "a 10");
    assert_eq!(pipeline["out"].as_array().unwrap().len(), 1);
    assert_eq!(alphabet["options"][0]["name"], "encoding");
}

#[test]
fn the_same_seed_generates_the_same_votes() {
    let votes = generated(&["--seed", "3"]);
    assert_eq!(votes.len(), 2000 * 9);
    assert!(votes.chunks_exact(9).all(|frame| frame.starts_with(&[0, 0, 0, 5])));
    assert!(votes == generated(&["--seed", "3"]));
    assert!(votes != generated(&["--seed", "4"]));
    assert!(generated(&[]) == generated(&["--seed", "0", "--skew", "0"]));
}

#[test]
fn skew_prefers_some_letters() {
    let most = |skew: &str| {
        let mut letters: BTreeMap<u8, usize> = BTreeMap::new();
        for frame in generated(&["--skew", skew]).chunks_exact(9) {
            *letters.entry(frame[4]).or_default() += 1;
        }
        letters.into_values().max().unwrap()
    };
    // Of 2,000: a twenty-sixth; about a quarter; nearly all.
    let (none, some, much) = (most("0"), most("1"), most("5"));
    assert!(none < 160 && some > 400 && much > 1800, "{none} {some} {much}");
    run(["generate", "--app", "alphabet", "--messages", "1", "--out", "-", "--skew=-1"])
        .failed(2, &["--skew"]);
}

#[test]
fn generate_names_the_pipelines_it_knows() {
    let arguments = ["generate", "--app", "alphabet", "--messages", "1", "--out", "-"];
    let unknown = arguments.iter().chain(&["--pipeline", "orders"]);
    run(unknown).failed(2, &["no such pipeline", "votes"]);
}

#[test]
fn completions_and_the_manual_know_commands_and_the_options_of_applications() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(["completions", shell]).succeeded();
        for word in ["wallaroo-tui", "generate", "encoding"] {
            assert!(script.text().contains(word), "{shell}: {word}");
        }
    }
    let manual = run(["man"]).succeeded();
    assert!(manual.text().contains(".TH wallaroo"), "{}", manual.text());
    assert_eq!(run(["completions", "abacus"]).code, Some(2));
}

#[test]
fn the_configuration_to_begin_with_is_printed_and_changes_nothing() {
    let template = run(["config"]).succeeded();
    assert!(template.text().contains("#theme = \"auto\""), "{}", template.text());
    assert!(template.text().contains("#quit = [\"q\", \"Ctrl-C\"]"), "{}", template.text());
}

#[test]
fn shells_complete_the_names_of_applications() {
    let script = run(["completions", "bash"]).succeeded();
    assert!(script.text().contains("alphabet reverse"), "{}", script.text());
}
