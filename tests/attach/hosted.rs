//! A run in a thread of the test, which is reached through a real socket.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};

use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tracing_subscriber::prelude::*;
use wallaroo::core::partitions::query::Condition;
use wallaroo::core::replay::memory::RecordedInMemory;
use wallaroo::endpoints::Endpoint;
use wallaroo::expression::{Expression, PartitionCondition, Rows};
use wallaroo::resilience::ResilienceSettings;
use wallaroo::runtime::Settings;
use wallaroo::session::Session;
use wallaroo::session::control::Control;
use wallaroo::session::past::RECORDED;
use wallaroo::session::remote::{Reach, Remote};
use wallaroo::session::watched::{TRACES, Watched};
use wallaroo::session::wire::address::ControlAddress;
use wallaroo::session::wire::handshake::Host;
use wallaroo::telemetry::{PartitionView, Snapshot};
use wallaroo::{Log, LogLevel, Topology};

use crate::support::waiting::wait_until;

type Command = Box<dyn FnOnce(&mut Session) + Send>;

/// A run of the alphabet that is reached at a Unix socket.
pub struct Hosted {
    folder: TempDir,
    commands: Option<UnboundedSender<Command>>,
    thread: Option<JoinHandle<()>>,
}

impl Hosted {
    /// Starts it, with the state saved in the test's folder, and recorded.
    pub fn start() -> Self {
        Self::start_with(Some(Arc::new(RecordedInMemory::new(RECORDED))))
    }

    /// The same, recorded there if anywhere.
    pub fn start_with(recorded: Option<Arc<RecordedInMemory>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (commands, mut said) = unbounded_channel::<Command>();
        let (opened, is_open) = channel();
        let (socket, saved) = (folder.path().join("s"), folder.path().join("saved"));
        let thread = thread::spawn(move || {
            let log = Log::new(LogLevel::Info);
            let subscriber = tracing_subscriber::registry().with(log.layer());
            let _logged = tracing::subscriber::set_default(subscriber);
            let topology = alphabet();
            let settings = Settings {
                workers: 2.try_into().unwrap(),
                injectable: true,
                attachable: true,
                recorded,
                sources: vec![Endpoint::Tcp("127.0.0.1:0".to_owned())],
                traces: Some(TRACES),
                resilience: Some(ResilienceSettings::new(saved)),
                ..Settings::new(&topology)
            };
            let host = host(&topology, &settings);
            let address = ControlAddress::Unix(socket);
            let mut control = Control::open(&address, None, host, Arc::new(condition)).unwrap();
            opened.send(()).unwrap();
            let mut session = Session::start(topology, &settings, None).unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                loop {
                    tokio::select! {
                        () = control.heard(&session) => {}
                        command = said.recv() => match command {
                            Some(command) => command(&mut session),
                            None => return,
                        }
                    }
                    control.serve(&mut session).unwrap();
                }
            });
            control.end(None);
        });
        // Not when its socket exists: it is bound before it listens.
        is_open.recv().unwrap();
        Self { folder, commands: Some(commands), thread: Some(thread) }
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    /// Attaches to it.
    pub fn attach(&self) -> Remote {
        attach(&self.socket())
    }

    /// Does something with its session.
    pub fn with<T: Send + 'static>(
        &self,
        action: impl FnOnce(&mut Session) -> T + Send + 'static,
    ) -> T {
        let (sender, done) = channel();
        let command: Command = Box::new(move |session| drop(sender.send(action(session))));
        self.commands.as_ref().unwrap().send(command).unwrap_or_else(|_| panic!("it has ended"));
        done.recv().unwrap()
    }

    /// What is seen where it runs.
    pub fn snapshot(&self, view: &PartitionView) -> Snapshot {
        let view = view.clone();
        self.with(move |session| {
            session.refresh(&view);
            session.snapshot()
        })
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        self.commands = None;
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking(), "the run has panicked");
    }
}

pub fn alphabet() -> Arc<Topology> {
    Arc::new(crate::alphabet::topology(crate::alphabet::Encoding::Text).unwrap())
}

pub fn host(topology: &Topology, settings: &Settings) -> Host {
    let name = ("alphabet".to_owned(), BTreeMap::new());
    Host::here(name, topology, settings.frame_limit, (Vec::new(), Vec::new()))
}

pub fn condition(text: &str) -> Option<Arc<dyn Condition>> {
    let expression = Expression::compile(text, Rows::Partitions).ok()?;
    Some(Arc::new(PartitionCondition::new(Arc::new(expression))))
}

pub fn attach(socket: &Path) -> Remote {
    let address = ControlAddress::Unix(socket.to_owned());
    Remote::attach(Reach { address, secret: None, read_only: false }).unwrap()
}

/// All partitions of the first state.
pub fn all() -> PartitionView {
    let mut view = PartitionView::default();
    view.query.limit = 100;
    view
}

/// Looks until what is seen is as wanted.
pub fn look_until(
    remote: &mut Remote,
    view: &PartitionView,
    what: &str,
    wanted: impl Fn(&Snapshot) -> bool,
) -> Snapshot {
    let mut snapshot = remote.snapshot();
    wait_until(what, || {
        remote.look(view, None);
        snapshot = remote.snapshot();
        wanted(&snapshot)
    });
    snapshot
}

/// A snapshot without what is another one at each moment: the time, and what each that looks measures by itself.
pub fn steady(snapshot: &Snapshot) -> Value {
    let mut json = serde_json::to_value(snapshot).unwrap();
    json["uptime"].take();
    json["partitions"]["asked"].take();
    let opened = json["partitions"]["opened"].as_object_mut().map(|opened| {
        opened.remove("values");
        opened["row"].take()
    });
    let mut rows: Vec<Value> = opened.into_iter().collect();
    rows.append(json["partitions"]["rows"].as_array_mut().unwrap());
    for row in &mut rows {
        row["rate"].take();
        row["history"].take();
    }
    json["partitions"]["rows"] = rows.into();
    json
}
