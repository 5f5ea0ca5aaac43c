//! Lines and varints by all commands: `generate`, `send`, `run` and `receive`.

use std::fs;
use std::io::Write;

use serde_json::Value;

use crate::support::frames::lines;
use crate::support::program::{Running, run};
use crate::support::waiting::wait_until;
use crate::{Folder, fixture};

#[test]
fn a_file_of_measurements_becomes_the_figures_of_every_station() {
    let folder = Folder::new();
    let input = fixture("stations.txt").to_str().unwrap().to_owned();
    let [outputs, state, letters] = ["outputs", "state", "letters"].map(|name| folder.path(name));
    let ends = ["--in", &input, "--out", &outputs, "--state", &state, "--dead-letters", &letters];
    let figures = run(["run", "--app", "stations", "--json", "--workers", "1"].iter().chain(&ends));
    let figures = figures.succeeded().json();
    assert_eq!(folder.read("outputs"), fs::read(fixture("stations.outputs")).unwrap());

    let wrong = fs::read_to_string(fixture("stations.wrong.txt")).unwrap();
    let letters = folder.json_lines("letters");
    let numbers: Vec<_> = letters.iter().map(|letter| letter["sequence"].to_string()).collect();
    assert_eq!(numbers, wrong.lines().collect::<Vec<_>>());
    // A letter has the end of its line, of which some have two bytes.
    let end = |end: &str| letters.iter().any(|letter| letter["end_hex"] == end);
    assert!(end("0a") && end("0d0a"));
    assert!(letters.iter().all(|letter| letter["header_hex"] == ""));
    assert_eq!([&figures["messages_in"], &figures["dead_letters"]], [2000, letters.len()]);

    let row = |row: &Value| {
        let name = wallaroo::parse_key_text(row["key"].as_str().unwrap()).unwrap();
        let columns = ["min", "max", "sum", "count"].map(|column| row["value"][column].to_string());
        format!("{} {}\n", columns.join(" "), String::from_utf8(name).unwrap())
    };
    let readings: String = folder.json_lines("state").iter().map(row).collect();
    assert_eq!(readings, fs::read_to_string(fixture("stations.readings.txt")).unwrap());
}

#[test]
fn measurements_from_a_pipe_go_out_as_lines() {
    let mut running = Running::start(["run", "--app", "stations", "--in", "-", "--out", "-"]);
    running.stdin().write_all("Ö;1.0\r\nÖ;2.5".as_bytes()).unwrap();
    assert_eq!(running.end().succeeded().stdout, "Ö=1.0/1.0/1.0\nÖ=1.0/1.8/2.5\n".as_bytes());
}

/// What `receive` gets of what `send` sends, and how both count it.
fn through(framed: &str, bytes: &[u8], outputs: u64, more: &[&str]) -> Vec<u8> {
    let folder = Folder::new();
    let file = folder.write("frames", bytes);
    let receiver =
        Running::start(["receive", "--listen", "127.0.0.1:0", "--out", "-", "--framed", framed]);
    let to = ["send", "--to", &receiver.address(), "--file", &file, "--framed", framed];
    let sent = run(to.iter().chain(more)).succeeded();
    let words = format!("sent {outputs} messages");
    assert!(sent.stderr.starts_with(&words), "{}", sent.stderr);
    let received = receiver.end().succeeded();
    // An output that is a line has its end.
    let whole = if bytes.ends_with(b"b") && framed == "lines" { outputs - 1 } else { outputs };
    let words = format!("received {whole} outputs");
    assert!(received.stderr.contains(&words), "{}", received.stderr);
    received.stdout
}

#[test]
fn frames_without_an_application_are_counted_as_they_are_cut() {
    let varints = b"\x02ab\x80\0\x81\x01\n".to_vec();
    let varints = [&varints[..], &[b'\n'; 128]].concat();
    assert_eq!(through("varint", &varints, 3, &[]), varints);
    assert_eq!(through("varint", &varints, 6, &["--repeat", "2"]), varints.repeat(2));
    let short = b"\x01\n\x00\x02ab";
    assert_eq!(through("1", short, 3, &["--rate", "1000"]), short);
    assert_eq!(through("lines", b"a\r\n\nb\n", 3, &[]), b"a\r\n\nb\n");
    // The last line of a round needs no end of its own, and is not one with the first of the next.
    assert_eq!(through("lines", b"a\nb", 4, &["--repeat", "2"]), b"a\nb\na\nb");
    let usage = ["send", "--to", "127.0.0.1:1", "--file", "-", "--framed", "9"];
    let refused = run(usage);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("1 to 8 bytes, or `varint` or `lines`"), "{}", refused.stderr);
    let both = ["send", "--to", "127.0.0.1:1", "--file", "-", "--framed", "4", "--app", "reverse"];
    assert_eq!(run(both).code, Some(2));
}

#[test]
fn generated_texts_are_sent_in_any_framing_and_come_out_back_to_front() {
    for framing in ["header", "lines", "varint"] {
        let folder = Folder::new();
        let texts = folder.path("texts");
        let of = ["--app", "reverse", "--framing", framing];
        let generate = ["generate", "--messages", "1000", "--seed", "3", "--out", &texts];
        run(generate.iter().chain(&of)).succeeded();
        let in_lines = folder.path("lines");
        let generate = ["generate", "--messages", "1000", "--seed", "3", "--out", &in_lines];
        run(generate.iter().chain(&["--app", "reverse", "--framing", "lines"])).succeeded();

        let outputs = folder.path("outputs");
        let ends = ["run", "--in", ":0", "--out", &outputs, "--json"];
        let running = Running::start(ends.iter().chain(&of));
        let to = running.address();
        let send = ["send", "--to", &to, "--file", &texts, "--rate", "100000"];
        let sent = run(send.iter().chain(&of)).succeeded();
        assert!(sent.stderr.starts_with("sent 1000 messages"), "{}", sent.stderr);
        let outputs_are = |number: usize| {
            wait_until("the outputs", || lines(&folder.read("outputs")) == number);
        };
        outputs_are(1000);
        let typed = ["send", "--to", &to, "--message", r"ab x2", "--message", r"\\c"];
        let sent = run(typed.iter().chain(&of)).succeeded();
        assert!(sent.stderr.starts_with("sent 3 messages"), "{}", sent.stderr);
        outputs_are(1003);
        running.signal("TERM");
        let figures = running.end().succeeded().json();
        assert_eq!([&figures["messages_in"], &figures["dead_letters"]], [1003, 0]);

        let reversed = |line: &str| line.chars().rev().collect::<String>() + "\n";
        let texts = String::from_utf8(folder.read("lines")).unwrap();
        let mut expected: Vec<_> = texts.lines().map(reversed).collect();
        expected.extend(["ba\n", "ba\n", "c\\\n"].map(str::to_owned));
        assert_eq!(String::from_utf8(folder.read("outputs")).unwrap(), expected.concat());
    }
}
