//! Several processes make of their input what one makes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::machines::Machines;
use crate::cast::Votes;
use crate::chance::Chance;
use crate::folder::Folder;
use crate::support::program::run;

/// The partitions, and the outputs by the key with which each line begins.
pub type Ending = (BTreeMap<(String, String), Value>, BTreeMap<Vec<u8>, Vec<Vec<u8>>>);

pub fn ending(folder: &Folder) -> Ending {
    let mut outputs: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
    for line in folder.read("outputs").split_inclusive(|byte| *byte == b'\n') {
        let end = line.iter().position(|byte| b" =\n".contains(byte)).unwrap();
        outputs.entry(line[..end].to_vec()).or_default().push(line[end..].to_vec());
    }
    (folder.partitions(), outputs)
}

/// What an application makes of an input as so many processes. Behind a parallel step, outputs have no order.
fn made(app: &str, input: &str, processes: &str, workers: &str) -> Ending {
    let folder = Folder::new();
    let outputs = folder.path("outputs");
    let ends = ["--in", input, "--out", &outputs];
    let here = ["--processes", processes, "--workers", workers];
    let ended = folder.run(app, &[&ends[..], &here].concat()).succeeded();
    assert!(!ended.stderr.contains("process "), "{}", ended.stderr);
    let mut ending = ending(&folder);
    if app == "word_count" {
        ending.1.values_mut().for_each(|outputs| outputs.sort_unstable());
    }
    ending
}

#[test]
fn processes_of_one_machine_make_what_one_process_makes() {
    let folder = Folder::new();
    for app in ["alphabet", "word_count", "reverse"] {
        let input = folder.path(app);
        let generate = ["generate", "--app", app, "--messages", "5000", "--out", &input];
        run(generate).succeeded();
        let alone = made(app, &input, "1", "2");
        assert!(!alone.1.is_empty());
        for (processes, workers) in [("2", "1"), ("3", "2")] {
            let together = made(app, &input, processes, workers);
            assert_eq!(together.0, alone.0, "{app} as {processes} processes");
            assert!(together.1 == alone.1, "outputs of {app} as {processes} processes");
        }
    }
}

#[test]
fn two_pipelines_that_share_a_state_share_it_across_processes() {
    let folder = Folder::new();
    let path = |name: &str| folder.path(name);
    let generate = |pipeline: &str| {
        let messages = ["generate", "--app", "market_spread", "--messages", "3000"];
        run(messages.iter().chain(&["--pipeline", pipeline, "--out", &path(pipeline)])).succeeded();
    };
    generate("Orders");
    generate("Market Data");
    let states = ["1", "3"].map(|processes| {
        let into = Folder::new();
        let data = format!("Market Data={}", path("Market Data"));
        let rejected = into.path("rejected");
        let here = ["--processes", processes, "--workers", "2", "--out", &rejected];
        // First the data, then the orders: what is made of both does not depend on who was faster.
        let first = [&here[..], &["--in", &data, "--in", "Orders=null"]].concat();
        into.run("market_spread", &first).succeeded();
        let orders = format!("Orders={}", path("Orders"));
        let then = [&here[..], &["--in", "Market Data=null", "--in", &orders]].concat();
        let totals = into.run("market_spread", &then).succeeded().json();
        assert_eq!(totals["messages_in"], 3000);
        (into.partitions(), into.read("rejected").len())
    });
    assert!(!states[0].0.is_empty());
    assert_eq!(states[0], states[1]);
}

/// What the processes of a list make of votes.
fn made_by(machines: &Machines) {
    let votes = Votes::new(&mut Chance::new(7), 20_000);
    let input = machines.folder.write("votes", &votes.bytes);
    let (outputs, letters) = (machines.folder.path("outputs"), machines.folder.path("letters"));
    let ends = ["--in", &input, "--out", &outputs, "--dead-letters", &letters, "--workers", "2"];
    let all = machines.start_all(&ends);
    let mut ended = Machines::all_end_well(all).into_iter();
    let totals = ended.next().unwrap().json();
    assert_eq!((&totals["messages_in"], &totals["workers"]), (&20_000.into(), &6.into()));
    for of_other in ended {
        assert!(of_other.stdout.is_empty(), "only process 0 prints its totals");
    }
    votes.check(&machines.folder);
    votes.check_letters(&machines.folder);
}

#[test]
fn processes_of_a_list_make_what_one_process_makes() {
    made_by(&Machines::new(3, "alphabet"));
}

#[test]
fn processes_that_reach_each_other_through_others_do_too() {
    made_by(&Machines::behind_relays(3, "alphabet"));
}
