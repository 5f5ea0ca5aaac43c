//! A sink that takes nothing stops the sources, also if the work is done elsewhere.

use std::io::Read;
use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::thread;

use super::cluster::{Cluster, settings, wait_for};
use super::{empty, frames, key, line, topology};
use crate::application::Sink;
use crate::endpoints::Endpoint;

/// How many messages, and how long they are: more bytes than the system and the budget take together.
const COUNT: usize = 12_000;
const LENGTH: usize = 4_000;

#[test]
fn a_stalled_sink_stops_the_taking_of_frames_while_hosts_have_them() {
    let same = |word: super::Word, _: &mut String| (Some(word), true);
    let topology = topology(|pipeline| {
        pipeline.to_state_partition(same, empty, "first", key).to_sink(Sink::new(line))
    });
    let payload = |number: usize| {
        let mut payload = vec![b'x'; LENGTH];
        payload[0] = u8::try_from(number % 251).unwrap();
        payload
    };
    let bytes = frames((0..COUNT).map(payload));
    let length = |number: usize| (number % 251).to_string().len() + 1 + LENGTH;
    let expected: usize = (0..COUNT).map(length).sum();
    for (processes, workers) in [(2, 1), (3, 2)] {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings(&topology, workers, folder.path());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        settings.sinks[0][0] = Endpoint::Tcp(listener.local_addr().unwrap().to_string());
        let cluster = Cluster::start(&topology, &settings, processes);
        cluster.inject(0, bytes.clone());
        let seen = &cluster.processes[0].seen;
        wait_for("the source waits for room", || seen.held.load(Ordering::Relaxed));
        let taken = seen.frames.load(Ordering::Relaxed);
        assert!(taken < COUNT as u64, "{taken} frames are taken");
        assert!(cluster.lent() > 0, "hosts hold some of them");
        let reader = thread::spawn(move || {
            let mut read = Vec::new();
            listener.accept().unwrap().0.read_to_end(&mut read).unwrap();
            read
        });
        cluster.finish();
        assert_eq!(reader.join().unwrap().len(), expected);
    }
}
