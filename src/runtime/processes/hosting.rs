//! What a process other than process 0 does: it hosts workers, round after round.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::sleep;

use super::answers::Answers;
use super::clients::line::SayCame;
use super::clients::served::{Served, Sources};
pub use super::clients::watcher::Says;
use super::figures::HostObserver;
use super::hosted::{Happened, HostShared, Hosted, lost, next};
use super::marks::{Marks, longest_way};
use super::messages::{Begin, Message};
use super::neighbours::FIRST;
use super::round::{Connected, Event, Outboxes, Round};
pub use super::round_end::RoundEnd;
use crate::cluster::Cluster;
use crate::cluster::meeting::{MeetError, Notice};
use crate::cluster::side::Heard;
use crate::core::frames::pins::Pins;
use crate::core::numbers::{PipelineIndex, WorkerIndex};
use crate::core::observer::Observer;
use crate::core::partitions::placement::Placement;
use crate::core::partitions::sent::Compile;
use crate::core::topology::Topology;
use crate::endpoints::Endpoint;
use crate::runtime::clock::StartClock;
use crate::runtime::error::EngineError;
use crate::runtime::ingress::gate::Gate;
use crate::runtime::ingress::queues::Queues;
use crate::runtime::settings::Settings;
use crate::runtime::shared::Shared;
use crate::runtime::workers::local::{Begins, LocalWorkers};

/// How often process 0 is told what has happened here, if anything has.
const TELL_EVERY: Duration = Duration::from_millis(50);

/// A process that hosts workers.
pub struct Host {
    topology: Arc<Topology>,
    cluster: Arc<Cluster>,
    compile: Compile,
    /// Where clients connect to this process, of each pipeline; and who is told.
    listens: (Vec<Endpoint>, Says),
    /// The sources of the last round, while the same engine begins another one.
    served: Mutex<Option<Arc<Served>>>,
    asked: Mutex<Asked>,
}

/// What a process that hosts workers was asked.
#[derive(Default)]
struct Asked {
    /// To say something to process 0, while a round lasts.
    outboxes: Option<Outboxes>,
    /// Whether the run is to stop. It is said in each round, because process 0 may have ended one before it could.
    stop: bool,
    /// Whether this process is not to meet the others any more.
    end: bool,
    /// Whether the run of the last round saves. `None` if there was no round: then a stop ends the meeting.
    saves: Option<bool>,
}

impl Host {
    /// A process that is not process 0 of this cluster. `compile` understands conditions about partitions.
    pub fn new(topology: Arc<Topology>, cluster: Arc<Cluster>, compile: Compile) -> Self {
        let says: Says = Arc::new(|_| ());
        let (listens, served, asked) = ((Vec::new(), says), Mutex::default(), Mutex::default());
        Self { topology, cluster, compile, listens, served, asked }
    }

    /// The same, and clients connect here too: to the TCP addresses among these endpoints of the pipelines' sources, of
    /// those pipelines whose source listens at process 0. `says` is told where that is.
    #[must_use]
    pub fn listening(self, endpoints: Vec<Endpoint>, says: Says) -> Self {
        Self { listens: (endpoints, says), ..self }
    }

    /// Asks process 0 to stop the run. False if there is no round now: then process 0 is asked in the next one, or, if
    /// there has been none, this process waits for it no longer.
    pub fn stop(&self) -> bool {
        let mut asked = self.asked.lock();
        asked.stop = true;
        let Some(outboxes) = &asked.outboxes else { return false };
        outboxes.say(FIRST, Message::Stop);
        true
    }

    /// Whether the run of the last round saves: if it does, it goes on after a loss.
    pub fn run_saves(&self) -> bool {
        self.asked.lock().saves == Some(true)
    }

    /// Whether there has been a round.
    pub fn has_met(&self) -> bool {
        self.asked.lock().saves.is_some()
    }

    /// Meets the others no more.
    pub fn end(&self) {
        self.asked.lock().end = true;
    }

    /// Meets the other processes, and hosts workers until process 0 ends the round. It blocks. What happens in the meeting
    /// is told.
    ///
    /// # Errors
    ///
    /// A process is lost, or this one cannot go on. Then Timely's threads may be left, and this process has to end.
    pub fn round(&self, tell: impl Fn(Notice)) -> Result<RoundEnd, EngineError> {
        let ended = self.meet(|notice| {
            // Its engine may be gone: nobody takes what clients send.
            if matches!(notice, Notice::NotReached(..)) {
                self.let_clients_go();
            }
            tell(notice);
        });
        if !matches!(ended, Ok(RoundEnd::Rescaled)) {
            self.let_clients_go();
        }
        ended
    }

    /// They have to connect again.
    fn let_clients_go(&self) {
        let served = self.served.lock().take();
        drop(served);
    }

    fn meet(&self, tell: impl Fn(Notice)) -> Result<RoundEnd, EngineError> {
        let has_ended = || {
            let Asked { stop, saves, end, .. } = &*self.asked.lock();
            *end || (*stop && saves.is_none())
        };
        let connected = match Connected::meet(&self.cluster, tell, has_ended) {
            Ok(Some(connected)) => connected,
            // It has been told so.
            Ok(None) | Err(EngineError::Meet(MeetError::CalledOff)) => return Ok(RoundEnd::Over),
            Err(error) => return Err(error),
        };
        let (happens, happened) = mpsc::channel();
        let heard = happens.clone();
        let begun = Round::begin(connected, move |event, room| {
            drop(heard.send(Happened::Event(event, room)));
        });
        let (round, data) = begun.map_err(|error| EngineError::Threads(error.to_string()))?;
        {
            let mut asked = self.asked.lock();
            if asked.stop {
                round.outboxes.say(FIRST, Message::Stop);
            }
            asked.outboxes = Some(round.outboxes.clone());
        }
        let hosted = self.host(&round, data, happens, &happened);
        self.asked.lock().outboxes = None;
        self.served.lock().iter().for_each(|served| served.part());
        match &hosted {
            Ok(_) => round.leave(),
            Err(error) => {
                // Its last word: process 0 may see this process go before the one that is lost.
                round.outboxes.say(
                    FIRST,
                    match error {
                        EngineError::ProcessLost { process, how } if *process != FIRST => {
                            Message::Lost(*process, how.clone())
                        }
                        error if error.is_loss() => Message::Disconnected,
                        error => Message::Failed(error.to_string()),
                    },
                );
                round.leave();
                round.cut();
            }
        }
        hosted
    }

    fn host(
        &self,
        round: &Arc<Round>,
        data: Vec<Option<TcpStream>>,
        happens: mpsc::Sender<Happened>,
        happened: &Receiver<Happened>,
    ) -> Result<RoundEnd, EngineError> {
        let begin = match next(happened)? {
            Happened::Event(Event::Heard(Heard::Said(FIRST, Message::Begin(begin))), _) => begin,
            Happened::Event(event, _) => return Err(lost(event)),
            _ => return Err(EngineError::Contradiction("something happens before a round begins")),
        };
        self.asked.lock().saves = Some(begin.saves);
        let processes = data.len();
        let workers = begin.workers;
        let shared = self.shared(round, &begin, happens.clone());
        let neighbours = round.begin_lending(workers, &shared.shared);
        let served = self.serve(&begin)?;
        let outboxes = round.outboxes.clone();
        let say: SayCame = Arc::new(move |came| outboxes.say(FIRST, Message::Came(came)));
        served.join(&say, &begin.clients.received, &shared.shared);
        let all = shared.shared.settings.all_workers(workers);
        let told = happens.clone();
        let begins = Begins {
            placement: Placement::new(all),
            local: neighbours.local(),
            epoch: begin.epoch,
            saves: begin.saves,
            records: begin.records,
            neighbours: Some(Arc::clone(&neighbours)),
            ready: Arc::new(move |ready| drop(told.send(Happened::Ready(ready)))),
        };
        let senders = self.topology.pipelines().iter().map(|_| Vec::new()).collect();
        let (workers, givers) = LocalWorkers::start(&shared.shared, &senders, &begins, Some(data))?;
        let hosted = Hosted {
            round: Arc::clone(round),
            neighbours,
            shared,
            workers,
            givers,
            marks: Marks::new(processes, longest_way(&self.topology)),
            answers: Answers::new(round.outboxes.clone(), &self.compile),
            served,
        };
        hosted.follow(happened)
    }

    /// The sources of this process: those of the last round, unless the engine is another one.
    fn serve(&self, begin: &Begin) -> Result<Arc<Served>, EngineError> {
        let mut served = self.served.lock();
        if !begin.clients.goes_on {
            *served = None;
        }
        if let Some(served) = &*served {
            return Ok(Arc::clone(served));
        }
        let (endpoints, says) = &self.listens;
        let sources = Sources {
            topology: &self.topology,
            endpoints,
            process: self.cluster.me(),
            clock: StartClock::at(begin.now),
            says: Arc::clone(says),
        };
        let new = Arc::new(Served::new(&sources, &begin.clients)?);
        *served = Some(Arc::clone(&new));
        Ok(new)
    }

    /// What the workers share: as at process 0, but nothing enters.
    fn shared(&self, round: &Round, begin: &Begin, happens: mpsc::Sender<Happened>) -> HostShared {
        let mut settings = Settings::new(&self.topology);
        settings.workers = begin.workers;
        settings.precreate = begin.precreate;
        settings.cluster = Some(Arc::clone(&self.cluster));
        let (news, mut told) = unbounded_channel();
        let tells = happens.clone();
        round.spawn(async move {
            while let Some(news) = told.recv().await {
                let _ = tells.send(Happened::News(news));
            }
        });
        let workers = begin.workers.get();
        let pipelines = self.topology.pipelines().iter().enumerate();
        let queues = pipelines.map(|(at, plan)| {
            let (index, name) = (PipelineIndex(at), Arc::clone(&plan.name));
            let shared = plan.keeps_order_by_key();
            let queues = Queues::new(index, name, None, workers, None, shared);
            queues.close();
            Arc::new(queues)
        });
        let queues = queues.collect();
        let pins = Pins::default();
        for pin in &*begin.pins {
            let is_pinned = pins.pin(pin.clone());
            debug_assert!(is_pinned, "process 0 has no more of them than may be");
        }
        let first = WorkerIndex(self.cluster.me().0 * workers);
        let observer = Arc::new(HostObserver::new(first, workers));
        let watched = Arc::clone(&observer);
        round.spawn(async move {
            loop {
                watched.something_waits().await;
                if happens.send(Happened::Figures).is_err() {
                    return;
                }
                sleep(TELL_EVERY).await;
            }
        });
        let shared = Arc::new(Shared {
            topology: Arc::clone(&self.topology),
            settings,
            observer: Arc::clone(&observer) as Arc<dyn Observer>,
            clock: StartClock::at(begin.now),
            gate: Arc::new(Gate::open()),
            traces: Vec::new(),
            tracing: AtomicBool::new(false),
            pins: Arc::new(pins),
            numbers: self.topology.pipelines().iter().map(|_| Arc::default()).collect(),
            queues,
            entering: None,
            durable: None,
            news,
            much_recorded: Arc::default(),
            stop_asked: AtomicBool::new(false),
            abort: AtomicBool::new(false),
            panicked: Arc::default(),
        });
        HostShared { shared, observer }
    }
}
