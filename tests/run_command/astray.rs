//! Files that another program removes, replaces or cuts while a run writes to them, and files that must not
//! be written at all.

use std::fs;
use std::io::Write;
use std::net::TcpStream;

use crate::Folder;
use crate::support::frames::vote;
use crate::support::program::{Running, run};
use crate::support::waiting::wait_until;

/// An alphabet that listens, and writes to `out`.
fn listening(out: &str, more: &[&str]) -> (Running, TcpStream) {
    let ends = ["run", "--app", "alphabet", "--in", "tcp://127.0.0.1:0", "--out", out];
    let running = Running::start(ends.iter().chain(more));
    let client = TcpStream::connect(running.address()).unwrap();
    (running, client)
}

/// Votes until something holds.
fn vote_until(client: &mut TcpStream, what: &str, mut wanted: impl FnMut() -> bool) {
    wait_until(what, || {
        // The run may have ended by now.
        let _ = client.write_all(&vote(b'a', 1));
        wanted()
    });
}

/// The number of the last checkpoint that counts.
fn checkpoint(saved: &str) -> u64 {
    let found = run(["inspect", saved, "--json"]);
    if found.code == Some(0) {
        found.json()["checkpoint"]["epoch"].as_u64().unwrap_or(0)
    } else {
        0
    }
}

#[test]
fn an_output_that_is_removed_replaced_or_cut_ends_a_run_that_counts_on_it() {
    type Change = fn(&str);
    let changes: [(Change, &str); 4] = [
        (|out| fs::remove_file(out).unwrap(), "was removed while it is written"),
        (|out| fs::rename(format!("{out}.other"), out).unwrap(), "is another file now"),
        (|out| fs::File::options().write(true).open(out).unwrap().set_len(1).unwrap(), "was cut"),
        (
            |out| {
                let mut other = fs::File::options().append(true).open(out).unwrap();
                other.write_all(b"not ours\n").unwrap();
            },
            "is written by another program",
        ),
    ];
    for (change, words) in changes {
        let folder = Folder::new();
        let (out, saved) = (folder.path("out"), folder.path("saved"));
        folder.write("out.other", b"of somebody else");
        let more = ["--resilience-dir", &saved, "--checkpoint-interval", "1ms"];
        let (mut running, mut client) = listening(&out, &more);
        vote_until(&mut client, "outputs", || folder.read("out").len() > 20);
        change(&out);
        vote_until(&mut client, "the end of the run", || running.has_ended());
        let ended = running.end();
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        let last = ended.stderr.lines().last().unwrap();
        assert!(last.contains("cannot write to file:") && last.contains(words), "{last}");
        assert!(last.contains("bring it back"), "{last}");
    }
}

#[test]
fn an_output_that_is_removed_is_told_by_a_run_that_saves_nothing_and_goes_on() {
    let folder = Folder::new();
    let out = folder.path("out");
    let (running, mut client) = listening(&out, &[]);
    vote_until(&mut client, "outputs", || folder.read("out").len() > 20);
    fs::rename(&out, folder.path("rotated")).unwrap();
    let words = "was removed while it is written";
    vote_until(&mut client, "a warning", || running.said().contains(words));
    let length = folder.read("rotated").len();
    vote_until(&mut client, "more outputs", || folder.read("rotated").len() > length + 100);
    drop(client);
    running.signal("TERM");
    assert_eq!(running.end().succeeded().stderr.matches(words).count(), 1);
}

#[test]
fn an_output_that_goes_astray_in_one_way_after_another_is_told_each_time() {
    let folder = Folder::new();
    let out = folder.path("out");
    let (running, mut client) = listening(&out, &[]);
    vote_until(&mut client, "outputs", || folder.read("out").len() > 20);
    let mut other = fs::File::options().append(true).open(&out).unwrap();
    other.write_all(b"not ours\n").unwrap();
    let words = ["is written by another program", "was removed while it is written"];
    vote_until(&mut client, "a warning", || running.said().contains(words[0]));
    fs::remove_file(&out).unwrap();
    vote_until(&mut client, "a warning", || running.said().contains(words[1]));
    drop(client);
    running.signal("TERM");
    let said = running.end().succeeded().stderr;
    assert_eq!(words.map(|words| said.matches(words).count()), [1, 1], "{said}");
}

#[test]
fn a_resilience_directory_that_is_removed_ends_the_run() {
    let folder = Folder::new();
    let (out, saved) = (folder.path("out"), folder.path("saved"));
    let more = ["--resilience-dir", &saved, "--checkpoint-interval", "1ms"];
    let (mut running, mut client) = listening(&out, &more);
    // From then on nothing but a checkpoint looks at it.
    vote_until(&mut client, "a checkpoint", || checkpoint(&saved) > 0);
    fs::remove_dir_all(&saved).unwrap();
    vote_until(&mut client, "the end of the run", || running.has_ended());
    let ended = running.end();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let last = ended.stderr.lines().last().unwrap();
    assert!(last.contains("was removed or replaced while it was in use"), "{last}");
}

#[test]
fn a_file_that_another_run_writes_is_refused() {
    let folder = Folder::new();
    let [out, letters, other] = ["out", "letters", "other"].map(|name| folder.path(name));
    let (running, mut client) = listening(&out, &["--dead-letters", &letters]);
    vote_until(&mut client, "outputs", || folder.read("out").len() > 20);
    let ends = ["run", "--app", "alphabet", "--in", "null", "--out"];
    let words = ["cannot write", "another run writes to it"];
    run(ends.iter().chain(&[&*out])).failed(1, &words);
    run(ends.iter().chain(&[&*other, "--dead-letters", &letters])).failed(1, &words);
    run(ends.iter().chain(&["null", "--state", &out])).failed(1, &words);
    let generate = ["generate", "--app", "alphabet", "--messages", "1", "--out"];
    run(generate.iter().chain(&[&*out])).failed(1, &words);
    assert!(folder.read("out").starts_with(b"a => 1\n"));
    running.signal("TERM");
    running.end().succeeded();
    // The end of the other is all that it takes.
    run(ends.iter().chain(&[&*out, "--dead-letters", &letters])).succeeded();
}

#[test]
fn a_file_in_the_resilience_directory_is_refused_and_stays_as_it_is() {
    let folder = Folder::new();
    let saved = folder.path("saved");
    let run_with = |more: &[&str]| {
        run(["run", "--app", "alphabet", "--resilience-dir", &saved].iter().chain(more))
    };
    // Also if it is not there yet.
    let new = folder.path("saved/new");
    let ends = ["--in", "null", "--out", "null"];
    for option in ["--state", "--dead-letters", "--log"] {
        run_with(&[&ends[..], &[option, &new]].concat())
            .failed(2, &[option, "is in the resilience directory"]);
    }
    assert!(!std::path::Path::new(&saved).exists());
    run_with(&ends).succeeded();
    let journal = folder.path("saved/journal.sqlite");
    let linked = folder.path("linked");
    fs::hard_link(&journal, &linked).unwrap();
    let before = folder.read("saved/journal.sqlite");
    for path in [&journal, &linked, &new] {
        let words = ["is in the resilience directory"];
        for option in ["--state", "--dead-letters", "--log"] {
            run_with(&[&ends[..], &[option, path]].concat()).failed(2, &words);
        }
        run_with(&["--in", "null", "--out", path])
            .failed(1, &["it is in the resilience directory"]);
        run_with(&["--in", path, "--out", "null"])
            .failed(1, &["it is in the resilience directory"]);
    }
    assert_eq!(folder.read("saved/journal.sqlite"), before);
    assert!(!std::path::Path::new(&new).exists());
}
