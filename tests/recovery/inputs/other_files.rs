//! Files that are not what they were, and those that are nothing much.

use std::fs::{self, OpenOptions};
use std::io::Write;

use crate::folder::Folder;
use crate::support::frames::{vote, votes};

fn run(folder: &Folder, input: &str) -> (u64, u64) {
    let outputs = folder.path("outputs");
    let figures = folder.run("alphabet", &["--in", input, "--out", &outputs]).succeeded().json();
    (figures["messages_in"].as_u64().unwrap(), figures["dead_letters"].as_u64().unwrap())
}

fn append(path: &str, bytes: &[u8]) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

#[test]
fn a_file_goes_on_where_it_ended_also_inside_a_frame() {
    let folder = Folder::new();
    let input = folder.write("votes", b"");
    for _ in 0..2 {
        assert_eq!(run(&folder, &input), (0, 0), "it is empty");
    }
    append(&input, &votes([(b'a', 1), (b'a', 2)]));
    assert_eq!(run(&folder, &input), (2, 0));
    let whole = vote(b'a', 3);
    let (begin, end) = whole.split_at(5);
    append(&input, begin);
    for _ in 0..2 {
        assert_eq!(run(&folder, &input), (1, 1), "half a frame is a dead letter of each run");
    }
    append(&input, end);
    append(&input, &vote(b'b', 1));
    assert_eq!(run(&folder, &input), (2, 0));
    assert_eq!(run(&folder, &input), (0, 0));
    assert_eq!(folder.read("outputs"), b"a => 1\na => 3\na => 6\nb => 1\n");
}

#[test]
fn a_file_that_is_shorter_than_what_was_read_is_refused() {
    let folder = Folder::new();
    let input = folder.write("votes", votes([(b'a', 1), (b'a', 2)]));
    run(&folder, &input);
    let state = folder.read("state");
    folder.write("votes", vote(b'a', 1));
    let outputs = folder.path("outputs");
    let ends = ["--in", &input, "--out", &outputs];
    for _ in 0..2 {
        folder.run("alphabet", &ends).failed(1, &["votes has 9 bytes", "position is 18"]);
    }
    assert_eq!(folder.read("outputs"), b"a => 1\na => 3\n", "nothing has been changed");
    assert_eq!(folder.read("state"), state);
    folder.write("votes", votes([(b'a', 1), (b'a', 2), (b'a', 3)]));
    assert_eq!(run(&folder, &input), (1, 0));
}

#[test]
fn a_sink_file_that_somebody_has_cut_is_refused() {
    let folder = Folder::new();
    let input = folder.write("votes", votes([(b'a', 1), (b'a', 2)]));
    run(&folder, &input);
    let outputs = folder.write("outputs", b"a => 1\n");
    let ends = ["--in", &input, "--out", &outputs];
    folder.run("alphabet", &ends).failed(1, &["outputs has 7 bytes", "position is 14"]);
    assert_eq!(folder.read("outputs"), b"a => 1\n");
    fs::remove_file(&outputs).unwrap();
    folder.run("alphabet", &ends).failed(1, &["outputs has 0 bytes", "position is 14"]);
}

#[test]
fn another_file_is_read_from_its_beginning_and_the_first_one_then_goes_on() {
    let folder = Folder::new();
    let first = folder.write("first", vote(b'a', 1));
    let second = folder.write("second", votes([(b'a', 10), (b'a', 20)]));
    let mut positions = Vec::new();
    for _ in 0..3 {
        append(&first, &vote(b'a', 1));
        run(&folder, &first);
        append(&second, &vote(b'a', 10));
        run(&folder, &second);
        positions.push(folder.inspect()["positions"].as_array().unwrap().len());
    }
    assert_eq!(folder.partitions().values().next().unwrap()["value"]["votes"], 4 + 10 + 20 + 30);
    assert_eq!(positions, [3, 3, 3], "two sources and a sink");
}

#[test]
fn a_file_has_many_names_and_counts_once() {
    let folder = Folder::new();
    let input = folder.write("votes", vote(b'a', 1));
    let outputs = folder.path("outputs");
    run(&folder, &input);
    let root = folder.root();
    let name = root.file_name().unwrap().to_str().unwrap();
    let other = |file: &str| folder.path(&format!("../{name}/./{file}"));
    let ends = ["--in", &other("votes"), "--out", &other("outputs")];
    let figures = folder.run("alphabet", &ends).succeeded().json();
    assert_eq!(figures["messages_in"], 0);
    assert_eq!(fs::read(&outputs).unwrap(), b"a => 1\n");
}
