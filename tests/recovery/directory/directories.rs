//! Directories that cannot be used: one clear line, exit status 1, and nothing is changed.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::process::Command;

use crate::folder::Folder;
use crate::support::frames::{frame, vote};
use crate::support::program::{PROGRAM, Running, run};
use crate::support::waiting::wait_until;

#[test]
fn a_directory_serves_one_process_and_one_application() {
    let folder = Folder::new();
    let input = folder.write("votes", vote(b'a', 1));
    let (first, second) = (folder.path("first"), folder.path("second"));
    let command = folder.command("alphabet", &["--in", "tcp://127.0.0.1:0", "--out", &first]);
    let running = Running::start(command);
    let mut client = TcpStream::connect(running.address()).unwrap();
    client.write_all(&vote(b'a', 1)).unwrap();
    wait_until("the output", || folder.read("first") == b"a => 1\n");

    folder.write("second", b"of somebody else");
    let ends = ["--in", &input, "--out", &second];
    let again = ["run", "--app", "alphabet", "--resilience-dir", &folder.path("saved")];
    run(again.iter().chain(&ends)).failed(1, &["saved is in use by another process"]);
    assert_eq!(folder.read("second"), b"of somebody else");
    // The very same command is refused, too: for the file that the first one writes its states to.
    folder.run("alphabet", &ends).failed(1, &["cannot write", "another run writes to it"]);
    assert_eq!(folder.read("second"), b"of somebody else");
    let inspected = folder.inspect();
    assert_eq!(inspected["application"], "alphabet");
    // The process that dies lets go of it.
    drop(running.kill());
    folder.run("word_count", &ends).failed(1, &["belongs to application `alphabet`"]);
    assert_eq!(folder.read("second"), b"of somebody else");
    folder.run("alphabet", &["--in", "null", "--out", &first]).succeeded();
    assert_eq!(folder.read("first"), b"a => 1\n");
}

#[test]
fn what_is_no_directory_or_may_not_be_written_is_refused() {
    let folder = Folder::new();
    let input = folder.write("votes", vote(b'a', 1));
    let outputs = folder.write("outputs", b"as it was");
    let file = folder.write("file", b"");
    let inside = folder.path("file/inside");
    for directory in [&*file, &*inside, "/proc/none/such"] {
        let ends = ["--in", &input, "--out", &outputs, "--resilience-dir", directory];
        run(["run", "--app", "alphabet"].iter().chain(&ends)).failed(1, &["cannot use", directory]);
    }
    assert_eq!(folder.read("outputs"), b"as it was");
}

/// Lines of words that had not come before.
fn new_words(count: u32) -> Vec<u8> {
    let line = |at: u32| frame(format!("first{at} second{at} third{at}").as_bytes());
    (0..count).flat_map(line).collect()
}

#[test]
fn a_run_that_finds_the_disk_full_goes_on_when_there_is_room() {
    let folder = Folder::new();
    let input = folder.write("lines", new_words(20_000));
    let (outputs, small) = (folder.path("outputs"), folder.path("small"));
    fs::create_dir(&small).unwrap();
    let run = |state: &str| {
        format!(
            "'{PROGRAM}' run --app word_count --in '{input}' --out '{outputs}' \
             --checkpoint-interval 1ms --resilience-dir '{small}/saved' --state '{state}'"
        )
    };
    let (full, state) = (run(&folder.path("nothing")), run(&folder.path("state")));
    // A small disk that only this process sees.
    let script = format!(
        "mount -t tmpfs -o size=1500k none '{small}' || exit 77
         {full} 2> '{small}-said'; echo $? >> '{small}-code'
         {full} 2>> '{small}-said'; echo $? >> '{small}-code'
         mount -o remount,size=200m '{small}' && {state}"
    );
    let mut shell = Command::new("unshare");
    shell.args(["--map-root-user", "--mount", "sh", "-c", &script]);
    match shell.output() {
        Ok(output) if output.status.success() => {}
        output => return println!("skipped: no small disk can be mounted here: {output:?}"),
    }
    assert_eq!(folder.read("small-code"), b"1\n1\n");
    let said = String::from_utf8(folder.read("small-said")).unwrap();
    assert!(said.lines().count() == 2 && said.matches("full").count() == 2, "{said}");
    // Each word came once.
    let mut lines = folder.read("outputs").split(|byte| *byte == b'\n').count() - 1;
    assert_eq!(lines, 60_000);
    lines = folder.json_lines("state").len();
    assert_eq!(lines, 60_000);
}

#[test]
fn a_run_that_may_write_no_more_says_which_file_and_goes_on_later() {
    let folder = Folder::new();
    let input = folder.write("lines", new_words(20_000));
    let ends = ["--in", &input, "--out", "null", "--checkpoint-interval", "1ms"];
    let command = folder.command("word_count", &ends);
    // The max kilobytes per file.
    let limited = ["-c", "trap '' XFSZ; ulimit -f 1000; exec \"$@\"", "bash", PROGRAM];
    let output = Command::new("bash").args(limited).args(&command).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.lines().count() == 1 && said.contains("cannot use"), "{said}");
    folder.run("word_count", &ends).succeeded();
    let rows = folder.json_lines("state");
    assert_eq!(rows.len(), 60_000);
    assert!(rows.iter().all(|row| row["messages"] == 1));
}

#[test]
fn what_else_ends_a_run_is_said_and_not_that_checkpoints_end_with_it() {
    let folder = Folder::new();
    let votes: Vec<u8> = (0..20_000).flat_map(|_| vote(b'a', 1)).collect();
    let input = folder.write("votes", votes);
    for _ in 0..10 {
        let ends = ["--in", &input, "--out", "/dev/full", "--checkpoint-interval", "1ms"];
        folder.run("alphabet", &ends).failed(1, &["cannot write to file:/dev/full"]);
    }
}
