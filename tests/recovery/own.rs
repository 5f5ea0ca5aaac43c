//! Applications of these tests' own: this test program itself runs them as another process, and is killed.

mod applications;

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use wallaroo::core::topology::SinkPlan;
use wallaroo::endpoints::Endpoint;
use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::{Engine, Settings};
use wallaroo::{TestDriver, Topology, Unwatched};

use crate::chance::for_seeds;
use crate::folder::Folder;
use applications::{APPLICATIONS, Own};

/// Says to the other process what to run, and where.
const APPLICATION: &str = "WALLAROO_OWN_APPLICATION";
const FOLDER: &str = "WALLAROO_OWN_FOLDER";
const WORKERS: &str = "WALLAROO_OWN_WORKERS";
const INTERVAL: &str = "WALLAROO_OWN_INTERVAL_MS";

/// Where an application's sources and sinks are in a folder.
fn settings(topology: &Topology, folder: &Path, workers: NonZeroUsize) -> Settings {
    let (mut sources, mut sinks) = (Vec::new(), Vec::<Vec<Endpoint>>::new());
    for plan in topology.pipelines() {
        let file = |end: &str| Endpoint::File(folder.join(format!("{}.{end}", plan.name)));
        sources.push(if plan.source.makes_its_messages() { Endpoint::Null } else { file("in") });
        let endpoint = |(at, sink): (usize, &SinkPlan)| match sink.same_as {
            Some(first) => sinks[first.pipeline.0][first.sink.0].clone(),
            None => file(&format!("out{at}")),
        };
        let of_pipeline = plan.sinks.iter().enumerate().map(endpoint).collect();
        sinks.push(of_pipeline);
    }
    Settings { workers, sources, sinks, ..Settings::new(topology) }
}

/// What the other process is: not a test by itself.
#[test]
#[ignore = "the tests beside it run it in another process"]
fn the_other_process() {
    let said = |name| std::env::var(name).ok();
    let Some(name) = said(APPLICATION) else { return };
    let own = APPLICATIONS.iter().find(|own| own.name == name).unwrap();
    let (topology, folder) = (Arc::new((own.topology)()), said(FOLDER).unwrap());
    let folder = Path::new(&folder);
    let interval = Duration::from_millis(said(INTERVAL).unwrap().parse().unwrap());
    let resilience = ResilienceSettings::new(folder.join("saved"));
    let resilience = Some(ResilienceSettings { interval, ..resilience });
    let workers = said(WORKERS).unwrap().parse().unwrap();
    let settings = Settings { resilience, ..settings(&topology, folder, workers) };
    let engine = Engine::start(topology, &settings, Arc::new(Unwatched)).unwrap();
    engine.wait().unwrap();
    let rows = engine.export().map(|row| serde_json::to_string(&row).unwrap() + "\n");
    fs::write(folder.join("state"), rows.collect::<String>()).unwrap();
}

fn start(own: &Own, folder: &Folder, workers: &str, interval: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "own::the_other_process", "--ignored"])
        .env(APPLICATION, own.name)
        .env(FOLDER, folder.root())
        .env(WORKERS, workers)
        .env(INTERVAL, interval)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The partitions and each sink's outputs in groups, each of which has an order.
type Ending = (BTreeMap<String, Value>, BTreeMap<String, BTreeMap<String, Vec<String>>>);

/// The lines of a sink by what has an order: all but their last word.
fn groups(outputs: &[u8]) -> BTreeMap<String, Vec<String>> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in std::str::from_utf8(outputs).unwrap().lines() {
        let (group, value) = line.rsplit_once(' ').unwrap();
        groups.entry(group.to_owned()).or_default().push(value.to_owned());
    }
    groups
}

fn driven(own: &Own, folder: &Folder) -> Ending {
    let topology = (own.topology)();
    let mut driver = TestDriver::new(&topology);
    for plan in topology.pipelines() {
        if plan.source.makes_its_messages() {
            driver.generate(&plan.name, u64::MAX).unwrap();
        } else {
            driver.push(&plan.name, &folder.read(&format!("{}.in", plan.name))).unwrap();
        }
    }
    driver.run();
    let rows = topology.states().iter().flat_map(|state| driver.partitions(&state.name));
    let rows = rows.map(|row| (format!("{}/{}", row.state, row.key), row.value));
    let mut outputs = BTreeMap::new();
    for plan in topology.pipelines() {
        let own = plan.sinks.iter().enumerate().filter(|(_, sink)| sink.same_as.is_none());
        for (sink, _) in own {
            let of_sink = driver.outputs_of_sink(&plan.name, sink).unwrap().concat();
            outputs.insert(format!("{}.out{sink}", plan.name), groups(&of_sink));
        }
    }
    (rows.collect(), outputs)
}

fn found(folder: &Folder, expected: &Ending) -> Ending {
    let rows = folder.json_lines("state").into_iter().map(|row| {
        let text = |column: &str| row[column].as_str().unwrap().to_owned();
        (format!("{}/{}", text("state"), text("key")), row["value"].clone())
    });
    let outputs = expected.1.keys().map(|sink| (sink.clone(), groups(&folder.read(sink))));
    (rows.collect(), outputs.collect())
}

/// Kills an application again and again: it ends as in the driver.
fn kill_again_and_again(name: &str) {
    let own = APPLICATIONS.iter().find(|own| own.name == name).unwrap();
    let write_inputs = |folder: &Folder| {
        for (source, bytes) in (own.inputs)() {
            folder.write(&format!("{source}.in"), bytes);
        }
    };
    let undisturbed = Folder::new();
    write_inputs(&undisturbed);
    let expected = driven(own, &undisturbed);
    for_seeds(2, |chance| {
        let folder = Folder::new();
        write_inputs(&folder);
        let mut killed = 0;
        for _ in 0..12 {
            let workers = chance.one_of(&["1", "2", "3"]);
            let mut child = start(own, &folder, workers, chance.one_of(&["1", "5", "20"]));
            thread::sleep(chance.delay() * 3);
            child.kill().unwrap();
            killed += usize::from(!child.wait().unwrap().success());
        }
        assert!(killed > 0, "it was never killed");
        let workers = chance.one_of(&["1", "2"]);
        assert!(start(own, &folder, workers, "1000").wait().unwrap().success());
        assert!(found(&folder, &expected) == expected, "{name} ended otherwise");
    });
}

#[test]
fn messages_that_a_source_makes_count_once_and_their_outputs_are_there_once() {
    kill_again_and_again("made");
}

#[test]
fn the_outputs_of_pipelines_with_one_sink_are_there_once_and_each_in_its_order() {
    kill_again_and_again("one sink");
}

#[test]
fn the_messages_of_merged_sources_count_once_and_their_outputs_are_there_once() {
    kill_again_and_again("merged");
}
