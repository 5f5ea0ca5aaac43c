//! The workers of this process: threads that are started together and end together.

use std::net::TcpStream;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread::{self, Thread};
use std::time::Duration;

use parking_lot::Mutex;
use timely::communication::WorkerGuards;
use timely::{CommunicationConfig, Config, WorkerConfig};

use super::query::Request;
use super::worker::{self, TellReady, WorkerSpec};
use crate::core::numbers::{Epoch, WorkerIndex};
use crate::core::partitions::placement::Placement;
use crate::runtime::error::EngineError;
use crate::runtime::mesh::Mesh;
use crate::runtime::parts::{Restored, Senders};
use crate::runtime::processes::neighbours::Neighbours;
use crate::runtime::shared::Shared;

/// How the workers of a process begin.
pub(crate) struct Begins {
    /// Over the workers of all processes.
    pub placement: Placement,
    /// Those of this process.
    pub local: Range<usize>,
    /// The checkpoint that they begin with.
    pub epoch: Epoch,
    /// Whether they remember what has changed.
    pub saves: bool,
    /// Whether what they do is recorded.
    pub records: bool,
    /// `None` if there is one process.
    pub neighbours: Option<Arc<Neighbours>>,
    pub ready: TellReady,
}

/// Where a worker gets partitions to begin with.
pub(crate) type Giver = SyncSender<Vec<Restored>>;

/// The workers of this process.
pub(crate) struct LocalWorkers {
    guards: Mutex<Option<Guards>>,
    /// To wake them.
    pub threads: Vec<Thread>,
    pub requests: Vec<mpsc::Sender<Request>>,
}

/// What is waited for at the end.
enum Guards {
    /// The only process.
    Alone(WorkerGuards<()>),
    OneOfMany(Mesh<()>),
}

impl LocalWorkers {
    /// Starts them. Each takes partitions to begin with until there are no more, and tells then that it is ready.
    pub fn start(
        shared: &Arc<Shared>,
        senders: &Senders,
        begins: &Begins,
        connections: Option<Vec<Option<TcpStream>>>,
    ) -> Result<(Self, Vec<Giver>), EngineError> {
        let (mut requests, mut givers, mut specs) = (Vec::new(), Vec::new(), Vec::new());
        for worker in begins.local.clone() {
            let (request, requested) = mpsc::channel();
            let (give, restored) = mpsc::sync_channel(4);
            requests.push(request);
            givers.push(give);
            specs.push(Mutex::new(Some(WorkerSpec {
                index: WorkerIndex(worker),
                placement: begins.placement,
                shared: Arc::clone(shared),
                epoch: begins.epoch,
                saves: begins.saves,
                records: begins.records,
                neighbours: begins.neighbours.clone(),
                senders: senders.clone(),
                requests: requested,
                restored,
                ready: Arc::clone(&begins.ready),
            })));
        }
        let guards = Mutex::new(Some(spawn(specs, begins, connections)?));
        Ok((Self { guards, threads: Vec::new(), requests }, givers))
    }

    pub fn wake(&self) {
        self.threads.iter().for_each(Thread::unpark);
    }

    /// Waits until they are gone, but not longer than this. Returns false if one is left.
    pub fn join_within(&self, limit: Duration) -> bool {
        let Some(guards) = self.guards.lock().take() else { return true };
        let (ended, end) = mpsc::channel();
        let join = move || {
            guards.join();
            let _ = ended.send(());
        };
        match thread::Builder::new().name("wallaroo-join".to_owned()).spawn(join) {
            Ok(_) => end.recv_timeout(limit) != Err(RecvTimeoutError::Timeout),
            // Without a thread to wait in, the drop of the guards has waited here.
            Err(_) => true,
        }
    }

    /// Waits until they are gone. They must have been told to end.
    pub fn join(&self) {
        let guards = self.guards.lock().take();
        if let Some(guards) = guards {
            guards.join();
        }
    }
}

impl Guards {
    fn join(self) {
        // A worker that panicked has reported it.
        match self {
            Self::Alone(guards) => drop(guards.join()),
            Self::OneOfMany(mesh) => drop(mesh.join()),
        }
    }
}

/// Starts the threads.
fn spawn(
    specs: Vec<Mutex<Option<WorkerSpec>>>,
    begins: &Begins,
    connections: Option<Vec<Option<TcpStream>>>,
) -> Result<Guards, EngineError> {
    let (workers, first) = (specs.len(), begins.local.start);
    let run = move |timely: &mut timely::worker::Worker| {
        let take = |spec: &Mutex<Option<WorkerSpec>>| spec.lock().take();
        let own = timely.index().checked_sub(first);
        match own.and_then(|own| specs.get(own)).and_then(take) {
            Some(spec) => worker::run(timely, spec),
            None => unreachable!("timely runs each worker once"),
        }
    };
    let Some((neighbours, data)) = begins.neighbours.as_ref().zip(connections) else {
        let communication = CommunicationConfig::Process(workers);
        let config = Config { communication, worker: WorkerConfig::default() };
        return timely::execute(config, run).map(Guards::Alone).map_err(EngineError::Threads);
    };
    let mesh = Mesh::start(data, neighbours.me(), neighbours.workers_each(), run);
    mesh.map(Guards::OneOfMany).map_err(|error| EngineError::Threads(error.to_string()))
}
