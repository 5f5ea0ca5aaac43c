//! The session of an engine in another process, which is reached through its [`Control`](super::control::Control).
//!
//! Nothing here waits for the other process: what it shows is what came last, and what came of an order is among the
//! answers when it comes.

mod asking;
mod link;
mod seen;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use thiserror::Error;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Notify, mpsc};

use super::Session;
use super::orders::{Answer, Order};
use super::past::Travel;
use super::watched::Watched;
use super::wire::handshake::Host;
use super::wire::messages::{Looked, NOT_FROM_THERE, ToRun, ViewSent};
use super::wire::stream::{Reader, Writer};
use crate::runtime::EngineError;
use crate::telemetry::{Draft, PartitionView, Snapshot};
use link::{Link, Shared, first_update};
use seen::Seen;

pub use asking::{NoAnswer, status, stop};
pub use link::{Reach, Unreachable};

/// How many views are remembered whose rows may be on their way.
const VIEWS: usize = 8;

/// Why a run in another process cannot be attached to.
#[derive(Debug, Error)]
pub enum NotAttached {
    /// It is not reached.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// Its thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
}

/// The session of an engine in another process.
pub struct Remote {
    place: String,
    host: Host,
    shared: Arc<Shared>,
    /// `None` when nothing is looked at any more.
    says: Option<mpsc::UnboundedSender<ToRun>>,
    /// The newest views, with their revisions.
    views: VecDeque<(u64, PartitionView)>,
    revision: u64,
}

impl Remote {
    /// Attaches to a run. Waits until it has shown itself.
    ///
    /// # Errors
    ///
    /// It is not reached, or does not let this program in.
    pub fn attach(reach: Reach) -> Result<Self, NotAttached> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (reader, writer, host, first) = runtime.block_on(async {
            let (mut reader, writer, host) = reach.watch().await?;
            let first = first_update(&reach, &mut reader).await?;
            Ok::<_, Unreachable>((reader, writer, host, first))
        })?;
        let shared = Arc::new(Shared {
            seen: Mutex::new(Seen::new(first)),
            looked: Mutex::default(),
            news: Arc::new(Notify::new()),
        });
        let (says, said) = mpsc::unbounded_channel();
        let place = reach.address.to_string();
        let link = Link {
            reach,
            host: host.clone(),
            shared: Arc::clone(&shared),
            says: said,
            given: 0,
            heard: 0,
        };
        keep(runtime, link, (reader, writer))?;
        Ok(Self { place, host, shared, says: Some(says), views: VecDeque::new(), revision: 0 })
    }

    /// What runs there.
    pub fn host(&self) -> &Host {
        &self.host
    }

    fn say(&self, said: ToRun) {
        if let Some(says) = &self.says {
            // Its thread lives as long as this.
            let _ = says.send(said);
        }
    }

    /// Answers what the run is not asked.
    fn refuse(&self, why: &str) {
        let mut seen = self.shared.seen.lock();
        seen.answers.push(Answer::Refused(why.to_owned()));
        seen.changed = true;
    }

    /// Says what is looked at, if that is something else.
    fn say_look(&mut self, view: &PartitionView, draft: Option<Draft>) {
        let mut looked = self.shared.looked.lock();
        let sent = sent_view(view);
        let same = |before: &Looked| before.view == sent && before.draft == draft;
        if looked.as_ref().is_some_and(same) {
            return;
        }
        if self.views.back().is_none_or(|(_, before)| before != view) {
            self.revision += 1;
            self.views.push_back((self.revision, view.clone()));
        }
        if self.views.len() > VIEWS {
            self.views.pop_front();
        }
        let now = Looked { revision: self.revision, view: sent, draft };
        *looked = Some(now.clone());
        drop(looked);
        self.say(ToRun::Look(Box::new(now)));
    }
}

/// Runs a link on a thread of its own.
fn keep(runtime: Runtime, link: Link, ends: (Reader, Writer)) -> io::Result<()> {
    let name = "wallaroo-attached".to_owned();
    thread::Builder::new().name(name).spawn(move || runtime.block_on(link.keep(ends)))?;
    Ok(())
}

fn sent_view(view: &PartitionView) -> ViewSent {
    let PartitionView { state, query, opened, wanted } = view.clone();
    ViewSent { state, query: query.sent(), opened, wanted }
}

impl Watched for Remote {
    fn order(&mut self, order: Order) -> Result<(), EngineError> {
        match order {
            Order::EndWhatIf => {}
            Order::WhatIf(_) | Order::Shrink(_) | Order::EndShrink | Order::Test(_) => {
                self.refuse(NOT_FROM_THERE);
            }
            order => self.say(ToRun::Order(order)),
        }
        Ok(())
    }

    fn travel(&mut self, travel: Travel) {
        self.say(ToRun::Travel(travel.sent()));
    }

    fn answers(&mut self) -> Vec<Answer> {
        std::mem::take(&mut self.shared.seen.lock().answers)
    }

    fn look(&mut self, view: &PartitionView, draft: Option<Draft>) -> bool {
        self.say_look(view, draft);
        std::mem::take(&mut self.shared.seen.lock().changed)
    }

    fn next_look(&self) -> Option<Duration> {
        // What is new notifies.
        None
    }

    fn snapshot(&self) -> Snapshot {
        let seen = self.shared.seen.lock();
        let (mut snapshot, rows_of) = (seen.snapshot(), seen.rows_of);
        drop(seen);
        let view = self.views.iter().find(|(revision, _)| Some(*revision) == rows_of);
        let newest = rows_of == Some(self.revision);
        let partitions = &mut snapshot.partitions;
        partitions.view = view.map(|(_, view)| view.clone()).unwrap_or_default();
        partitions.up_to_date &= newest && snapshot.away.is_none();
        let draft = self.shared.looked.lock().as_ref().and_then(|looked| {
            let draft = looked.draft.as_ref()?;
            Some((draft.revision, draft.pipeline))
        });
        snapshot.ahead =
            snapshot.ahead.filter(|ahead| Some((ahead.revision, ahead.pipeline)) == draft);
        snapshot
    }

    fn news(&self) -> Arc<Notify> {
        Arc::clone(&self.shared.news)
    }

    fn say(&self, _text: &str) {
        // The log is that of the run: what one of several is told is not of interest to it.
    }

    fn letters_trouble(&self) -> Option<String> {
        self.shared.seen.lock().letters_trouble.clone()
    }

    fn end(&mut self) {
        self.says = None;
    }

    fn here(&self) -> Option<&Session> {
        None
    }

    fn place(&self) -> Option<String> {
        Some(self.place.clone())
    }
}
