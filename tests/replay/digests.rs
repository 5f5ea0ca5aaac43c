//! Digests of replays, and what `diff` says of them.

use crate::recorded::{record, replay, some_votes, write_votes};
use crate::support::folder::Folder;
use crate::support::program::{Ended, run};

/// Records these votes with two workers.
fn recorded(votes: &[(u8, u32)]) -> Folder {
    let folder = Folder::new();
    let input = write_votes(&folder, votes);
    record(&folder, "alphabet", &["--in", &input, "--out", "null", "--workers", "2"]);
    folder
}

/// Writes a digest of a replay.
fn digest(folder: &Folder, name: &str, more: &[&str]) -> (String, Ended) {
    let path = folder.path(name);
    let ended = replay(folder, "alphabet", &[&["--digest", &path], more].concat());
    (path, ended.succeeded())
}

fn diff(first: &str, second: &str, more: &[&str]) -> Ended {
    run(["diff", first, second].iter().chain(more))
}

#[test]
fn replays_of_one_program_are_equal() {
    let folder = recorded(&some_votes(5000));
    let (one, _) = digest(&folder, "one", &[]);
    let (other, _) = digest(&folder, "other", &[]);
    assert_eq!(folder.read("one"), folder.read("other"));
    let equal = diff(&one, &other, &[]).succeeded();
    assert!(equal.text().starts_with("equal at "), "{}", equal.text());
    assert_eq!(diff(&one, &other, &["--json"]).succeeded().json()["result"], "equal");
    // Also of a part that ends between two checkpoints.
    let (one, _) = digest(&folder, "one", &["--to", "2777"]);
    let (other, _) = digest(&folder, "other", &["--to", "2777"]);
    diff(&one, &other, &[]).succeeded();
}

#[test]
fn another_option_is_another_version_of_the_program() {
    let folder = recorded(&some_votes(3000));
    let (one, same) = digest(&folder, "one", &["--encoding", "text"]);
    assert!(!same.stderr.contains("warning"), "{}", same.stderr);
    let (other, warned) = digest(&folder, "other", &["--encoding", "binary"]);
    let warning = "was made with --encoding text, and this is a replay with --encoding binary";
    assert!(warned.stderr.contains(warning), "{}", warned.stderr);
    let different = diff(&one, &other, &[]);
    assert_eq!(different.code, Some(1));
    assert!(different.stderr.is_empty(), "{}", different.stderr);
    assert!(different.text().contains("outputs of votes"), "{}", different.text());
    let different = diff(&one, &other, &["--json"]);
    assert_eq!(different.code, Some(1));
    let json = different.json();
    assert_eq!((&json["result"], &json["what"]), (&"different".into(), &"outputs".into()));
}

#[test]
fn options_that_are_not_given_are_those_of_the_recording() {
    let folder = Folder::new();
    let (input, outputs) = (write_votes(&folder, &some_votes(300)), folder.path("outputs"));
    record(&folder, "alphabet", &["--in", &input, "--out", &outputs, "--encoding", "binary"]);
    let again = folder.path("outputs again");
    replay(&folder, "alphabet", &["--out", &again]).succeeded();
    assert!(folder.read("outputs again") == folder.read("outputs"));
}

#[test]
fn what_cannot_be_compared_is_neither_equal_nor_different() {
    let (folder, another) = (recorded(&some_votes(500)), recorded(&some_votes(499)));
    let (one, _) = digest(&folder, "one", &[]);
    let (other, _) = digest(&another, "other", &[]);
    diff(&one, &other, &[]).failed(2, &["replay the same"]);
    let json = diff(&one, &other, &["--json"]);
    assert_eq!((json.code, &json.json()["result"]), (Some(2), &"not_comparable".into()));
    let (part, _) = digest(&folder, "part", &["--to", "300"]);
    diff(&one, &part, &[]).failed(2, &["replay the same"]);
    diff(&one, &folder.path("nothing"), &[]).failed(2, &["nothing", "cannot be compared"]);
    diff(&folder.path("votes"), &one, &[]).failed(2, &["votes", "it is no digest"]);
    let mut cut = folder.read("one");
    cut.truncate(cut.len() / 2);
    let cut = folder.write("cut", cut);
    diff(&one, &cut, &[]).failed(2, &["cut cannot be compared"]);
}
