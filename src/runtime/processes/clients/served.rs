//! The TCP sources of a host. They are there for as long as the engine of process 0, over all of its rounds.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::came::{Clients, Received};
use super::line::{Line, SayCame};
use super::watcher::{Failure, Says, Watcher};
use crate::core::event::{ClusterNews, EngineEvent};
use crate::core::numbers::{PipelineIndex, ProcessIndex};
use crate::core::observer::Observer;
use crate::core::topology::Topology;
use crate::endpoints::{Delivery, Endpoint, Entered, Intake, OpenSource};
use crate::runtime::clock::StartClock;
use crate::runtime::error::EngineError;
use crate::runtime::shared::Shared;
use crate::runtime::startup::connections::Room;
use crate::runtime::startup::endpoints::io_runtime;

/// How often it is tried to listen at an address that cannot be had.
const AGAIN: Duration = Duration::from_secs(1);

/// The max wait at the end for what its tasks are at.
const LAST_TURN: Duration = Duration::from_millis(500);

/// What a host's sources are made with.
pub(in crate::runtime::processes) struct Sources<'a> {
    pub topology: &'a Topology,
    /// Of each pipeline, where its source listens if it is an address.
    pub endpoints: &'a [Endpoint],
    /// This process.
    pub process: ProcessIndex,
    pub clock: StartClock,
    pub says: Says,
}

/// The TCP sources of a host.
pub(in crate::runtime::processes) struct Served {
    /// Of each pipeline; `None` if its source does not listen at process 0.
    lines: Vec<Option<Arc<Line>>>,
    watcher: Arc<Watcher>,
    begin: watch::Sender<bool>,
    stop: watch::Sender<bool>,
    io: Option<Runtime>,
}

impl Served {
    /// The sources of a new engine. They listen when it says that they may.
    pub fn new(sources: &Sources<'_>, clients: &Clients) -> Result<Self, EngineError> {
        let io = io_runtime()?;
        let line = |(at, received): (usize, &Option<Received>)| {
            received.map(|received| Line::new(PipelineIndex(at), received.last))
        };
        let lines: Vec<_> = clients.received.iter().enumerate().map(line).collect();
        let says = Arc::clone(&sources.says);
        let watcher = Arc::new(Watcher::new(sources.process, lines.clone(), says));
        let listens = |(line, endpoint): (&Option<_>, &Endpoint)| {
            line.is_some() && matches!(endpoint, Endpoint::Tcp(_))
        };
        let listening =
            lines.iter().zip(sources.endpoints).filter(|source| listens(*source)).count();
        let room = Room::of(listening, listening);
        let (begin, may_begin) = watch::channel(false);
        let (stop, stopped) = watch::channel(false);
        let plans = sources.topology.pipelines().iter().enumerate();
        for (((at, plan), line), received) in plans.zip(&lines).zip(&clients.received) {
            let pipeline = PipelineIndex(at);
            let (line, address) = match (line, sources.endpoints.get(at)) {
                (None, Some(Endpoint::Tcp(address))) => {
                    let reason = "process 0 does not listen for this pipeline".to_owned();
                    watcher.event(listens_not(pipeline, sources.process, address, reason));
                    continue;
                }
                (None, _) => continue,
                (Some(line), Some(Endpoint::Tcp(address))) => (line, Some(address.clone())),
                (Some(line), _) => (line, None),
            };
            let intake = Arc::new(Intake {
                pipeline,
                name: Arc::clone(&plan.name),
                framing: Arc::clone(&plan.source.framing),
                frame_limit: clients.frame_limit,
                clock: Arc::new(sources.clock),
                delivery: Arc::clone(line) as Arc<dyn Delivery>,
                observer: Arc::clone(&watcher) as Arc<dyn Observer>,
                process: sources.process,
                stop: stopped.clone(),
                entered: Entered::after_connections(received.map_or(0, |begun| begun.connections)),
            });
            let (most, mut may_begin) = (clients.connections, may_begin.clone());
            let (line, watcher) = (Arc::clone(line), Arc::clone(&watcher));
            io.spawn(async move {
                if may_begin.wait_for(|begin| *begin).await.is_ok() {
                    let source =
                        address.map(|address| tokio::spawn(listen(address, most, room, intake)));
                    until_its_end(source, &line, &watcher).await;
                }
            });
        }
        Ok(Self { lines, watcher, begin, stop, io: Some(io) })
    }

    /// A round begins. `received` says, of each pipeline, what has come to process 0.
    pub fn join(&self, say: &SayCame, received: &[Option<Received>], shared: &Arc<Shared>) {
        for (line, received) in self.lines.iter().zip(received) {
            if let (Some(line), Some(received)) = (line, received) {
                line.join(Arc::clone(say), received.last);
            }
        }
        self.watcher.join(shared);
    }

    /// The round ends.
    pub fn part(&self) {
        self.lines.iter().flatten().for_each(|line| line.part());
        self.watcher.part();
    }

    /// The sources may begin.
    pub fn open(&self) {
        self.begin.send_replace(true);
    }

    /// The sources are to stop.
    pub fn stop(&self) {
        self.stop.send_replace(true);
        // Those that never began have to say that nothing will come.
        self.begin.send_replace(true);
    }

    /// All things of a pipeline up to this number have entered. False if there are none of it.
    pub fn entered(&self, pipeline: PipelineIndex, number: u64) -> bool {
        let line = self.lines.get(pipeline.0).and_then(Option::as_ref);
        line.is_some_and(|line| {
            line.entered(number);
            true
        })
    }
}

impl Drop for Served {
    /// Its clients have to connect again.
    fn drop(&mut self) {
        if let Some(io) = self.io.take() {
            // With a wait: the next sources may listen at the same addresses. On another thread: asynchronous code may
            // drop it, and must not block.
            drop(thread::spawn(move || io.shutdown_timeout(LAST_TURN)).join());
        }
    }
}

/// Waits for the end of a source, if there is one, and tells process 0 that nothing more will come.
async fn until_its_end(source: Option<JoinHandle<io::Result<()>>>, line: &Line, watcher: &Watcher) {
    let ended = match source {
        Some(source) => source.await,
        None => Ok(Ok(())),
    };
    match ended {
        Ok(Ok(())) => line.end(),
        Ok(Err(error)) => watcher.fail(Failure::Source(error)),
        Err(panic) if panic.is_panic() => watcher.fail(Failure::Panic(panic.to_string())),
        // It is cancelled when the host ends.
        Err(_) => {}
    }
}

/// Serves clients at this address until the source is stopped, as soon as it can be listened at.
async fn listen(
    address: String,
    most: NonZeroUsize,
    room: Option<Room>,
    intake: Arc<Intake>,
) -> io::Result<()> {
    if *intake.stop.borrow() {
        return Ok(());
    }
    let endpoint = Endpoint::Tcp(address.clone());
    let mut has_failed = false;
    let mut source = loop {
        match OpenSource::open(&endpoint, most).await {
            Ok(source) => break source,
            Err(error) => {
                if !std::mem::replace(&mut has_failed, true) {
                    let (pipeline, me) = (intake.pipeline, intake.process);
                    intake.observer.event(listens_not(pipeline, me, &address, error.to_string()));
                }
            }
        }
        tokio::select! {
            () = intake.stopped() => return Ok(()),
            () = sleep(AGAIN) => {}
        }
    };
    if let Some(room) = room {
        room.fit(&mut source, &intake);
    }
    source.announce(&intake);
    source.run(intake).await
}

fn listens_not(
    pipeline: PipelineIndex,
    process: ProcessIndex,
    address: &str,
    reason: String,
) -> EngineEvent {
    let address = address.into();
    EngineEvent::Cluster(ClusterNews::ListensNot { pipeline, process, address, reason })
}
