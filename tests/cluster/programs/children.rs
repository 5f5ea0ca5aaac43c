//! The processes of `--processes`: they live with process 0, and end with it.

use super::system::{children, has_ended, signal};
use crate::folder::Folder;
use crate::support::program::Running;
use crate::support::waiting::wait_until;

/// A run of so many processes that does not end by itself, and its children.
fn start(processes: usize, more: &[&str]) -> (Running, Vec<u32>) {
    let count = processes.to_string();
    let ends = ["--processes", &count, "--in", "tcp://127.0.0.1:0", "--out", "null"];
    let line = ["run", "--app", "alphabet"].iter().chain(&ends).chain(more);
    let running = Running::start(line);
    wait_until("the run", || running.said().contains("listening at "));
    let children = children(running.pid());
    assert_eq!(children.len(), processes - 1, "{}", running.said());
    (running, children)
}

fn all_end(children: &[u32]) {
    wait_until("the end of the children", || children.iter().all(|child| has_ended(*child)));
}

#[test]
fn children_end_with_process_0_however_it_ends() {
    let (running, children) = start(3, &[]);
    running.kill();
    all_end(&children);
    let (running, children) = start(3, &[]);
    running.signal("TERM");
    running.end().succeeded();
    assert!(children.iter().all(|child| has_ended(*child)), "all are reaped before the end");
}

#[test]
fn a_child_that_is_stopped_ends_with_process_0_too() {
    let (running, children) = start(2, &[]);
    signal("STOP", children[0]);
    running.kill();
    all_end(&children);
}

#[test]
fn without_a_directory_a_lost_child_ends_the_run() {
    let (running, children) = start(3, &[]);
    signal("KILL", children[1]);
    let ended = running.end();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    // How it has ended is said by another thread, if the run does not end before.
    assert!(ended.stderr.contains("wallaroo-tui: process 2 is lost"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("going on from the last checkpoint"), "{}", ended.stderr);
    assert!(children.iter().all(|child| has_ended(*child)), "all are reaped before the end");
}

#[test]
fn with_a_directory_a_lost_child_makes_the_run_begin_again_as_the_same_process() {
    let folder = Folder::new();
    let saved = folder.path("saved");
    let (running, first) = start(2, &["--resilience-dir", &saved]);
    signal("KILL", first[0]);
    let again = || running.said().matches("listening at ").count() == 2;
    wait_until("the run to begin again", again);
    assert!(running.said().contains("is lost"), "{}", running.said());
    wait_until("how it ended", || running.said().contains("process 1 has ended: signal: 9"));
    let second = children(running.pid());
    assert!(second.len() == 1 && second != first, "{second:?}");
    running.signal("TERM");
    running.end().succeeded();
    all_end(&second);
}
