//! The applications that come with the program: killed again and again, they end as if nobody had
//! disturbed them.

use crate::chance::{Chance, for_seeds};
use crate::folder::Folder;
use crate::support::program::run;

/// Writes random messages, and gives their path.
fn generate(folder: &Folder, app: &str, pipeline: &str, messages: u32) -> String {
    generate_with(folder, app, pipeline, messages, &[])
}

fn generate_with(
    folder: &Folder,
    app: &str,
    pipeline: &str,
    messages: u32,
    more: &[&str],
) -> String {
    let path = folder.path(pipeline);
    let messages = messages.to_string();
    let of = ["--app", app, "--pipeline", pipeline, "--messages", &messages, "--skew", "1"];
    run(["generate"].iter().chain(&of).chain(&["--out", &path]).chain(more)).succeeded();
    path
}

/// Runs undisturbed, and disturbed in another folder; `outputs` are the sinks' files.
fn crash(
    app: &str,
    inputs: &[&str],
    outputs: usize,
    more: &[&str],
    chance: &mut Chance,
) -> [Folder; 2] {
    let folders = [Folder::new(), Folder::new()];
    let options = |folder: &Folder| {
        let mut options: Vec<String> = more.iter().map(|word| (*word).to_owned()).collect();
        for input in inputs {
            options.extend(["--in".to_owned(), (*input).to_owned()]);
        }
        for output in 0..outputs {
            options.extend(["--out".to_owned(), folder.path(&format!("outputs{output}"))]);
        }
        options
    };
    let [undisturbed, disturbed] = &folders;
    let all = options(undisturbed);
    undisturbed.run(app, &all.iter().map(String::as_str).collect::<Vec<_>>()).succeeded();
    let all = options(disturbed);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    for _ in 0..3 + chance.below(4) {
        let workers = chance.one_of(&["1", "2", "3"]);
        let interval = chance.one_of(&["1ms", "5ms", "20ms"]);
        let often = ["--workers", workers, "--checkpoint-interval", interval];
        disturbed.run_and_kill(app, &[&all[..], &often].concat(), chance.delay());
    }
    disturbed
        .run(app, &[&all[..], &["--workers", chance.one_of(&["1", "2"])]].concat())
        .succeeded();
    let (expected, found) = (undisturbed.partitions(), disturbed.partitions());
    for (key, row) in &expected {
        assert_eq!(row["value"], found[key]["value"], "{key:?}");
        // Orders change nothing, and do not ask to be saved: nor is it saved that they were there.
        if app != "market_spread" {
            assert_eq!(row, &found[key]);
        }
    }
    assert_eq!(expected.len(), found.len());
    folders
}

/// The lines of a file, sorted.
fn lines(folder: &Folder) -> Vec<Vec<u8>> {
    let outputs = folder.read("outputs0");
    let mut lines: Vec<_> = outputs.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    lines.sort();
    lines
}

#[test]
fn word_count_counts_every_word_of_every_line_once() {
    let inputs = Folder::new();
    let input = generate(&inputs, "word_count", "lines", 4000);
    for_seeds(2, |chance| {
        // An output is a word with its count: each comes once.
        let folders = crash("word_count", &[&input], 1, &[], chance);
        let [undisturbed, disturbed] = folders.each_ref().map(lines);
        assert!(undisturbed == disturbed, "the outputs differ");
    });
}

#[test]
fn stations_have_every_measurement_of_a_file_of_lines_once() {
    let inputs = Folder::new();
    let input = generate(&inputs, "stations", "measurements", 20_000);
    for_seeds(4, |chance| {
        let folders = crash("stations", &[&input], 1, &[], chance);
        let [undisturbed, disturbed] = folders.each_ref().map(lines);
        assert!(undisturbed == disturbed, "the outputs differ");
    });
}

#[test]
fn an_application_without_a_state_writes_every_output_once() {
    for framing in ["header", "lines", "varint"] {
        let inputs = Folder::new();
        let input = generate_with(&inputs, "reverse", "texts", 30_000, &["--framing", framing]);
        for_seeds(2, |chance| {
            let [undisturbed, disturbed] =
                crash("reverse", &[&input], 1, &["--framing", framing], chance);
            // One connection, and no partitions: the order is the file's.
            let [expected, found] = [undisturbed, disturbed].map(|folder| folder.read("outputs0"));
            assert_eq!(expected.split(|byte| *byte == b'\n').count(), 30_001);
            assert!(expected == found, "the outputs differ with {framing}");
        });
    }
}

#[test]
fn declared_partitions_come_back_with_all_others() {
    let inputs = Folder::new();
    let input = generate(&inputs, "alphabet", "votes", 20_000);
    for_seeds(2, |chance| {
        let folders = crash("alphabet", &[&input], 1, &["--precreate"], chance);
        let [undisturbed, disturbed] = folders.each_ref().map(lines);
        assert!(undisturbed == disturbed, "the outputs differ");
        let never_voted_for = ("letter state".to_owned(), "!".to_owned());
        assert!(folders.iter().all(|folder| folder.partitions().contains_key(&never_voted_for)));
    });
}

#[test]
fn two_pipelines_of_different_length_share_a_state_that_is_right() {
    let inputs = Folder::new();
    let orders = generate(&inputs, "market_spread", "Orders", 500);
    let data = generate(&inputs, "market_spread", "Market Data", 20_000);
    for_seeds(2, |chance| {
        // Which orders are rejected depends on what came first: only the state is the same.
        let named = [format!("Orders={orders}"), format!("Market Data={data}")];
        crash("market_spread", &named.each_ref().map(String::as_str), 1, &["--precreate"], chance);
    });
}
