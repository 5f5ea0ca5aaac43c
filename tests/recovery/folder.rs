//! The files of one application that runs again and again.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::folder::{self, json_lines};
use crate::support::program::{Ended, Running, run};

/// A folder for the files of runs that recover each other.
pub struct Folder(folder::Folder);

impl Deref for Folder {
    type Target = folder::Folder;

    fn deref(&self) -> &folder::Folder {
        &self.0
    }
}

impl Folder {
    pub fn new() -> Self {
        Self(folder::Folder::new())
    }

    /// What is in a file, which need not be there.
    pub fn read(&self, name: &str) -> Vec<u8> {
        self.read_if_any(name)
    }

    /// A file of JSON lines, which need not be there.
    pub fn json_lines(&self, name: &str) -> Vec<Value> {
        json_lines(&self.read(name))
    }

    /// The command of a run that is saved in `saved`, with its partitions in `state` at the end.
    pub fn command(&self, app: &str, more: &[&str]) -> Vec<String> {
        let (saved, state) = (self.path("saved"), self.path("state"));
        let ends = ["run", "--app", app, "--resilience-dir", &saved, "--state", &state, "--json"];
        ends.iter().chain(more).map(|word| (*word).to_owned()).collect()
    }

    /// Runs to the end.
    pub fn run(&self, app: &str, more: &[&str]) -> Ended {
        run(self.command(app, more))
    }

    /// Runs, and kills after a while. A run that could end before that must have ended well.
    pub fn run_and_kill(&self, app: &str, more: &[&str], after: Duration) {
        let start = Instant::now();
        let running = Running::start(self.command(app, more));
        std::thread::sleep(after.saturating_sub(start.elapsed()));
        let ended = running.kill();
        assert!(matches!(ended.code, None | Some(0)), "{}", ended.stderr);
    }

    /// What is saved, as `inspect` says it.
    pub fn inspect(&self) -> Value {
        run(["inspect", &self.path("saved"), "--json"]).succeeded().json()
    }

    /// How many messages are saved: in the checkpoint, or in the journal from there on.
    pub fn saved_messages(&self) -> u64 {
        let saved = self.inspect();
        let partitions = saved["partitions"].as_array().into_iter().flatten();
        let counted =
            partitions.filter_map(|partition| partition["messages"].as_u64()).sum::<u64>();
        counted + saved["journal"]["frames_to_replay"].as_u64().unwrap()
    }

    /// The partitions at the end: all of their columns that do not depend on the workers.
    pub fn partitions(&self) -> BTreeMap<(String, String), Value> {
        let rows = self.json_lines("state").into_iter().map(|mut row| {
            let row_map = row.as_object_mut().unwrap();
            row_map.remove("worker");
            let name = |column: &str| row_map[column].as_str().unwrap().to_owned();
            ((name("state"), name("key")), row)
        });
        rows.collect()
    }
}

/// The whole lines of outputs by their first byte, which is the key.
pub fn by_letter(outputs: &[u8]) -> BTreeMap<u8, Vec<Vec<u8>>> {
    let mut letters: BTreeMap<u8, Vec<Vec<u8>>> = BTreeMap::new();
    for line in outputs.split_inclusive(|byte| *byte == b'\n') {
        if let Some(line) = line.strip_suffix(b"\n") {
            letters.entry(line[0]).or_default().push(line.to_vec());
        }
    }
    letters
}
