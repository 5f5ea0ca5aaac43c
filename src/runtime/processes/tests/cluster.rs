//! Several processes in one: each has its own mesh, queues and observer, and threads take their notices.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::seen::Seen;
use crate::core::numbers::{Epoch, PipelineIndex, ProcessIndex, WorkerIndex};
use crate::core::partitions::placement::Placement;
use crate::core::partitions::query::PartitionRow;
use crate::core::topology::Topology;
use crate::endpoints::{Endpoint, Injector, Intake, read_injected};
use crate::runtime::earlier::Earlier;
use crate::runtime::error::EngineError;
use crate::runtime::ingress::gate::{Gate, RunState};
use crate::runtime::ingress::queues::Queues;
use crate::runtime::mesh::Mesh;
use crate::runtime::mesh::tests::{LIMIT, sockets};
use crate::runtime::parts::{News, Senders, SinkTasks};
use crate::runtime::processes::homecoming::tell_home;
use crate::runtime::processes::neighbours::Neighbours;
use crate::runtime::settings::Settings;
use crate::runtime::shared::Shared;
use crate::runtime::startup::endpoints::{begin_sinks, intakes, open_endpoints, start_sinks};
use crate::runtime::workers::query::{Query, Request};
use crate::runtime::workers::worker::{self, Ready, TellReady, WorkerSpec};

/// Waits until this is true.
pub fn wait_for(what: &str, is_true: impl Fn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !is_true() {
        assert!(Instant::now() < end, "waited for too long: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// A process of the cluster.
pub struct Process {
    pub shared: Arc<Shared>,
    pub neighbours: Arc<Neighbours>,
    pub seen: Arc<Seen>,
    news: UnboundedReceiver<News>,
    mesh: Mesh<()>,
    requests: Vec<Sender<Request>>,
    threads: Vec<Thread>,
}

/// The processes, and what process 0 has besides.
pub struct Cluster {
    pub processes: Vec<Process>,
    pub intakes: Vec<Arc<Intake>>,
    injectors: Vec<Injector>,
    io: Runtime,
    stop: watch::Sender<bool>,
    sources: JoinSet<()>,
    sinks: SinkTasks,
    /// Who has notices for whom.
    notices: Sender<Option<(ProcessIndex, ProcessIndex)>>,
    courier: JoinHandle<()>,
}

/// Settings with these sinks: files in a folder, or others.
pub fn settings(topology: &Topology, workers: usize, folder: &Path) -> Settings {
    let mut settings = Settings::new(topology);
    settings.workers = NonZeroUsize::new(workers).unwrap();
    for (pipeline, sinks) in settings.sinks.iter_mut().enumerate() {
        for (sink, endpoint) in sinks.iter_mut().enumerate() {
            *endpoint = Endpoint::File(file(folder, pipeline, sink));
        }
    }
    settings
}

/// The file of a sink.
pub fn file(folder: &Path, pipeline: usize, sink: usize) -> PathBuf {
    folder.join(format!("{pipeline}-{sink}"))
}

/// The lines of a sink's file.
pub fn lines(folder: &Path, pipeline: usize, sink: usize) -> Vec<String> {
    let text = fs::read_to_string(file(folder, pipeline, sink)).unwrap();
    text.lines().map(str::to_owned).collect()
}

impl Cluster {
    /// Starts so many processes, each with the workers of the settings.
    pub fn start(topology: &Arc<Topology>, settings: &Settings, processes: usize) -> Self {
        let io = Runtime::new().unwrap();
        let (notices, told) = channel();
        let earlier = Earlier::none(topology);
        let mut started = Vec::new();
        let (mut all_senders, mut sinks) = (Vec::new(), JoinSet::new());
        for me in 0..processes {
            let (news, hears) = unbounded_channel();
            let seen = Arc::<Seen>::default();
            let shared = Arc::new(share(topology, settings, &earlier, Arc::clone(&seen), news, me));
            let neighbours = neighbours(&shared, me, processes, &notices);
            let mut senders: Senders = topology.pipelines().iter().map(|_| Vec::new()).collect();
            if me == 0 {
                let opened = open_endpoints(settings, topology, &*seen);
                let tasks;
                (senders, tasks) = begin_sinks(io.block_on(opened).unwrap().sinks, &shared);
                sinks = start_sinks(io.handle(), tasks);
            }
            all_senders.push(senders);
            started.push((shared, neighbours, seen, hears));
        }
        let parties = started
            .iter()
            .map(|(shared, neighbours, ..)| (Arc::clone(shared), Arc::clone(neighbours)));
        let parties: Vec<_> = parties.collect();
        let courier = thread::spawn(move || carry(&told, &parties));

        let (mut meshes, mut readiness) = (Vec::new(), Vec::new());
        let all = sockets(processes).into_iter().zip(&started).zip(all_senders);
        for ((data, (shared, neighbours, ..)), senders) in all {
            let (specs, requests, ready) = specs(shared, neighbours, &senders, processes);
            let (me, first) = (neighbours.me(), neighbours.local().start);
            let run = move |timely: &mut timely::worker::Worker| {
                let spec = specs[timely.index() - first].lock().take().unwrap();
                worker::run(timely, spec);
            };
            meshes.push((Mesh::start(data, me, settings.workers, run).unwrap(), requests));
            readiness.push(ready);
        }
        let processes = started.into_iter().zip(meshes).zip(readiness).map(
            |(((shared, neighbours, seen, news), (mesh, requests)), ready)| {
                let threads = threads(&ready, requests.len());
                Process { shared, neighbours, seen, news, mesh, requests, threads }
            },
        );
        let processes: Vec<_> = processes.collect();
        let (stop, stopped) = watch::channel(false);
        let intakes = intakes(&processes[0].shared, &stopped);
        let injectors: Vec<Injector> = intakes.iter().map(|_| Injector::default()).collect();
        let mut sources = JoinSet::new();
        for (injector, intake) in injectors.iter().zip(&intakes) {
            sources.spawn_on(read_injected(injector.injected(), Arc::clone(intake)), io.handle());
        }
        Self { processes, intakes, injectors, io, stop, sources, sinks, notices, courier }
    }

    /// Gives bytes to a pipeline.
    pub fn inject(&self, pipeline: usize, bytes: impl Into<Bytes>) {
        self.injectors[pipeline].inject(bytes.into()).unwrap();
    }

    /// What all processes have lent and not been given back.
    pub fn lent(&self) -> usize {
        self.processes.iter().map(|process| process.neighbours.open_loans().0).sum()
    }

    /// All partitions of all workers.
    pub fn partitions(&self) -> Vec<PartitionRow> {
        let mut rows = Vec::new();
        for process in &self.processes {
            for (request, thread) in process.requests.iter().zip(&process.threads) {
                let (reply, exported) = sync_channel(1);
                request.send(Request::Query(Query::Export { reply })).unwrap();
                thread.unpark();
                rows.extend(exported.iter().flatten());
            }
        }
        rows.sort_by(|a, b| (&a.state, &a.key).cmp(&(&b.state, &b.key)));
        rows
    }

    /// Ends the sources when all that was injected has entered, and waits until everything is processed.
    pub fn drain(&mut self) {
        let stopped = self.stop.send_replace(true);
        let Self { io, sources, .. } = self;
        io.block_on(async { while sources.join_next().await.is_some() {} });
        self.processes[0].shared.queues.iter().for_each(|queues| queues.close());
        for process in self.processes.iter_mut().filter(|_| !stopped) {
            for _worker in 0..process.requests.len() {
                let next = async { tokio::time::timeout(LIMIT, process.news.recv()).await };
                match self.io.block_on(next).unwrap() {
                    Some(News::Drained) => {}
                    Some(News::Failed(error)) => panic!("{:?}: {error}", process.neighbours.me()),
                    _ => panic!("workers are drained"),
                }
            }
        }
    }

    /// Waits until all is written and returned, checks that nothing is held any more, and ends.
    pub fn finish(mut self) -> Vec<Arc<Seen>> {
        self.drain();
        let Self { processes, intakes, io, mut sinks, notices, courier, .. } = self;
        io.block_on(async {
            while let Some(sink) = sinks.join_next().await {
                sink.unwrap().unwrap();
            }
        });
        let is_empty = |process: &Process| process.neighbours.open_loans() == (0, 0);
        wait_for("all loans are returned", || processes.iter().all(is_empty));
        for process in &processes {
            process.neighbours.close().unwrap();
            let gate = &process.shared.gate;
            gate.pause();
            // What was returned is dropped when it has been told.
            wait_for("nothing is in flight", || gate.run_state() == RunState::Paused);
        }
        let is_free = |intake: &Arc<Intake>| intake.budget().used() == 0;
        wait_for("all room is free", || intakes.iter().all(is_free));
        notices.send(None).unwrap();
        courier.join().unwrap();
        let seen = processes.iter().map(|process| Arc::clone(&process.seen)).collect();
        let end = |process: Process| {
            process.requests.iter().for_each(|request| request.send(Request::Leave).unwrap());
            process.threads.iter().for_each(Thread::unpark);
            thread::spawn(move || process.mesh.join().map(|_| ()))
        };
        let ends: Vec<_> = processes.into_iter().map(end).collect();
        for end in ends {
            end.join().unwrap().unwrap();
        }
        seen
    }
}

/// The data of one process.
pub fn share(
    topology: &Arc<Topology>,
    settings: &Settings,
    earlier: &Earlier,
    seen: Arc<Seen>,
    news: tokio::sync::mpsc::UnboundedSender<News>,
    me: usize,
) -> Shared {
    let pipelines = topology.pipelines().iter().enumerate();
    let queues = pipelines.map(|(at, plan)| {
        let (workers, by_key) = (settings.workers.get(), plan.keeps_order_by_key());
        let name = Arc::clone(&plan.name);
        Arc::new(Queues::new(PipelineIndex(at), name, None, workers, None, by_key))
    });
    let queues: Vec<_> = queues.collect();
    if me > 0 {
        for queues in &queues {
            queues.close();
        }
    }
    Shared {
        topology: Arc::clone(topology),
        settings: settings.clone(),
        observer: seen,
        clock: earlier.clock,
        gate: Arc::new(Gate::open()),
        traces: Vec::new(),
        tracing: AtomicBool::new(true),
        pins: Arc::default(),
        numbers: earlier.numbers.clone(),
        queues,
        entering: None,
        durable: None,
        news,
        much_recorded: Arc::default(),
        stop_asked: AtomicBool::new(false),
        abort: AtomicBool::new(false),
        panicked: Arc::default(),
    }
}

fn neighbours(
    shared: &Shared,
    me: usize,
    processes: usize,
    notices: &Sender<Option<(ProcessIndex, ProcessIndex)>>,
) -> Arc<Neighbours> {
    let (me, notices) = (ProcessIndex(me), notices.clone());
    let (failed, pins) = (Arc::clone(&shared.panicked), Arc::clone(&shared.pins));
    let wake = move |to| {
        let _ = notices.send(Some((me, to)));
    };
    let workers = shared.settings.workers;
    Arc::new(Neighbours::new(me, workers, processes, failed, pins, wake))
}

/// Takes notices from each process to the others, as bytes.
fn carry(
    told: &Receiver<Option<(ProcessIndex, ProcessIndex)>>,
    parties: &[(Arc<Shared>, Arc<Neighbours>)],
) {
    while let Ok(Some((from, to))) = told.recv() {
        let notices = rmp_serde::to_vec_named(&parties[from.0].1.take_notices(to)).unwrap();
        let (shared, neighbours) = &parties[to.0];
        let notices = rmp_serde::from_slice(&notices).unwrap();
        let settled = neighbours.settle(from, notices).unwrap();
        tell_home(settled, &shared.topology, &*shared.observer).unwrap();
    }
}

type Specs = Vec<Mutex<Option<WorkerSpec>>>;

/// What the workers of one process are given, the ways to ask them, and when they are ready.
fn specs(
    shared: &Arc<Shared>,
    neighbours: &Arc<Neighbours>,
    senders: &Senders,
    processes: usize,
) -> (Specs, Vec<Sender<Request>>, Receiver<Result<Ready, EngineError>>) {
    let (told, readiness) = channel();
    let ready: TellReady = Arc::new(move |ready| drop(told.send(ready)));
    let all = NonZeroUsize::new(processes * shared.settings.workers.get()).unwrap();
    let spec = |worker| {
        let (request, requests) = channel();
        // Nothing is restored.
        let (_, restored) = sync_channel(1);
        let spec = WorkerSpec {
            index: WorkerIndex(worker),
            placement: Placement::new(all),
            shared: Arc::clone(shared),
            epoch: Epoch(0),
            senders: senders.clone(),
            requests,
            restored,
            ready: Arc::clone(&ready),
            saves: false,
            records: false,
            neighbours: Some(Arc::clone(neighbours)),
        };
        (Mutex::new(Some(spec)), request)
    };
    let (specs, requests) = neighbours.local().map(spec).unzip();
    (specs, requests, readiness)
}

/// The threads of so many workers, when all of them are ready.
fn threads(ready: &Receiver<Result<Ready, EngineError>>, workers: usize) -> Vec<Thread> {
    let ready = (0..workers).map(|_| ready.recv_timeout(LIMIT).unwrap().unwrap());
    let mut ready: Vec<_> = ready.collect();
    ready.sort_by_key(|ready| ready.worker);
    ready.into_iter().filter_map(|ready| ready.thread).collect()
}
