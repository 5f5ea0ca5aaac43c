//! Files that cannot be written for a while, and can again: nothing is to be done by hand.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::Folder;
use crate::support::frames::frame;
use crate::support::program::{PROGRAM, Running};
use crate::support::waiting::wait_until;

/// Starts the program with a small disk at `disk` that only it sees; `None` if none can be mounted.
/// The second is where the test sees it.
fn on_a_small_disk(disk: &str, arguments: &[&str]) -> Option<(Running, PathBuf)> {
    let mount = "mount -t tmpfs -o size=256k none \"$1\" && head -c 200000 /dev/zero > \"$1/filler\" \
                 && shift && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", mount, "sh", disk, PROGRAM]);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running::of_command(&mut command);
    wait_until("the program to listen, or to end", || {
        running.said().contains("listening at ") || running.has_ended()
    });
    let seen = PathBuf::from(format!("/proc/{}/root{disk}", running.pid()));
    if running.has_ended() || !seen.join("filler").exists() {
        println!("skipped: no small disk can be mounted here: {}", running.said());
        return None;
    }
    Some((running, seen))
}

#[test]
fn dead_letters_and_the_log_are_written_again_once_a_full_disk_has_room() {
    let folder = Folder::new();
    let disk = folder.path("disk");
    fs::create_dir(&disk).unwrap();
    let (letters, log) = (format!("{disk}/letters"), format!("{disk}/log"));
    let ends = ["run", "--app", "alphabet", "--in", "tcp://127.0.0.1:0", "--out", "null", "--json"];
    let files = ["--dead-letters", &letters, "--log", &log];
    let Some((running, seen)) = on_a_small_disk(&disk, &[&ends[..], &files].concat()) else {
        return;
    };
    let mut client = TcpStream::connect(running.address()).unwrap();
    let mut sent = 0_u32;
    let mut send_more = |count: u32| {
        let frames = (sent..sent + count)
            .flat_map(|number| frame(&[&number.to_be_bytes()[..], &[0; 200]].concat()));
        client.write_all(&frames.collect::<Vec<_>>()).unwrap();
        sent += count;
        sent
    };
    send_more(200);
    let full = "error: cannot write dead letters to ";
    wait_until("the full disk to be said", || running.said().contains(full));
    send_more(100);
    // More lines of the log than its last page has room for.
    wait_until("the log's loss to be said", || {
        drop(TcpStream::connect(running.address()).unwrap());
        running.said().contains("cannot write the log to ")
    });
    fs::remove_file(seen.join("filler")).unwrap();
    for words in ["dead letters are written again", "the log is written to "] {
        wait_until(words, || running.said().contains(words));
    }
    let all = send_more(1);
    let read = || fs::read_to_string(seen.join("letters")).unwrap();
    wait_until("all letters", || read().lines().count() == all as usize);
    let letters = read();
    let numbers: Vec<u32> = letters
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|letter| u32::from_str_radix(&letter["bytes_hex"].as_str().unwrap()[..8], 16).unwrap())
        .collect();
    assert_eq!(numbers, (0..all).collect::<Vec<_>>(), "each once, none is torn");
    assert_eq!(running.said().matches(full).count(), 1, "{}", running.said());
    let log = fs::read_to_string(seen.join("log")).unwrap();
    assert!(log.lines().all(|line| line.starts_with("20") && line.contains("Z ")), "{log}");
    drop(client);
    running.signal("TERM");
    let ended = running.end().succeeded();
    assert_eq!(ended.json()["dead_letters_lost"], 0);
}

#[test]
fn a_file_of_dead_letters_gets_no_longer_than_its_limit_and_what_is_beyond_is_said() {
    let folder = Folder::new();
    let input = folder.write("broken", frame(b"no vote").repeat(1000));
    let letters = folder.path("letters");
    let run = ["run", "--app", "alphabet", "--in", &input, "--out", "null", "--json"];
    let files = ["--dead-letters", &letters, "--dead-letters-limit", "16KiB"];
    let ended = crate::run(run.iter().chain(&files));
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let written = folder.json_lines("letters").len() as u64;
    assert!(folder.read("letters").len() <= 16 << 10 && written > 10, "{written}");
    assert_eq!(ended.json()["dead_letters_lost"], 1000 - written);
    assert!(
        ended.stderr.contains("has reached its limit, see --dead-letters-limit"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_pipe_of_dead_letters_has_whole_lines_for_its_next_reader() {
    let folder = Folder::new();
    let fifo = folder.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let ends = ["run", "--app", "alphabet", "--in", "tcp://127.0.0.1:0", "--out", "null", "--json"];
    let running = Running::start(ends.iter().chain(&["--dead-letters", &fifo]));
    drop(fs::File::open(&fifo).unwrap());
    let mut client = TcpStream::connect(running.address()).unwrap();
    client.write_all(&frame(b"no vote").repeat(2)).unwrap();
    wait_until("the broken pipe to be said", || running.said().contains("Broken pipe"));
    let reader = std::thread::spawn(move || fs::read_to_string(&fifo).unwrap());
    wait_until("the end of the trouble", || running.said().contains("are written again"));
    drop(client);
    running.signal("TERM");
    assert_eq!(running.end().succeeded().json()["dead_letters_lost"], 0);
    let letters = reader.join().unwrap();
    assert_eq!(letters.lines().count(), 2, "{letters}");
    assert!(letters.lines().all(|line| line.starts_with('{') && line.ends_with('}')), "{letters}");
}
