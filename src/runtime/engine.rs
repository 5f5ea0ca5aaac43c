//! The engine: starts a topology, takes requests while it runs, and ends.

use std::iter;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;

use bytes::Bytes;
use timely::communication::WorkerGuards;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::clock::StartClock;
use super::error::EngineError;
use super::gate::{Gate, RunState};
use super::quiet::IO_THREAD_NAME;
use super::request::Request;
use super::settings::Settings;
use super::start::{AllInlets, Shared, open_endpoints, start_sinks, start_sources, start_workers};
use super::supervisor::{Outcome, Supervisor};
use crate::application::Key;
use crate::core::clock::Clock;
use crate::core::numbers::{PipelineIndex, Timestamp};
use crate::core::observer::Observer;
use crate::core::partition_query::{RowQuery, RowWindow};
use crate::core::partition_table::PartitionRow;
use crate::core::revival::Revival;
use crate::core::topology::Topology;
use crate::endpoints::{Injector, NotInjected};

/// A topology that runs. Dropping it ends the run at once, whatever is in flight.
pub struct Engine {
    shared: Shared,
    injectors: Mutex<Vec<Injector>>,
    requests: Vec<mpsc::Sender<Request>>,
    threads: Vec<Thread>,
    stop: watch::Sender<bool>,
    outcome: watch::Receiver<Outcome>,
    io: Option<Runtime>,
    guards: Option<WorkerGuards<()>>,
}

impl Engine {
    /// Opens all sources and sinks, starts the workers, and begins to read. Not to be called from
    /// asynchronous code, which it would block.
    ///
    /// # Errors
    ///
    /// A source or a sink cannot be opened, or threads cannot be started.
    pub fn start(
        topology: Arc<Topology>,
        settings: &Settings,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, EngineError> {
        // One thread moves bytes as fast as many workers take them; a second one would be woken for
        // nothing by every read and write.
        let io = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(IO_THREAD_NAME)
            .enable_all()
            .build()
            .map_err(|error| EngineError::Threads(error.to_string()))?;
        let (sources, sinks) = io.block_on(open_endpoints(settings))?;
        let shared = Shared {
            topology,
            observer,
            clock: StartClock::start(),
            gate: Arc::new(Gate::open()),
            abort: Arc::new(AtomicBool::new(false)),
        };
        let of_pipeline = |_: &_| (0..settings.workers.get()).map(|_| Arc::default()).collect();
        let inlets: AllInlets = shared.topology.pipelines().iter().map(of_pipeline).collect();
        let (sinks, senders) = start_sinks(io.handle(), sinks, &shared);
        let workers = start_workers(settings, &shared, &inlets, &senders)?;
        // Only workers send to sinks: where they are gone, the sinks end.
        drop(senders);
        let (stop, stopped) = watch::channel(false);
        let (sources, injectors) =
            start_sources(io.handle(), sources, settings, &shared, &inlets, &stopped);

        let (publish, outcome) = watch::channel(None);
        let supervisor = Supervisor {
            sources,
            sinks,
            inlets: inlets.into_iter().flatten().collect(),
            news: workers.news,
            workers: workers.threads.len(),
            stop: stop.clone(),
            abort: Arc::clone(&shared.abort),
            outcome: publish,
        };
        io.spawn(supervisor.run());
        Ok(Self {
            shared,
            injectors: Mutex::new(injectors),
            requests: workers.requests,
            threads: workers.threads,
            stop,
            outcome,
            io: Some(io),
            guards: Some(workers.guards),
        })
    }

    /// What runs.
    #[must_use]
    pub fn topology(&self) -> &Arc<Topology> {
        &self.shared.topology
    }

    /// How many workers run it.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.threads.len()
    }

    /// The time since the start.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Gives bytes to a pipeline as if its source had read them. They may be anything: bytes at the
    /// end that are no whole frame become a dead letter.
    ///
    /// # Errors
    ///
    /// The engine is ending, or was not started to be injected into; or so much waits that memory
    /// would not be bounded.
    pub fn inject(&self, pipeline: PipelineIndex, bytes: Bytes) -> Result<(), EngineError> {
        let injectors = self.injectors.lock().unwrap_or_else(PoisonError::into_inner);
        let injector = injectors.get(pipeline.0).ok_or(EngineError::Ended)?;
        injector.inject(bytes).map_err(|refused| match refused {
            NotInjected::Full => EngineError::InputFull,
            NotInjected::Ended => EngineError::Ended,
        })
    }

    /// Takes no more frames. What is in flight goes on to its end.
    pub fn pause(&self) {
        self.shared.gate.pause();
    }

    /// Takes frames again.
    pub fn resume(&self) {
        self.shared.gate.resume(self.shared.clock.now());
        self.wake();
    }

    /// Takes one message, now or as soon as one comes. Pauses first where the engine runs.
    pub fn step(&self) {
        self.shared.gate.step();
        self.wake();
    }

    /// What the engine is doing.
    #[must_use]
    pub fn run_state(&self) -> RunState {
        self.shared.gate.run_state()
    }

    fn wake(&self) {
        self.threads.iter().for_each(Thread::unpark);
    }

    fn ask<T>(&self, request: impl Fn(mpsc::Sender<T>) -> Request) -> Receiver<T> {
        let (reply, replies) = mpsc::channel();
        for worker in &self.requests {
            // A worker that is gone gives no reply: its sender is dropped with the request.
            let _ = worker.send(request(reply.clone()));
        }
        self.wake();
        replies
    }

    /// Asks every worker for rows of a state. Each sends one window, or none where it has ended;
    /// [`merge`](crate::core::partition_query::merge) puts them together.
    #[must_use]
    pub fn rows(&self, state: &Arc<str>, query: &RowQuery) -> Receiver<RowWindow> {
        self.ask(|reply| Request::Rows { state: Arc::clone(state), query: query.clone(), reply })
    }

    /// Gives a poisoned partition back to its computations, with its state as it is. Each worker
    /// answers, or none where it has ended; all but the partition's owner that there is no such one.
    #[must_use]
    pub fn revive(&self, state: &Arc<str>, key: &Key) -> Receiver<Revival> {
        self.ask(|reply| Request::Revive { state: Arc::clone(state), key: key.clone(), reply })
    }

    /// All partitions of all states, sorted by state and key. Waits for the workers, and they for
    /// whoever takes the rows: few are in memory at a time.
    pub fn export(&self) -> impl Iterator<Item = PartitionRow> {
        let ask = |worker: &mpsc::Sender<Request>| {
            let (reply, rows) = mpsc::sync_channel(1);
            // A worker that is gone gives no rows.
            let _ = worker.send(Request::Export { reply });
            rows.into_iter().flatten().peekable()
        };
        let mut sorted: Vec<_> = self.requests.iter().map(ask).collect();
        self.wake();
        iter::from_fn(move || {
            let heads = sorted.iter_mut().enumerate();
            let heads = heads.filter_map(|(at, rows)| rows.peek().map(|row| (at, row)));
            let (first, _) = heads.min_by_key(|(_, row)| (&row.state, &row.key))?;
            sorted.get_mut(first)?.next()
        })
    }

    /// Stops reading. What has been read goes on to its end, and then the run has ended: it can be
    /// paused no more.
    pub fn stop(&self) {
        self.injectors.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.stop.send_replace(true);
        self.shared.gate.finish(self.shared.clock.now());
        self.wake();
    }

    /// How the run ended; `None` while it has not.
    #[must_use]
    pub fn outcome(&self) -> Option<Result<(), Arc<EngineError>>> {
        self.outcome.borrow().clone()
    }

    /// Waits until the run has ended. Not to be called from asynchronous code: see
    /// [`ended`](Self::ended).
    ///
    /// # Errors
    ///
    /// Why it could not go on.
    pub fn wait(&self) -> Result<(), Arc<EngineError>> {
        let mut outcome = self.outcome.clone();
        let ended = self
            .io
            .as_ref()
            .map(|io| io.block_on(async { outcome.wait_for(Option::is_some).await.ok()?.clone() }));
        ended.flatten().unwrap_or(Err(Arc::new(EngineError::Ended)))
    }

    /// Returns when the run has ended.
    pub async fn ended(&self) {
        let _ = self.outcome.clone().wait_for(Option::is_some).await;
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.shared.abort.store(true, Ordering::Release);
        self.wake();
        if let Some(guards) = self.guards.take() {
            // A worker that panicked has told so already.
            drop(guards.join());
        }
        if let Some(io) = self.io.take() {
            // Not waited for: a read from a terminal or a pipe may never return.
            io.shutdown_background();
        }
    }
}
