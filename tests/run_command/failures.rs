//! How the program fails: its exit status, and one line that says what and what to do.

use std::net::TcpListener;

use crate::support::program::run;
use crate::{Folder, fixture};

/// Runs the alphabet with these arguments more.
fn run_alphabet(more: &[&str]) -> crate::support::program::Ended {
    run(["run", "--app", "alphabet"].iter().chain(more))
}

#[test]
fn an_unknown_app_lists_the_known_ones() {
    let words = ["unknown app `alphabeth`", "known apps: alphabet", "did you mean `alphabet`?"];
    run(["run", "--app", "alphabeth", "--in", "null", "--out", "null"]).failed(2, &words);
    run(["generate", "--app", "alphabeth", "--messages", "1", "--out", "-"]).failed(2, &words);
    run(["--app", "alphabeth"]).failed(2, &words);
}

#[test]
fn missing_surplus_and_wrong_endpoints_are_wrong_usage() {
    run_alphabet(&["--out", "null"]).failed(2, &["--in is missing", "`votes`"]);
    run_alphabet(&["--in", "null"]).failed(2, &["--out is missing", "`votes`"]);
    let ends = ["--in", "null", "--out", "null"];
    let with = |more: &[&'static str]| run_alphabet(&[&ends[..], more].concat());
    with(&["--in", "null"]).failed(2, &["--in is given too often"]);
    run_alphabet(&["--in", "kafka://x:1", "--out", "null"]).failed(2, &["--in", "kafka://x:1"]);
    run_alphabet(&["--in", "null", "--out", "tcp://localhost"]).failed(2, &["--out", "no port"]);
    run_alphabet(&["--in", "votes=null", "--in", "votes=-", "--out", "null"])
        .failed(2, &["--in is given too often for pipeline `votes`"]);
}

#[test]
fn arguments_that_are_none_are_wrong_usage() {
    for arguments in [
        &["run", "--in", "null", "--out", "null"][..],
        &["run", "--app", "alphabet", "--workers", "0"],
        &["run", "--app", "alphabet", "--workers", "257"],
        &["run", "--app", "alphabet", "--workers", "18446744073709551615"],
        &["run", "--app", "alphabet", "--encoding", "morse"],
        &["run", "--app", "alphabet", "--frame-limit", "0"],
        &["run", "--app", "alphabet", "--frame-limit", "2GiB"],
        &["run", "--app", "alphabet", "--connections", "0"],
        &["walk"],
    ] {
        let ended = run(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
    }
}

#[test]
fn an_input_that_cannot_be_read_is_named() {
    let folder = Folder::new();
    let missing = folder.path("missing.msg");
    run_alphabet(&["--in", &missing, "--out", "null"])
        .failed(1, &["cannot read", &missing, "No such file"]);
    run_alphabet(&["--in", &folder.path(""), "--out", "null"])
        .failed(1, &["cannot read", "directory"]);
    let socket = folder.path("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    run_alphabet(&["--in", &socket, "--out", "null"])
        .failed(1, &["cannot read", &socket, "No such device"]);
    run_alphabet(&["--in", "7010", "--out", "null"])
        .failed(1, &["file:7010", "No such file", "a port is written with a colon before it"]);
}

#[cfg(target_os = "linux")]
#[test]
fn an_input_that_cannot_be_read_any_further_is_named() {
    // A process's own memory can be opened, and not be read at its beginning.
    run_alphabet(&["--in", "/proc/self/mem", "--out", "null"])
        .failed(1, &["cannot read any further", "/proc/self/mem"]);
}

#[test]
fn an_output_that_cannot_be_made_is_named() {
    let folder = Folder::new();
    let path = folder.path("missing/file");
    let words = ["cannot write", &path, "No such file"];
    run_alphabet(&["--in", "null", "--out", &path]).failed(1, &words);
    for option in ["--state", "--dead-letters"] {
        run_alphabet(&["--in", "null", "--out", "null", option, &path]).failed(1, &words);
    }
    run(["generate", "--app", "alphabet", "--messages", "1", "--out", &path]).failed(1, &words);
}

#[test]
fn an_output_that_would_empty_its_input_is_refused() {
    let folder = Folder::new();
    let votes = folder.write("votes.msg", b"votes");
    let same = folder.path("./votes.msg");
    run_alphabet(&["--in", &votes, "--out", &same]).failed(1, &["cannot write", "also an input"]);
    assert_eq!(folder.read("votes.msg"), b"votes");
}

#[test]
fn a_run_that_cannot_start_leaves_all_files_as_they_were() {
    let folder = Folder::new();
    let names = ["out", "state", "letters"];
    let [out, state, letters] = names.map(|name| folder.write(name, b"before"));
    let files = ["--state", &state, "--dead-letters", &letters, "--out", &out];
    let missing = folder.path("missing.msg");
    run_alphabet(&[&files[..], &["--in", &missing]].concat()).failed(1, &["cannot read"]);
    for name in names {
        assert_eq!(folder.read(name), b"before", "{name}");
    }
    run_alphabet(&[&files[..], &["--in", "null"]].concat()).succeeded();
    for name in names {
        assert_eq!(folder.read(name), b"", "{name}");
    }
}

#[test]
fn a_file_that_is_named_twice_is_refused() {
    let folder = Folder::new();
    let votes = folder.write("votes.msg", b"votes");
    let link = folder.path("link");
    std::fs::hard_link(&votes, &link).unwrap();
    let (out, new) = (folder.path("out"), folder.path("new"));
    let refused = |more: &[&str], words: &[&str]| {
        run_alphabet(&[&["--in", &votes, "--out", &out], more].concat()).failed(2, words);
    };
    refused(&["--state", &link], &["--state and --in name the same file", &link]);
    refused(&["--dead-letters", &votes], &["--dead-letters and --in name the same file"]);
    refused(&["--state", &out], &["--state and --out name the same file"]);
    refused(&["--state", &new, "--dead-letters", &new], &["--dead-letters and --state"]);
    assert_eq!(folder.read("votes.msg"), b"votes");
}

#[test]
fn a_full_disk_fails_the_run() {
    let input = fixture("votes.msg");
    let input = input.to_str().unwrap();
    run_alphabet(&["--in", input, "--out", "/dev/full"]).failed(1, &["/dev/full", "No space"]);
    run_alphabet(&["--in", input, "--out", "null", "--state", "/dev/full"])
        .failed(1, &["/dev/full", "No space"]);
    let folder = Folder::new();
    let broken = folder.write("broken", b"\0\0\0\x01x");
    let full = ["--dead-letters", "/dev/full", "--log-level", "error"];
    let ended = run_alphabet(&[&["--in", &broken, "--out", "null", "--json"], &full[..]].concat());
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert_eq!(ended.json()["dead_letters_lost"], 1);
    // While it happens, and at the end.
    let lines: Vec<_> = ended.stderr.lines().collect();
    let at_once = "error: cannot write dead letters to /dev/full: No space left";
    assert!(lines[0].starts_with(at_once), "{}", ended.stderr);
    assert!(lines[1].starts_with("error: 1 dead letter lost: /dev/full: No space"), "{lines:?}");
    let last = "wallaroo-tui: cannot write all dead letters to their file: /dev/full: No space";
    assert!(lines[2].starts_with(last) && lines.len() == 3, "{lines:?}");
}

#[test]
fn a_port_in_use_says_so() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", other.local_addr().unwrap());
    run_alphabet(&["--in", &address, "--out", "null"]).failed(
        1,
        &["cannot read from", &address, "something else listens there: choose another port"],
    );
}

#[test]
fn an_address_of_another_machine_says_so() {
    // An address that is kept for documents: no machine has it.
    run_alphabet(&["--in", "192.0.2.1:7010", "--out", "null"])
        .failed(1, &["cannot read from tcp://192.0.2.1:7010", "no such address", "127.0.0.1"]);
}

#[test]
fn a_sink_where_nobody_can_ever_listen_says_so() {
    // A top-level domain that is reserved to be none.
    run_alphabet(&["--in", "null", "--out", "tcp://receiver.invalid:7002"])
        .failed(1, &["cannot write to", "receiver.invalid:7002", "check the name of the host"]);
    run_alphabet(&["--in", "null", "--out", "tcp://127.0.0.1:0"])
        .failed(1, &["cannot write to", "127.0.0.1:0", "nobody listens at port 0"]);
}

#[test]
fn without_a_terminal_the_workbench_names_run() {
    run(["--app", "alphabet"]).failed(2, &["needs a terminal", "wallaroo-tui run"]);
    run([] as [&str; 0]).failed(2, &["--app", "alphabet"]);
}
