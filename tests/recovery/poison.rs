//! Frames that end the process: each costs a few starts, and then is a dead letter. Frames during which
//! somebody else ended the process are not.
//!
//! The process is this test program itself, which runs an engine with an application that aborts.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, thread};

use serde_json::{Value, json};
use wallaroo::core::event::{EngineEvent, SinkNews};
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::endpoints::Endpoint;
use wallaroo::resilience::{Inspection, ResilienceSettings};
use wallaroo::runtime::{Engine, RunState, Settings};
use wallaroo::{Application, Key, Reason, Sink, Source, Topology};

use crate::recorder::Recorder;
use crate::support::frames::frame;
use crate::support::waiting::wait_until;

/// Where the process is told what to do, and where it says what came of it.
const ORDERS: &str = "WALLAROO_POISON_ORDERS";

/// Counts words. `abort` ends the process; `slow` says that it is in work, and ends only if there is a file
/// `fast`.
fn topology(folder: String) -> Topology {
    let decode = |payload: &[u8]| Ok::<_, Reason>(Some(String::from_utf8(payload.to_vec())?));
    let count = move |word: String, count: &mut u64| {
        match &*word {
            "abort" => std::process::abort(),
            "slow" if !Path::new(&folder).join("fast").exists() => {
                fs::write(format!("{folder}/slow"), "").unwrap();
                thread::sleep(Duration::from_hours(1));
            }
            _ => *count += 1,
        }
        (Some(word), true)
    };
    Application::new("poison")
        .pipeline("words", Source::new(decode))
        .to_state_partition(count, |_: &Key| 0_u64, "counts", String::clone)
        .to_sink(Sink::new(|word: &String, output: &mut Vec<u8>| {
            output.extend_from_slice(word.as_bytes());
        }))
        .build()
        .unwrap()
}

/// What the process does: an engine on a directory that takes some words in one piece, and ends.
#[test]
#[ignore = "it is started by the other tests, as a process of its own"]
fn process() {
    let Ok(folder) = env::var(ORDERS) else { return };
    let orders: Value =
        serde_json::from_slice(&fs::read(format!("{folder}/orders")).unwrap()).unwrap();
    let topology = Arc::new(topology(folder.clone()));
    let sink = orders["sink"].as_str().map_or(Endpoint::Null, |sink| sink.parse().unwrap());
    let paused = orders["paused"] == true;
    let mut resilience = ResilienceSettings::new(Path::new(&folder).join("saved"));
    resilience.interval = Duration::from_hours(1);
    let settings = Settings {
        injectable: true,
        paused,
        workers: 2.try_into().unwrap(),
        sinks: vec![vec![sink]],
        resilience: Some(resilience),
        ..Settings::new(&topology)
    };
    let recorder = Arc::new(Recorder::default());
    let engine = Engine::start(topology, &settings, Arc::clone(&recorder) as _).unwrap();
    let words = orders["words"].as_array().unwrap().iter();
    let frames: Vec<u8> = words.flat_map(|word| frame(word.as_str().unwrap().as_bytes())).collect();
    engine.inject(PipelineIndex(0), frames.into()).unwrap();
    if paused {
        assert_eq!(engine.run_state(), RunState::Paused);
        fs::write(format!("{folder}/waits"), "").unwrap();
        thread::sleep(Duration::from_hours(1));
    }
    if orders["sink"].is_string() {
        recorder.wait_for("the waiting sink", |recorded| {
            recorded
                .events
                .iter()
                .any(|event| matches!(event, EngineEvent::Sink { news: SinkNews::Waiting(_), .. }))
        });
        let expected = orders["processed"].as_u64().unwrap();
        recorder.wait_for("the words", |recorded| recorded.counts.stateful >= expected);
        fs::write(format!("{folder}/waits"), "").unwrap();
        thread::sleep(Duration::from_hours(1));
    }
    engine.stop();
    engine.wait().unwrap();
    let told = recorder.recorded();
    let letters = told.dead_letters.iter();
    let events = told.events.iter().filter(|event| {
        matches!(event, EngineEvent::SetAside { .. } | EngineEvent::ReplaysOneAtATime)
    });
    let counts: serde_json::Map<_, _> =
        engine.export().map(|row| (row.key.to_string(), row.value)).collect();
    let said = json!({
        "counts": counts,
        "letters": letters.map(|letter| json!([letter.step, letter.reason, letter.frame()])).collect::<Vec<_>>(),
        "events": events.map(ToString::to_string).collect::<Vec<_>>(),
    });
    fs::write(format!("{folder}/said"), said.to_string()).unwrap();
}

/// A directory for processes one after another.
struct Processes(tempfile::TempDir);

impl Processes {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn start(&self, orders: Value) -> Child {
        for left in ["said", "waits", "slow"] {
            let _ = fs::remove_file(self.path(left));
        }
        fs::write(self.path("orders"), orders.to_string()).unwrap();
        Command::new(env::current_exe().unwrap())
            .args(["poison::process", "--exact", "--ignored", "--nocapture"])
            .env(ORDERS, self.0.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Runs to the end; `None` if it was no end of its own.
    fn run(&self, words: &[&str]) -> Option<Value> {
        let ended = self.start(json!({ "words": words })).wait().unwrap();
        ended
            .success()
            .then(|| serde_json::from_slice(&fs::read(self.path("said")).unwrap()).unwrap())
    }

    /// Runs until a file says that it is at some point, and kills it.
    fn kill_at(&self, file: &str, orders: Value) {
        let mut process = self.start(orders);
        wait_until(file, || {
            assert_eq!(process.try_wait().unwrap(), None, "it has ended by itself");
            self.path(file).exists()
        });
        process.kill().unwrap();
        process.wait().unwrap();
    }

    fn suspects(&self) -> Value {
        json!(Inspection::of(&self.path("saved")).unwrap().suspects)
    }
}

#[test]
fn a_frame_that_ends_the_process_is_a_dead_letter_after_a_few_starts_and_all_others_count_once() {
    let processes = Processes::new();
    assert_eq!(processes.run(&["a", "b", "a", "abort", "a", "c"]), None);
    // At full speed, the row, and twice the frame alone.
    for start in 1..=4 {
        assert_eq!(processes.run(&[]), None, "start {start}");
    }
    assert_eq!(processes.suspects(), json!([{"row": 1, "frame": 3, "deaths": 2}]));
    let said = processes.run(&["b"]).expect("the fifth start goes on");
    assert_eq!(said["counts"], json!({"a": 3, "b": 2, "c": 1}));
    let reason =
        "2 starts of the program ended while this frame alone was processed: it is set aside";
    assert_eq!(said["letters"], json!([["journal", reason, frame(b"abort")]]));
    let told = said["events"].as_array().unwrap();
    assert_eq!(told.len(), 2, "{told:?}");
    let which = "set aside as a dead letter, because starts of the program ended while it was processed: \
                 9 bytes at byte 15, frame 3 of row 1 of the journal";
    assert!(told[1].as_str().unwrap().contains(which), "{told:?}");
    // The checkpoint of its end has left the row behind.
    assert_eq!(processes.suspects(), json!([]));
    let said = processes.run(&["c"]).unwrap();
    assert_eq!(said["counts"], json!({"a": 3, "b": 2, "c": 2}));
    assert_eq!((&said["letters"], &said["events"]), (&json!([]), &json!([])));
}

#[test]
fn several_frames_that_end_the_process_are_each_found() {
    let processes = Processes::new();
    assert_eq!(processes.run(&["abort", "a", "abort"]), None);
    let mut starts = 0;
    let said = loop {
        starts += 1;
        assert!(starts <= 7, "{}", processes.suspects());
        if let Some(said) = processes.run(&[]) {
            break said;
        }
    };
    assert_eq!((&said["counts"]["a"], said["letters"].as_array().unwrap().len()), (&json!(1), 2));
}

#[test]
fn a_process_that_is_killed_while_frames_wait_accuses_none_of_them() {
    let processes = Processes::new();
    let paused = |words: &[&str]| json!({"words": words, "paused": true});
    processes.kill_at(
        "waits",
        json!({
            "words": ["a", "b", "a"], "sink": "tcp://127.0.0.1:9", "processed": 3,
        }),
    );
    for _ in 0..4 {
        // Before they are taken, and when all but their outputs is done.
        processes.kill_at("waits", paused(&[]));
        processes.kill_at(
            "waits",
            json!({
                "words": [], "sink": "tcp://127.0.0.1:9", "processed": 3,
            }),
        );
    }
    assert_eq!(processes.suspects(), json!([]));
    let said = processes.run(&[]).unwrap();
    assert_eq!(said["counts"], json!({"a": 2, "b": 1}));
    assert_eq!(said["letters"], json!([]));
}

#[test]
fn a_frame_in_which_the_process_is_killed_once_is_processed_when_it_can_be() {
    let processes = Processes::new();
    processes.kill_at("slow", json!({"words": ["slow"]}));
    processes.kill_at("slow", json!({"words": []}));
    processes.kill_at("slow", json!({"words": []}));
    // Once at full speed and once alone: it is suspected, and no more.
    assert_eq!(processes.suspects(), json!([{"row": 1, "frame": 0, "deaths": 1}]));
    fs::write(processes.path("fast"), "").unwrap();
    let said = processes.run(&[]).unwrap();
    assert_eq!((&said["counts"], &said["letters"]), (&json!({"slow": 1}), &json!([])));
    assert_eq!(processes.suspects(), json!([]));
}
