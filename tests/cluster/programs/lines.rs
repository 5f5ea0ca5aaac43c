//! What is wrong with a command line of several processes: one line that says what to do.

use super::machines::own_address;
use crate::folder::Folder;
use crate::support::program::{Ended, run};

fn run_alphabet(more: &[&str]) -> Ended {
    run(["run", "--app", "alphabet", "--in", "null", "--out", "null"].iter().chain(more))
}

#[test]
fn options_that_do_not_go_together_are_wrong_usage() {
    let folder = Folder::new();
    let (secret, missing) = (folder.write("secret", "a secret of these tests"), folder.path("x"));
    let at = own_address().to_string();
    let two = format!("{at},127.0.0.1:1");
    for (options, said) in [
        (&["--processes", "2", "--cluster", &two][..], "give one of them"),
        (&["--process", "1"], "--process is of use only with --cluster"),
        (&["--bind", "127.0.0.1:0"], "--bind is of use only with --cluster"),
        (&["--secret", &secret], "--secret is of use only with --control or --cluster"),
        (&["--processes", "2", "--workers", "129"], "give --workers 128 or less"),
        (&["--cluster", &two], "--cluster needs --secret"),
        (&["--cluster", &two, "--secret", &secret], "Give --process with its number"),
        (&["--cluster", &two, "--secret", &secret, "--process", "2"], "give 0 to 1"),
        (&["--cluster", "a,b", "--secret", &secret, "--process", "0"], "give HOST:PORT"),
        (&["--cluster", &format!("@{missing}"), "--secret", &secret], "No such file"),
        (&["--cluster", &two, "--secret", &missing, "--process", "1"], "No such file"),
        (&["--cluster", &two, "--secret", &secret, "--process", "1"], "run `chmod 600` on it"),
    ] {
        run_alphabet(options).failed(2, &[said]);
    }
}

#[test]
fn values_that_are_none_are_wrong_usage() {
    for options in [
        ["--processes", "0"],
        ["--processes", "65"],
        ["--process", "first"],
        ["--bind", "7100"],
        ["--patience", "1ms"],
        ["--patience", "soon"],
    ] {
        let ended = run_alphabet(&options);
        assert_eq!(ended.code, Some(2), "{options:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(options[0]), "{}", ended.stderr);
    }
}

#[test]
fn an_address_that_cannot_be_had_is_said_at_once() {
    let machines = super::machines::Machines::new(2, "alphabet");
    let listener = std::net::TcpListener::bind(machines.list().split(',').next().unwrap()).unwrap();
    for process in [0, 1] {
        let taken = listener.local_addr().unwrap().to_string();
        let line = machines.line(process, &["--in", "null", "--out", "null", "--bind", &taken]);
        run(line).failed(1, &["cannot listen at", &taken, "choose another port"]);
    }
    let line = machines.line(1, &["--in", "null", "--out", "null", "--bind", "192.0.2.1:0"]);
    run(line).failed(1, &["cannot listen at 192.0.2.1:0", "--bind"]);
}

#[test]
fn a_file_of_options_says_it_as_the_line_does() {
    let folder = Folder::new();
    let votes = folder.write("votes", b"\0\0\0\x05a\0\0\0\x0a");
    let text = format!("[run]\napp = \"alphabet\"\nin = {votes:?}\nout = \"null\"\njson = true\n");
    let one = folder.write("one.toml", format!("{text}processes = 1\n"));
    assert_eq!(run(["run", "--config", &one]).succeeded().json()["messages_in"], 1);
    let wrong = folder.write("wrong.toml", format!("{text}process = 1\n"));
    run(["run", "--config", &wrong]).failed(2, &["--process is of use only with --cluster"]);
    let inner = folder.write("inner.toml", format!("{text}parent = 1\n"));
    run(["run", "--config", &inner]).failed(2, &["unknown setting `run.parent`"]);
}
