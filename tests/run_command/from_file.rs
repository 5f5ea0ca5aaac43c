//! `--config`: what an option says, a file can say.

use crate::Folder;
use crate::support::program::{Ended, run};

/// Three votes.
const VOTES: &[u8] = b"\0\0\0\x05a\0\0\0\x0a\0\0\0\x05b\0\0\0\x01\0\0\0\x05a\0\0\0\x05";

/// A folder with the votes, and a file of configuration in which `@` stands for the folder.
fn folder(options: &str) -> (Folder, String) {
    let folder = Folder::new();
    folder.write("votes.msg", VOTES);
    let text = options.replace('@', folder.root().to_str().unwrap());
    let file = folder.write("run.toml", text.as_bytes());
    (folder, file)
}

/// What is said of a file that is wrong, behind its name.
fn wrong(options: &str) -> String {
    let (_folder, file) = folder(options);
    let ended = run(["run", "--config", &file]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    let said = ended.stderr.trim_end();
    assert_eq!(said.lines().count(), 1, "{said}");
    said.split_once(&format!("{file}:")).unwrap_or_else(|| panic!("{said}")).1.to_owned()
}

#[test]
fn what_options_say_a_file_can_say() {
    let (folder, file) = folder(
        r#"
        theme = "mono" # of the workbench
        [run]
        app = "alphabet"
        workers = 2
        in = "@/votes.msg"
        out = ["votes=@/totals"]
        encoding = "binary"
        precreate = true
        json = true
        paused = true # of the workbench, too
        "#,
    );
    let totals = run(["run", "--config", &file]).succeeded().json();
    assert_eq!((&totals["workers"], &totals["messages_in"]), (&2.into(), &3.into()));
    assert_eq!(totals["partitions"], 27);
    assert_eq!(folder.read("totals").len(), 3 * 13);
}

#[test]
fn the_command_line_goes_before_the_file() {
    let (folder, file) = folder(
        r#"
        [run]
        app = "reverse"
        workers = 2
        in = "@/missing"
        out = ["@/unused", "@/one too many"]
        json = false
        "#,
    );
    let (votes, totals) = (folder.path("votes.msg"), folder.path("totals"));
    let arguments = ["--app", "alphabet", "--in", &votes, "--out", &totals, "--json"];
    let ended = run(["run", "--config", &file].iter().chain(&arguments)).succeeded().json();
    assert_eq!((&ended["app"], &ended["workers"]), (&"alphabet".into(), &2.into()));
    assert_eq!(folder.read("totals").len(), b"a => 10\nb => 1\na => 15\n".len());
    assert!(!folder.root().join("unused").exists());
}

#[test]
fn what_is_wrong_in_the_file_is_one_line_that_says_where_and_what() {
    for (options, said) in [
        ("[run]\n\nwrokers = 2", "3: unknown setting `run.wrokers`: did you mean `workers`?"),
        (
            "[run]\nworkers = 0",
            "2: invalid value '0' for '--workers <N>': give a number from 1 to ",
        ),
        ("[run]\nworkers = [1, 2]", "2: `workers` is one value, not a list"),
        ("[run]\njson = 1", "2: `json` is true or false"),
        ("[run]\nconfig = \"x\"", "2: unknown setting `run.config`"),
        ("[run]\nin = { a = 1 }", "2: `in` is a text in quotes, a number, true, false or a list"),
        ("run = 1", "1: `run` is a table: [run]"),
        ("[rum]", "1: unknown setting `rum`: did you mean `run`?"),
    ] {
        let found = wrong(options);
        assert!(found.starts_with(said), "{found}");
    }
    let durability = wrong("[run]\ndurability = \"paper\"");
    assert!(durability.contains("possible values: process, power"), "{durability}");
    // Also what the command line replaces.
    let (_folder, file) = folder("[run]\nworkers = -1");
    assert_eq!(
        run(["run", "--config", &file, "--workers", "1", "--app", "alphabet"]).code,
        Some(2)
    );
}

#[test]
fn a_file_without_an_application_or_a_missing_file_says_so() {
    let said = |ended: Ended| {
        assert_eq!(ended.code, Some(2));
        ended.stderr
    };
    let (_folder, file) = folder("[run]\n");
    assert!(said(run(["run", "--config", &file])).contains("which app?"));
    assert!(said(run(["run", "--config", "/nowhere/run.toml"])).contains("/nowhere/run.toml"));
    assert!(said(run(["run"])).contains("--app <NAME>"));
}

#[test]
fn the_workbench_takes_the_same_file() {
    let (_folder, file) = folder("[run]\napp = \"alphabet\"\nstate = \"@/state\"\n");
    let ended = run(["--config", &file]);
    assert!(ended.stderr.contains("the workbench needs a terminal"), "{}", ended.stderr);
}

#[test]
fn the_file_to_begin_with_has_every_option_and_its_default() {
    let template = run(["config"]).succeeded().text().to_owned();
    let template = template.split_once("\n#[run]\n").unwrap().1;
    let help =
        [&["run", "--help"][..], &["--help"]].map(|words| run(words).succeeded().text().to_owned());
    let options = help.iter().flat_map(|help| help.split_whitespace());
    for option in options.filter_map(|word| word.strip_prefix("--")) {
        let name = option.trim_end_matches(|character: char| !character.is_ascii_lowercase());
        let found = template.contains(&format!("\n#{name} = "));
        assert_eq!(found, !["config", "help", "version"].contains(&name), "{name}");
    }
    // With the defaults uncommented, it is what is true without it.
    let uncommented: Vec<&str> = template
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .filter(|line| !line.starts_with(' ') && !line.contains("\"[") && !line.contains("= \"N"))
        .filter(|line| {
            let names = ["FILE", "DIRECTORY", "ADDRESSES", "HOST:PORT", "TIME|BYTES"];
            !names.iter().any(|name| line.contains(name))
        })
        .collect();
    let text = format!("[run]\n{}", uncommented.join("\n"));
    let text = text.replace("app = \"NAME\"", "app = \"alphabet\"");
    let (folder, file) = folder(&text);
    let (votes, totals) = (folder.path("votes.msg"), folder.path("totals"));
    let files = ["--in", &votes, "--out", &totals, "--app", "alphabet"];
    let ended = run(["run", "--config", &file].iter().chain(&files)).succeeded();
    assert_eq!(folder.read("totals"), b"a => 10\nb => 1\na => 15\n", "{}", ended.stderr);
}

#[test]
fn the_example_of_the_packages_is_right() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/alphabet.toml");
    let (folder, _) = folder("");
    let [votes, totals, saved, dead] =
        ["votes.msg", "totals", "saved", "dead"].map(|name| folder.path(name));
    let files = ["--in", &votes, "--out", &totals, "--resilience-dir", &saved];
    let more = ["--dead-letters", &dead];
    let ended = run(["run", "--config", example].iter().chain(&files).chain(&more)).succeeded();
    assert!(ended.stderr.contains("alphabet: 3 messages in, 3 out"), "{}", ended.stderr);
}
