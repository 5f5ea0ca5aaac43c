//! How a shape ends: in the driver and in engines.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use wallaroo::core::frames::dead_letter::DeadLetter;
use wallaroo::core::numbers::{PipelineIndex, SinkIndex, SinkPlace, Timestamp, WorkerIndex};
use wallaroo::core::observer::Observer;
use wallaroo::core::partitions::query::PartitionRow;
use wallaroo::core::steps::batch::Output;
use wallaroo::core::steps::context::Report;
use wallaroo::runtime::{Engine, Settings};
use wallaroo::{TestDriver, Topology};

use crate::hosts::cluster;
use crate::item::MADE;
use crate::shape::{Begin, Shape};
use crate::steps::Order;

/// The payloads of each pipeline, if there are so many.
pub type Inputs = [Vec<Vec<u8>>; 4];

/// The outputs of a sink, known by its pipeline and its own number.
pub type Outputs = BTreeMap<(usize, usize), Vec<Vec<u8>>>;

/// All that must not depend on the number of workers.
#[derive(Debug, Default, PartialEq)]
pub struct Ending {
    pub partitions: Vec<(String, String, u64, bool, serde_json::Value)>,
    /// The outputs of each sink in groups, each of which is in order.
    outputs: BTreeMap<(usize, usize), BTreeMap<String, Vec<String>>>,
    dead_letters: Vec<(String, u64, String, String, String)>,
    counts: [u64; 5],
    steps: Vec<u64>,
}

impl Ending {
    fn new(
        shape: &Shape,
        partitions: impl IntoIterator<Item = PartitionRow>,
        outputs: Outputs,
        dead_letters: &[DeadLetter],
        counted: &Report,
    ) -> Self {
        let partition = |row: PartitionRow| {
            (row.state, row.key.to_string(), row.messages, row.to_save, row.value)
        };
        let group = |((pipeline, sink), outputs): ((usize, usize), Vec<Vec<u8>>)| {
            // The second pipeline is partitioned by letter; so are its capitals in the first one's sink.
            let order = if pipeline == 0 { shape.order() } else { Order::Letter };
            let order_of =
                |kind| if shape.joins && kind == "capitals" { Order::Letter } else { order };
            let mut kinds: BTreeMap<&str, Vec<Vec<u8>>> = BTreeMap::new();
            for output in outputs {
                let first = if sink == 2 { output.last() } else { output.first() };
                kinds.entry(kind(*first.unwrap())).or_default().push(output);
            }
            let of_kind = kinds.into_iter().flat_map(|(kind, outputs)| {
                let groups = groups(outputs, order_of(kind), sink == 2);
                groups.into_iter().map(move |(group, outputs)| (format!("{kind} {group}"), outputs))
            });
            ((pipeline, sink), of_kind.collect())
        };
        let mut dead_letters: Vec<_> = dead_letters
            .iter()
            .map(|letter| {
                let key = letter.key.as_ref().map(ToString::to_string).unwrap_or_default();
                let (pipeline, step) = (letter.pipeline.to_string(), letter.step.to_string());
                (pipeline, letter.sequence.0, step, letter.reason.clone(), key)
            })
            .collect();
        dead_letters.sort();
        let Report { frames, filtered, created, saved, stateful, .. } = *counted;
        Self {
            partitions: partitions.into_iter().map(partition).collect(),
            outputs: outputs.into_iter().filter(|(_, all)| !all.is_empty()).map(group).collect(),
            dead_letters,
            counts: [frames, filtered, created, saved, stateful],
            steps: counted.steps.clone(),
        }
    }
}

/// Which pipeline an output is of, where several write to one sink.
fn kind(letter: u8) -> &'static str {
    match letter {
        b'A'..=b'Z' => "capitals",
        b'0'..=b'9' => "digits",
        _ => "letters",
    }
}

/// Outputs, grouped by what has an order; sorted if nothing has one.
fn groups(outputs: Vec<Vec<u8>>, order: Order, backwards: bool) -> BTreeMap<String, Vec<String>> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mut output in outputs {
        if backwards {
            output.reverse();
        }
        let output = String::from_utf8(output).unwrap();
        let group = match order {
            Order::Nothing | Order::Everything => "",
            // `a 1 ..`
            Order::Letter => &output[..1],
            Order::Class => &output[..output.rfind(' ').unwrap()],
        };
        groups.entry(group.to_owned()).or_default().push(output);
    }
    if order == Order::Nothing {
        for outputs in groups.values_mut() {
            outputs.sort();
        }
    }
    groups
}

/// How a shape ends in a driver.
pub fn driven(
    shape: &Shape,
    inputs: &Inputs,
    driver: impl FnOnce(&Topology) -> TestDriver,
) -> Ending {
    let topology = shape.topology();
    let mut driver = driver(&topology);
    for (plan, payloads) in topology.pipelines().iter().zip(inputs) {
        if shape.from == Begin::Generator {
            assert_eq!(driver.generate(&plan.name, u64::MAX).unwrap(), MADE);
            continue;
        }
        for payload in payloads {
            driver.push_message(&plan.name, payload).unwrap();
        }
    }
    driver.run();
    let mut names: Vec<_> = topology.states().iter().map(|state| &state.name).collect();
    names.sort();
    let mut outputs = Outputs::new();
    for (pipeline, plan) in topology.pipelines().iter().enumerate() {
        // Those of a sink that is the first pipeline's, too, are there.
        let own = plan.sinks.iter().enumerate().filter(|(_, sink)| sink.same_as.is_none());
        for (sink, _) in own {
            let of_sink = driver.outputs_of_sink(&plan.name, sink).unwrap().to_vec();
            outputs.insert((pipeline, sink), of_sink);
        }
    }
    let partitions = names.into_iter().flat_map(|name| driver.partitions(name));
    Ending::new(shape, partitions, outputs, driver.dead_letters(), driver.report())
}

/// How a shape ends in an engine of this many processes with this many workers each.
pub fn run(shape: &Shape, inputs: &Inputs, (processes, workers): (usize, usize)) -> Ending {
    let topology = Arc::new(shape.topology());
    let cluster = (processes > 1).then(|| cluster(&topology, processes));
    let workers = NonZeroUsize::new(workers).unwrap();
    // What is not injectable ends with its sources.
    let injectable = shape.from == Begin::Frames;
    let settings = Settings { workers, injectable, cluster, ..Settings::new(&topology) };
    let watcher = Arc::new(Watcher::default());
    let engine =
        Engine::start(Arc::clone(&topology), &settings, Arc::clone(&watcher) as _).unwrap();
    let injected = if injectable { inputs.as_slice() } else { &[] };
    for (pipeline, (plan, payloads)) in topology.pipelines().iter().zip(injected).enumerate() {
        // Several batches, so that some are under way while others are read.
        for part in payloads.chunks(7) {
            let framed =
                part.iter().flat_map(|payload| plan.source.framing.frame(payload).unwrap());
            engine.inject(PipelineIndex(pipeline), framed.collect()).unwrap();
        }
    }
    if injectable {
        engine.stop();
    }
    engine.wait().unwrap();
    let Watched { report, outputs: told } = std::mem::take(&mut *watcher.0.lock().unwrap());
    let mut outputs = Outputs::new();
    for ((pipeline, sink), told) in told {
        let place = SinkPlace { pipeline: PipelineIndex(pipeline), sink: SinkIndex(sink) };
        let first = topology.first_place(place);
        outputs.entry((first.pipeline.0, first.sink.0)).or_default().extend(told);
    }
    Ending::new(shape, engine.export(), outputs, &report.dead_letters, &report)
}

/// Remembers what an engine tells.
#[derive(Default)]
pub struct Watcher(pub Mutex<Watched>);

/// What an engine has told.
#[derive(Default)]
pub struct Watched {
    /// The sum of all reports.
    pub report: Report,
    pub outputs: Outputs,
}

impl Observer for Watcher {
    fn processed(&self, _: PipelineIndex, _: WorkerIndex, report: &mut Report) {
        let sum = &mut self.0.lock().unwrap().report;
        sum.frames += report.frames;
        sum.filtered += report.filtered;
        sum.created += report.created;
        sum.saved += report.saved;
        sum.stateful += report.stateful;
        sum.steps.resize(sum.steps.len().max(report.steps.len()), 0);
        sum.steps.iter_mut().zip(&report.steps).for_each(|(sum, count)| *sum += count);
        sum.dead_letters.append(&mut report.dead_letters);
    }

    fn written(&self, pipeline: PipelineIndex, output: &Output, _: Timestamp) {
        let outputs = output.pieces.iter().map(<[u8]>::to_vec);
        let all = &mut self.0.lock().unwrap().outputs;
        all.entry((pipeline.0, output.sink.0)).or_default().extend(outputs);
    }
}
