//! Children of a process, with commands of the system in place of the program.

use std::io;
use std::process::Command;
use std::sync::{Arc, Mutex};

use wallaroo::cluster::children::{Children, Told};
use wallaroo::core::numbers::ProcessIndex;
use wallaroo::wire::secret::Secret;

use crate::support::waiting::wait_until;

/// What is heard of children, in order.
type Heard = Arc<Mutex<Vec<(usize, Told)>>>;

/// Starts children that run this script, in which `$0` is the number of the process.
fn start(processes: usize, script: &'static str) -> (io::Result<Children>, Heard) {
    let heard = Heard::default();
    let tell = Arc::clone(&heard);
    let command = |process: ProcessIndex| {
        let mut command = Command::new("sh");
        command.args(["-c", script, &process.to_string()]);
        command
    };
    let tell = move |process: ProcessIndex, told| tell.lock().unwrap().push((process.0, told));
    (Children::start(processes, &Secret::random(), command, tell), heard)
}

fn lines(heard: &Heard) -> Vec<(usize, String)> {
    let line = |(process, told): &(usize, Told)| match told {
        Told::Line(line) => Some((*process, line.clone())),
        Told::Ended(_) => None,
    };
    heard.lock().unwrap().iter().filter_map(line).collect()
}

/// Whether a process of this number lives.
fn lives(pid: u32) -> bool {
    Command::new("kill").args(["-0", &pid.to_string()]).status().unwrap().success()
}

#[test]
fn each_child_is_given_the_secret_and_its_lines_are_told_with_its_number() {
    let (children, heard) = start(3, "head -c 36 | wc -c >&2; echo of $0 >&2; exec cat");
    let children = children.unwrap();
    wait_until("four lines", || lines(&heard).len() == 4);
    for process in [1, 2] {
        let mut of_child = lines(&heard);
        of_child.retain(|(index, _)| *index == process);
        // A length of 4 bytes, and 32 of the secret.
        let said = ["36".to_owned(), format!("of {process}")].map(|line| (process, line));
        assert_eq!(of_child, said);
    }
    let pids: Vec<u32> = children.pids().into_iter().flatten().collect();
    assert!(pids.len() == 2 && pids.iter().all(|pid| lives(*pid)));
    drop(children);
    assert!(!pids.iter().any(|pid| lives(*pid)), "dropped children have ended");
    let heard = heard.lock().unwrap();
    assert!(heard.iter().all(|(_, told)| matches!(told, Told::Line(_))), "nobody ended by itself");
}

#[tokio::test]
async fn a_child_that_ends_by_itself_is_told_and_is_reaped() {
    let (children, heard) = start(3, "[ $0 = 1 ] && exec cat; exit 7");
    let children = children.unwrap();
    let (process, how) = children.one_has_ended().await;
    assert_eq!((process, how.code()), (ProcessIndex(2), Some(7)));
    wait_until("its end", || children.pids()[1].is_none());
    assert!(children.pids()[0].is_some());
    assert_eq!(*heard.lock().unwrap(), [(2, Told::Ended(how))]);
}

#[test]
fn children_end_if_one_of_them_cannot_be_started() {
    let command = |process: ProcessIndex| {
        let program = if process.0 == 1 { "cat" } else { "/no/such/program" };
        Command::new(program)
    };
    let failed = Children::start(3, &Secret::random(), command, |_, _| {}).unwrap_err();
    assert_eq!(failed.kind(), io::ErrorKind::NotFound);
}
