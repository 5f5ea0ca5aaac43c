//! What happens to the sources of a host, on its way to process 0.
//!
//! Invariant: where they listen, how many clients they have and why they have failed is told in each round: process 0
//! may not have heard it in the one before.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::line::Line;
use crate::core::event::{ClusterNews, EngineEvent};
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::numbers::{PipelineIndex, ProcessIndex};
use crate::core::observer::Observer;
use crate::runtime::error::EngineError;
use crate::runtime::shared::Shared;

/// How many events wait between two rounds. Of more, the oldest are dropped.
const WAITING: usize = 256;

/// Told in words what happens to the sources of a host.
pub type Says = Arc<dyn Fn(&str) + Send + Sync>;

/// What happens to the sources of a host, on its way to process 0.
pub(super) struct Watcher {
    me: ProcessIndex,
    lines: Vec<Option<Arc<Line>>>,
    says: Says,
    told: Mutex<Told>,
}

/// Why a source cannot go on.
pub(super) enum Failure {
    Source(io::Error),
    Panic(String),
}

impl Failure {
    fn error(&self) -> EngineError {
        match self {
            Self::Source(error) => {
                EngineError::Source(io::Error::new(error.kind(), error.to_string()))
            }
            Self::Panic(panic) => EngineError::Threads(panic.clone()),
        }
    }
}

#[derive(Default)]
struct Told {
    /// `None` between two rounds.
    shared: Option<Arc<Shared>>,
    failed: Option<Failure>,
    waiting: VecDeque<EngineEvent>,
    /// Where each source listens.
    listening: Vec<(PipelineIndex, Arc<str>)>,
    /// How many clients each source has.
    clients: Vec<(PipelineIndex, usize)>,
}

impl Watcher {
    /// Of the sources of this process, whose lines these are. `says` is told what a person should know.
    pub fn new(me: ProcessIndex, lines: Vec<Option<Arc<Line>>>, says: Says) -> Self {
        let indices = lines.iter().enumerate().filter(|(_, line)| line.is_some());
        // Another process in this place may have had some.
        let clients = indices.map(|(at, _)| (PipelineIndex(at), 0)).collect();
        Self { me, lines, says, told: Mutex::new(Told { clients, ..Told::default() }) }
    }

    /// A round begins.
    pub fn join(&self, shared: &Arc<Shared>) {
        let mut told = self.told.lock();
        for (pipeline, address) in &told.listening {
            shared.observer.event(self.listens(*pipeline, address));
        }
        told.waiting.drain(..).for_each(|event| shared.observer.event(event));
        for (pipeline, clients) in &told.clients {
            shared.observer.clients(*pipeline, self.me, *clients);
        }
        told.failed.iter().for_each(|failure| shared.fail(failure.error()));
        told.shared = Some(Arc::clone(shared));
    }

    /// The round ends. What happens from now on is told in the next one.
    pub fn part(&self) {
        self.told.lock().shared = None;
    }

    /// The host cannot go on.
    pub fn fail(&self, failure: Failure) {
        let mut told = self.told.lock();
        if let Some(shared) = &told.shared {
            shared.fail(failure.error());
        }
        told.failed.get_or_insert(failure);
    }

    fn listens(&self, pipeline: PipelineIndex, address: &Arc<str>) -> EngineEvent {
        let (process, address) = (self.me, Arc::clone(address));
        EngineEvent::Cluster(ClusterNews::Listens { pipeline, process, address })
    }

    fn is_listening(&self, pipeline: PipelineIndex, address: Arc<str>) {
        (self.says)(&format!("listening at {address}"));
        let mut told = self.told.lock();
        if let Some(Shared { observer, .. }) = told.shared.as_deref() {
            observer.event(self.listens(pipeline, &address));
        }
        told.listening.push((pipeline, address));
    }
}

impl Observer for Watcher {
    fn dead_letter(&self, pipeline: PipelineIndex, letter: DeadLetter) {
        let DeadLetter { source, bytes, offset, reason, .. } = letter;
        if let Some(Some(line)) = self.lines.get(pipeline.0) {
            line.broken(source, bytes, offset, reason);
        }
    }

    fn clients(&self, pipeline: PipelineIndex, process: ProcessIndex, clients: usize) {
        let mut told = self.told.lock();
        match told.clients.iter_mut().find(|(known, _)| *known == pipeline) {
            Some((_, known)) => *known = clients,
            None => told.clients.push((pipeline, clients)),
        }
        if let Some(Shared { observer, .. }) = told.shared.as_deref() {
            observer.clients(pipeline, process, clients);
        }
    }

    fn event(&self, event: EngineEvent) {
        match &event {
            EngineEvent::Listening(pipeline, address) => {
                return self.is_listening(*pipeline, address.as_str().into());
            }
            EngineEvent::Cluster(news @ ClusterNews::ListensNot { .. }) => {
                (self.says)(&news.to_string());
            }
            _ => {}
        }
        let mut told = self.told.lock();
        if let Some(Shared { observer, .. }) = told.shared.as_deref() {
            return observer.event(event);
        }
        told.waiting.push_back(event);
        if told.waiting.len() > WAITING {
            told.waiting.pop_front();
        }
    }
}
