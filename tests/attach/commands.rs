//! `run --control`, `status` and `stop`, as they are typed.

use std::fs;
use std::net::TcpStream;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use std::io::Write;

use crate::support::folder::Folder;
use crate::support::frames::votes;
use crate::support::program::{Running, run};
use crate::support::waiting::wait_until;

/// A folder for a run, its socket and its files.
pub struct Place(Folder);

impl Deref for Place {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.0
    }
}

impl Place {
    pub fn new() -> Self {
        Self(Folder::new())
    }

    /// A file that only its owner can read.
    pub fn secret(&self, name: &str, text: &str) -> String {
        let path = self.write(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Starts a run of the alphabet that listens and is reached at the socket `s`.
    pub fn start(&self, more: &[&str]) -> Running {
        let socket = self.path("s");
        let running = Running::start(self.line(&socket, more));
        running.address();
        running
    }

    pub fn line(&self, control: &str, more: &[&str]) -> Vec<String> {
        let (out, saved) = (self.path("out"), self.path("saved"));
        let line = ["run", "--app", "alphabet", "--in", "127.0.0.1:0", "--out", &out];
        let saving = ["--resilience-dir", &saved, "--control", control];
        let line = line.into_iter().chain(saving).chain(more.iter().copied());
        line.map(str::to_owned).collect()
    }
}

fn status(address: &str, more: &[&str]) -> serde_json::Value {
    run(["status", address, "--json"].iter().chain(more)).succeeded().json()
}

fn send(running: &Running, bytes: &[u8]) {
    TcpStream::connect(running.address()).unwrap().write_all(bytes).unwrap();
}

#[test]
fn status_prints_the_figures_and_stop_ends_the_run_with_all_that_it_was_given() {
    let place = Place::new();
    let running = place.start(&["--json"]);
    let socket = place.path("s");
    let mode = fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    send(&running, &votes([(b'a', 1), (b'b', 2), (b'a', 3)]));
    wait_until("three votes", || status(&socket, &[])["messages_in"] == 3);
    let figures = status(&socket, &[]);
    assert_eq!((&figures["app"], &figures["state"]), (&"alphabet".into(), &"running".into()));
    assert_eq!((&figures["partitions"], &figures["workers"]), (&2.into(), &1.into()));
    let words = run(["status", &socket]).succeeded();
    assert!(words.text().contains("messages: 3 in, 3 out"), "{}", words.text());

    run(["stop", &socket]).succeeded();
    let ended = running.end().succeeded();
    assert_eq!(ended.json()["messages_in"], 3);
    assert_eq!(fs::read(place.path("out")).unwrap(), b"a => 1\nb => 2\na => 4\n");
    assert!(!Path::new(&socket).exists());
    // The state is saved, and the next run is reached at the same place.
    let running = place.start(&[]);
    assert_eq!(status(&socket, &[])["partitions"], 2);
    run(["stop", &socket]).succeeded();
    running.end().succeeded();
}

#[test]
fn a_run_ends_by_itself_when_its_inputs_end() {
    let place = Place::new();
    let (input, control) = (place.path("in"), place.path("s"));
    fs::write(&input, votes([(b'a', 1)])).unwrap();
    for saving in [&[][..], &["--resilience-dir", &place.path("saved")]] {
        let line = ["run", "--app", "alphabet", "--in", &input, "--out", "null", "--json"];
        let ended = run(line.iter().chain(&["--control", &control]).chain(saving)).succeeded();
        assert_eq!(ended.json()["messages_in"], 1);
    }
}

#[test]
fn the_socket_of_a_killed_run_is_replaced_and_that_of_a_living_one_is_not() {
    let place = Place::new();
    let running = place.start(&[]);
    let second = place.line(&place.path("s"), &[]);
    run(&second).failed(1, &["another program listens there", "--control"]);
    assert_eq!(status(&place.path("s"), &[])["messages_in"], 0);
    running.kill();
    assert!(PathBuf::from(place.path("s")).exists());
    run(["status", &place.path("s")]).failed(1, &["no run is reached at"]);
    let running = place.start(&[]);
    assert_eq!(status(&place.path("s"), &[])["messages_in"], 0);
    run(["stop", &place.path("s")]).succeeded();
    running.end().succeeded();
}

#[test]
fn without_a_secret_a_run_is_reached_from_this_machine_alone() {
    let place = Place::new();
    run(place.line("0.0.0.0:0", &[])).failed(1, &["other machines", "--secret FILE"]);
    let running = Running::start(place.line("127.0.0.1:0", &[]));
    let address = running.control();
    assert_eq!(status(&address, &[])["messages_in"], 0);
    run(["stop", &address]).succeeded();
    running.end().succeeded();
}

#[test]
fn only_one_who_knows_the_secret_is_let_in() {
    let place = Place::new();
    let right = place.secret("right", "0123456789abcdef0123456789abcdef\n");
    let wrong = place.secret("wrong", "an entirely different secret\n");
    let running = Running::start(place.line("0.0.0.0:0", &["--secret", &right]));
    let address = running.control().replace("0.0.0.0", "127.0.0.1");
    assert_eq!(status(&address, &["--secret", &right])["messages_in"], 0);
    run(["status", &address]).failed(1, &["it asks for a secret: give --secret FILE"]);
    run(["stop", &address, "--secret", &wrong]).failed(1, &["the secret is not that of the run"]);
    assert_eq!(status(&address, &["--secret", &right])["state"], "running");
    run(["stop", &address, "--secret", &right]).succeeded();
    running.end().succeeded();
    // A run without a secret is not taken for one with it.
    let running = place.start(&[]);
    run(["status", &place.path("s"), "--secret", &right]).failed(1, &["does not know the secret"]);
    run(["stop", &place.path("s")]).succeeded();
    running.end().succeeded();
}

#[test]
fn a_secret_that_others_can_read_or_guess_is_none() {
    let place = Place::new();
    let short = place.secret("short", "0123456789\n");
    let line = place.line("0.0.0.0:0", &["--secret", &short]);
    run(line).failed(2, &["10 bytes", "at least 16"]);
    let line = ["run", "--app", "alphabet", "--in", "null", "--out", "null", "--secret", &short];
    run(line).failed(2, &["--secret", "only with --control"]);
    let public = place.secret("public", "0123456789abcdef");
    fs::set_permissions(&public, fs::Permissions::from_mode(0o644)).unwrap();
    run(["status", "127.0.0.1:1", "--secret", &public]).failed(2, &["chmod 600"]);
}

#[test]
fn a_file_gives_the_address_and_the_secret_as_the_command_line_does() {
    let place = Place::new();
    let secret = place.secret("secret", "0123456789abcdef");
    let (file, socket) = (place.path("run.toml"), place.path("s"));
    let text = format!(
        "[run]\napp = \"alphabet\"\nin = \"127.0.0.1:0\"\nout = \"null\"\ncontrol = {socket:?}\nsecret = {secret:?}\n"
    );
    fs::write(&file, text).unwrap();
    let running = Running::start(["run", "--config", &file]);
    running.address();
    assert_eq!(status(&socket, &["--secret", &secret])["app"], "alphabet");
    run(["stop", &socket, "--secret", &secret]).succeeded();
    running.end().succeeded();
}

#[test]
fn what_is_no_run_is_said_to_be_none() {
    let place = Place::new();
    let silent = place.path("silent");
    let _listener = UnixListener::bind(&silent).unwrap();
    run(["status", &silent]).failed(1, &["does not answer"]);
    let talking = place.path("talking");
    let listener = UnixListener::bind(&talking).unwrap();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n");
            std::thread::sleep(std::time::Duration::from_mins(2));
        }
    });
    run(["stop", &talking]).failed(1, &["no run of this program"]);
    run(["status", &place.path("nothing")]).failed(1, &["no run is reached at"]);
    run(["attach", &place.path("nothing")]).failed(2, &["needs a terminal"]);
}
