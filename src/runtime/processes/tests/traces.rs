//! Traces of messages that go to other processes are whole where their frames are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::cluster::{Cluster, settings};
use super::{SHAPES, append, empty, frames, key, line, many, topology};
use crate::application::{Key, Sink};
use crate::core::frames::pins::Pin;
use crate::core::frames::trace::{Hop, HopEvent, Trace};
use crate::core::test_driver::TestDriver;
use crate::core::topology::Topology;

fn two_states() -> Arc<Topology> {
    topology(|pipeline| {
        pipeline
            .to_state_partition(append, empty, "first", key)
            .to_state_partition(append, empty, "second", key)
            .to_sink(Sink::new(line))
    })
}

/// A hop without what depends on when and where it was made.
fn told(hop: &Hop) -> String {
    match &hop.event {
        HopEvent::Partitioned { key, .. } => format!("{}: {key}", hop.step),
        HopEvent::Written(_) => "written".to_owned(),
        event => format!("{}: {event:?}", hop.step),
    }
}

fn hops(traces: &[Arc<Trace>]) -> BTreeMap<u64, (Vec<u8>, Vec<String>)> {
    let told = |trace: &Arc<Trace>| {
        assert!(trace.is_at_home() && trace.pipeline == "p".into());
        let hops = trace.hops().iter().map(told).collect();
        (trace.sequence.0, (trace.frame.clone(), hops))
    };
    traces.iter().map(told).collect()
}

#[test]
fn the_hops_of_each_message_come_home_in_their_order() {
    let topology = two_states();
    // So few that all of them are traced.
    let bytes = many(900);
    let mut driver = TestDriver::new(&topology);
    driver.push("p", &bytes).unwrap();
    driver.run();
    let expected = hops(driver.traces());
    for (processes, workers) in SHAPES {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&topology, workers, folder.path());
        let cluster = Cluster::start(&topology, &settings, processes);
        cluster.inject(0, bytes.clone());
        let seen = cluster.finish();
        assert!(
            seen[1..].iter().all(|seen| seen.traces.lock().is_empty()),
            "none begins elsewhere"
        );
        let traces = seen[0].traces.lock();
        assert_eq!(traces.len(), 900);
        for (sequence, (frame, hops)) in hops(&traces) {
            let (of, wanted) = &expected[&sequence];
            assert_eq!(frame, *of);
            let (last, hops) = hops.split_last().unwrap();
            // A driver writes to no endpoint.
            assert!(last == "written" && hops == wanted, "{hops:?} {last}");
        }
    }
}

#[test]
fn a_trace_that_begins_on_a_host_because_of_a_pin_is_whole_at_home() {
    let topology = two_states();
    // So many that they are not traced; and a few of a key of the second state.
    let others = (0..3_000_u32).map(|number| [vec![1], number.to_string().into_bytes()].concat());
    let pinned = (0..40_u32).map(|number| [vec![9], number.to_string().into_bytes()].concat());
    let bytes = frames(others.chain(pinned));
    for (processes, workers) in SHAPES {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&topology, workers, folder.path());
        let cluster = Cluster::start(&topology, &settings, processes);
        let pins = &cluster.processes[0].shared.pins;
        assert!(pins.pin(Pin { state: "second".into(), key: Key::from(10_u8) }));
        cluster.inject(0, bytes.clone());
        let seen = cluster.finish();
        assert!(seen[1..].iter().all(|seen| seen.traces.lock().is_empty()), "none is shown there");
        assert_eq!(seen[0].written.load(Ordering::Relaxed), 3_040);
        let hops = hops(&seen[0].traces.lock());
        assert_eq!(hops.keys().copied().collect::<Vec<_>>(), (3_001..=3_040).collect::<Vec<_>>());
        for (frame, hops) in hops.values() {
            assert_eq!(frame[4], 9);
            assert!(hops.iter().any(|hop| hop.contains("StateChanged")));
            assert_eq!(hops.last().map(String::as_str), Some("written"), "{hops:?}");
        }
    }
}
