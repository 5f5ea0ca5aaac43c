//! Processes that host workers for an engine in the test program, as threads of it.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use wallaroo::Topology;
use wallaroo::cluster::Cluster;
use wallaroo::cluster::meeting::{Identity, Patience};
use wallaroo::cluster::members::Members;
use wallaroo::core::numbers::ProcessIndex;
use wallaroo::endpoints::Endpoint;
use wallaroo::runtime::processes::hosting::{Host, RoundEnd, Says};
use wallaroo::wire::secret::Secret;

/// Process 0 of so many that run a topology together. The others are threads, which end when this is dropped.
pub fn cluster(topology: &Arc<Topology>, processes: usize) -> Arc<Cluster> {
    listening(topology, processes, &[], Arc::new(|_| ()))
}

/// The same, and the others listen for clients of their own at these endpoints of the pipelines, and say where.
pub fn listening(
    topology: &Arc<Topology>,
    processes: usize,
    sources: &[Endpoint],
    says: Says,
) -> Arc<Cluster> {
    let processes = NonZeroUsize::new(processes).unwrap();
    let (build, app) = ("test".to_owned(), topology.name().to_string());
    let identity = Identity { build, placement: 7, app, options: BTreeMap::new(), topology: 9 };
    let secret = Secret::random();
    let bind = |process, port| {
        let members = Members::on_loopback(processes, ProcessIndex(process), port).unwrap();
        Cluster::bind(members, identity.clone(), secret.clone(), Patience::default()).unwrap()
    };
    let first = Arc::new(bind(0, 0));
    let port = first.port().unwrap();
    for process in 1..processes.get() {
        let cluster = Arc::new(bind(process, port));
        let host = Host::new(Arc::clone(topology), cluster, Arc::new(|_| None));
        let host = Arc::new(host.listening(sources.to_vec(), Arc::clone(&says)));
        let (hosts, needed) = (Arc::clone(&host), Arc::downgrade(&first));
        let is_needed = move || needed.strong_count() > 0;
        let still = is_needed.clone();
        // A process ends when a round is lost or the run is over: here it goes on, for the next engine.
        thread::spawn(move || while hosts.round(|_| {}).ok() != Some(RoundEnd::Over) || still() {});
        thread::spawn(move || {
            while is_needed() {
                thread::sleep(Duration::from_millis(20));
            }
            host.end();
        });
    }
    first
}
