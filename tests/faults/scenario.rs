//! Small runs that save what they do: what is there before the run that is disturbed, and what must be
//! there in the end.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::ballot::{check_outputs, counted, frames};
use crate::folder::Folder;
use crate::support::frames::lines;
use crate::support::program::{Ended, PROGRAM, Running};
use crate::support::shim::{Action, Chosen, Fault, Shim};
use crate::support::waiting::wait_until;

/// How many votes each run brings.
const VOTES: usize = 3_000;

/// How many votes are read from standard input before the next are given.
const CHUNK: usize = VOTES / 3;

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// From a file to a file, for the first time.
    FirstStart,
    /// The same with more votes, after a run that was killed near its end.
    SecondStart,
    /// From standard input to a file, which needs the journal; each checkpoint is on the disk.
    StandardInput,
    /// The same after a run that was killed while it read.
    StandardInputAgain,
}

/// A scenario in a folder of its own, with what happened before.
pub struct Stage {
    scenario: Scenario,
    pub folder: Folder,
    /// How many votes may be in the state, when the disturbed run has taken all of its input.
    votes: usize,
    /// How many votes are in the state in any case: their outputs have been seen.
    pub seen: usize,
}

impl Stage {
    pub fn new(scenario: Scenario) -> Self {
        let mut stage = Self { scenario, folder: Folder::new(), votes: 0, seen: 0 };
        if matches!(scenario, Scenario::SecondStart | Scenario::StandardInputAgain) {
            // Killed while it writes: with logs that are not empty, and frames in the journal.
            let chosen = Chosen::Only(60);
            let killed = Fault { kinds: "w", chosen, action: Action::Torn };
            let ended = stage.disturbed(&Shim::new(stage.folder.root(), killed));
            assert_eq!(ended.code, None, "it was not killed: {}", ended.stderr);
        }
        stage
    }

    fn reads_file(&self) -> bool {
        matches!(self.scenario, Scenario::FirstStart | Scenario::SecondStart)
    }

    fn command(&self) -> Command {
        let (input, output) = (self.folder.path("votes"), self.folder.path("outputs"));
        let (input, durability) =
            if self.reads_file() { (&*input, "process") } else { ("-", "power") };
        let ends = ["--in", input, "--out", &output, "--workers", "2"];
        let saving = ["--checkpoint-interval", "1ms", "--durability", durability];
        let mut command = Command::new(PROGRAM);
        command.args(self.folder.command("alphabet", &[&ends[..], &saving].concat()));
        command
    }

    fn start<K: AsRef<OsStr>, V: AsRef<OsStr>>(
        &self,
        environment: impl IntoIterator<Item = (K, V)>,
    ) -> Running {
        let mut command = self.command();
        command.envs(environment);
        Running::spawn(command, Stdio::piped())
    }

    /// A run with more votes under a shim, to its end, whatever that is.
    pub fn disturbed(&mut self, shim: &Shim) -> Ended {
        let first = if self.reads_file() { self.votes } else { self.voted() };
        self.votes = first + VOTES;
        if self.reads_file() {
            self.folder.write("votes", frames(0..self.votes));
        }
        let mut running = self.start(shim.environment());
        if !self.reads_file() {
            let mut input = running.stdin();
            for chunk in (first..self.votes).step_by(CHUNK) {
                // It may have ended.
                let _ = input.write_all(&frames(chunk..chunk + CHUNK));
                wait_until("the outputs of a part of standard input, or the end", || {
                    running.has_ended() || self.lines() >= chunk + CHUNK
                });
            }
        }
        let ended = running.end();
        self.seen = self.seen.max(self.lines());
        ended
    }

    /// How many votes of standard input the engine has taken: a run without any input tells.
    fn voted(&self) -> usize {
        if self.votes == 0 {
            return 0;
        }
        // A copy, so that this run does not change what the next finds.
        let copy = Folder::new();
        for name in ["saved", "outputs"] {
            copy_all(&self.folder, &copy, name);
        }
        let stage = Self { folder: copy, ..*self };
        stage.start([("", ""); 0]).end().succeeded();
        counted(&stage.folder)
    }

    fn lines(&self) -> usize {
        lines(&self.folder.read("outputs"))
    }

    /// The run under the shim has ended as it may: killed, with a sentence, or well. Then all of its
    /// votes are counted.
    pub fn check_end(&self, ended: &Ended) {
        match ended.code {
            None => {}
            Some(0) => self.check(self.votes..=self.votes),
            Some(1) => {
                let said = ended.stderr.lines().last().unwrap_or_default();
                assert!(
                    said.contains(' ') && said.len() > 20,
                    "it failed without a sentence: {said:?}"
                );
            }
            Some(other) => panic!("it ended with {other}: {}", ended.stderr),
        }
    }

    /// The cause is gone: the same command goes on to the end, and leaves what an undisturbed run would.
    pub fn goes_on(&self) {
        let ended = self.start([("", ""); 0]).end();
        assert_eq!(ended.code, Some(0), "the next start failed: {}", ended.stderr);
        let least = if self.reads_file() { self.votes } else { self.seen };
        self.check(least..=self.votes);
        // All of it is saved.
        let again = self.start([("", ""); 0]).end().succeeded().json();
        assert_eq!(again["messages_in"], 0, "the last run had not saved everything");
        self.check(least..=self.votes);
    }

    /// The next start is exact in its state, which is `true`, or is refused with a sentence. Then the one
    /// after it is, too.
    pub fn right_or_refused(&self) -> bool {
        let starts = [(); 2].map(|()| {
            let ended = self.start([("", ""); 0]).end();
            match ended.code {
                Some(0) => assert_eq!(counted(&self.folder), self.votes, "a wrong state"),
                _ => self.check_end(&ended),
            }
            ended.code == Some(0)
        });
        assert_eq!(starts[0], starts[1], "what was right is refused, or the other way round");
        starts[0]
    }

    fn check(&self, wanted: std::ops::RangeInclusive<usize>) {
        let counted = counted(&self.folder);
        assert!(wanted.contains(&counted), "{counted} votes are counted, not {wanted:?}");
        check_outputs(&self.folder, counted);
    }

    /// The files of the directory, without the numbers of their generations.
    pub fn files(&self) -> BTreeSet<String> {
        let files = fs::read_dir(self.folder.path("saved")).unwrap();
        let mut generations = BTreeSet::new();
        let (mut names, mut all) = (BTreeSet::new(), Vec::new());
        for file in files {
            let name = file.unwrap().file_name().into_string().unwrap();
            all.push(name.clone());
            match name.strip_prefix("worker-").and_then(|rest| rest.split_once('-')) {
                Some((generation, rest)) => {
                    generations.insert(generation.to_owned());
                    names.insert(format!("worker-G-{rest}"));
                }
                None => drop(names.insert(name)),
            }
        }
        assert_eq!(generations.len(), 1, "files of generations that do not count: {all:?}");
        names
    }
}

/// Copies a file or a folder of files, if it is there.
fn copy_all(from: &Folder, to: &Folder, name: &str) {
    let Ok(entries) = fs::read_dir(from.path(name)) else {
        if let Ok(bytes) = fs::read(from.path(name)) {
            to.write(name, bytes);
        }
        return;
    };
    fs::create_dir(to.path(name)).unwrap();
    for entry in entries {
        let entry = entry.unwrap();
        fs::copy(entry.path(), std::path::Path::new(&to.path(name)).join(entry.file_name()))
            .unwrap();
    }
}
