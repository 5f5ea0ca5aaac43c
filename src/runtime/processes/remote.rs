//! The workers of other processes, as process 0 asks them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender};
use std::thread;

use parking_lot::Mutex;

use super::messages::{Answer, Ask, Message};
use super::round::Outboxes;
use crate::core::foresight::Copies;
use crate::core::numbers::{ProcessIndex, WorkerIndex};
use crate::core::partitions::query::{PartitionCount, PartitionRow, Revival, RowWindow};
use crate::core::partitions::row::whole::Whole;
use crate::core::partitions::saved::Unsaved;
use crate::resilience::SavedState;
use crate::runtime::workers::query::{Changed, Query, Reply, Request, SaveRequest};

/// Why an answer is none.
pub(super) const NOT_ASKED: &str = "it answers what it was not asked";

/// The workers of other processes.
pub(super) struct Remote {
    outboxes: Outboxes,
    pending: Mutex<Pending>,
}

/// What has been asked and not answered.
#[derive(Default)]
struct Pending {
    next: u64,
    asked: HashMap<u64, (ProcessIndex, Asked)>,
    saves: HashMap<WorkerIndex, (ProcessIndex, Save)>,
    /// The processes of which nothing more is heard.
    gone: BTreeSet<ProcessIndex>,
}

/// A checkpoint that a worker has been asked for.
struct Save {
    processed: Option<Reply<()>>,
    changed: Reply<Changed>,
    so_far: Changed,
}

/// Where an answer goes.
enum Asked {
    Rows(Reply<RowWindow>),
    Counts(Reply<Vec<PartitionCount>>),
    Row(Reply<Option<PartitionRow>>),
    Export(mpsc::Sender<Vec<PartitionRow>>),
    Copies(Reply<Copies>),
    Revive(Reply<Revival>),
}

impl Remote {
    pub fn new(outboxes: Outboxes) -> Arc<Self> {
        Arc::new(Self { outboxes, pending: Mutex::default() })
    }

    /// Asks a worker for something.
    pub fn ask(self: &Arc<Self>, process: ProcessIndex, worker: WorkerIndex, request: Request) {
        let mut pending = self.pending.lock();
        if pending.gone.contains(&process) {
            // As a worker that has ended: its reply is dropped.
            return;
        }
        let message = match request {
            Request::Save(SaveRequest { epoch, extent, processed, changed }) => {
                let so_far = Changed::default();
                let save = Save { processed: Some(processed), changed, so_far };
                let before = pending.saves.insert(worker, (process, save));
                debug_assert!(before.is_none(), "one checkpoint is made at a time");
                Message::Save { worker, epoch, extent }
            }
            Request::Query(query) => self.question(&mut pending, (process, worker), query),
            // The process is told once, for all of its workers.
            Request::Leave => return,
        };
        self.outboxes.say(process, message);
    }

    fn question(
        self: &Arc<Self>,
        pending: &mut Pending,
        (process, worker): (ProcessIndex, WorkerIndex),
        query: Query,
    ) -> Message {
        let question = pending.next;
        pending.next += 1;
        let (ask, asked) = match query {
            Query::Rows { state, query, reply } => {
                (Ask::Rows { state, query: query.sent() }, Asked::Rows(reply))
            }
            Query::Counts { reply } => (Ask::Counts, Asked::Counts(reply)),
            Query::Row { state, key, reply } => (Ask::Row { state, key }, Asked::Row(reply)),
            Query::Export { reply } => {
                (Ask::Export, Asked::Export(self.take_rows(process, question, reply)))
            }
            Query::Copies { wanted, reply } => (Ask::Copies(wanted), Asked::Copies(reply)),
            Query::Revive { state, key, reply } => {
                (Ask::Revive { state, key }, Asked::Revive(reply))
            }
        };
        pending.asked.insert(question, (process, asked));
        Message::Ask { worker, question, ask }
    }

    /// Passes on rows, and asks for more when they have been taken. What hears them must not wait for that.
    fn take_rows(
        self: &Arc<Self>,
        process: ProcessIndex,
        question: u64,
        reply: SyncSender<Vec<PartitionRow>>,
    ) -> mpsc::Sender<Vec<PartitionRow>> {
        let (arrived, rows) = mpsc::channel::<Vec<PartitionRow>>();
        let remote = Arc::clone(self);
        let pass_on = move || {
            for some in rows {
                // None, if these were all; or nobody wants more of them.
                if some.is_empty() || reply.send(some).is_err() {
                    break;
                }
                remote.outboxes.say(process, Message::More(question));
            }
            remote.outboxes.say(process, Message::Enough(question));
            remote.pending.lock().asked.remove(&question);
        };
        // Without a thread there are no rows, as of a worker that has ended.
        drop(thread::Builder::new().name("wallaroo-rows".to_owned()).spawn(pass_on));
        arrived
    }

    /// A worker has processed what was admitted before its checkpoint.
    pub fn processed(
        &self,
        process: ProcessIndex,
        worker: WorkerIndex,
    ) -> Result<(), &'static str> {
        let mut pending = self.pending.lock();
        let save = pending.saves.get_mut(&worker).filter(|(of, _)| *of == process);
        let processed = save.and_then(|(_, save)| save.processed.take()).ok_or(NOT_ASKED)?;
        drop(pending);
        processed.send(());
        Ok(())
    }

    /// A worker has done this, and perhaps more.
    pub fn done(
        &self,
        process: ProcessIndex,
        worker: WorkerIndex,
        schedule: &[u8],
    ) -> Result<(), &'static str> {
        let mut pending = self.pending.lock();
        let save = pending.saves.get_mut(&worker).filter(|(of, _)| *of == process);
        let (_, save) = save.ok_or(NOT_ASKED)?;
        let log = save.so_far.log.get_or_insert_default();
        log.schedule.extend_from_slice(schedule);
        Ok(())
    }

    /// A worker saves this, and more unless it is all.
    pub fn changed(
        &self,
        process: ProcessIndex,
        worker: WorkerIndex,
        (saved, unsaved): (Vec<SavedState>, Vec<(Arc<str>, Unsaved)>),
        is_all: bool,
    ) -> Result<(), &'static str> {
        let mut pending = self.pending.lock();
        let save = pending.saves.get_mut(&worker).filter(|(of, _)| *of == process);
        let (_, save) = save.ok_or(NOT_ASKED)?;
        save.so_far.saved.extend(saved);
        save.so_far.unsaved.extend(unsaved);
        if is_all && let Some((_, Save { changed, so_far, .. })) = pending.saves.remove(&worker) {
            drop(pending);
            changed.send(so_far);
        }
        Ok(())
    }

    /// An answer to a question.
    pub fn answered(
        &self,
        process: ProcessIndex,
        question: u64,
        answer: Answer,
    ) -> Result<(), &'static str> {
        let mut pending = self.pending.lock();
        if let Answer::Exported(rows) = answer {
            // If nobody wants more of them, they may still come.
            if let Some((_, Asked::Export(arrived))) = pending.asked.get(&question) {
                let _ = arrived.send(rows.into_iter().map(|Whole(row)| row).collect());
            }
            return Ok(());
        }
        let asked = pending.asked.remove(&question).filter(|(of, _)| *of == process);
        let (_, asked) = asked.ok_or(NOT_ASKED)?;
        drop(pending);
        match (asked, answer) {
            (Asked::Rows(reply), Answer::Rows(window)) => reply.send(window),
            (Asked::Counts(reply), Answer::Counts(counts)) => reply.send(counts),
            (Asked::Row(reply), Answer::Row(row)) => reply.send(row.map(|row| row.0)),
            (Asked::Copies(reply), Answer::Copies(copies)) => reply.send(copies),
            (Asked::Revive(reply), Answer::Revived(revival)) => reply.send(revival),
            _ => return Err(NOT_ASKED),
        }
        Ok(())
    }

    /// There is no answer to a question: its reply is dropped.
    pub fn unanswered(&self, question: u64) {
        let asked = self.pending.lock().asked.remove(&question);
        drop(asked);
    }

    /// Nothing more is heard of a process. Nobody waits for its answers any more.
    pub fn forget(&self, process: ProcessIndex) {
        let mut pending = self.pending.lock();
        pending.gone.insert(process);
        let gone: Vec<_> = pending.asked.extract_if(|_, (of, _)| *of == process).collect();
        let gone_saves: Vec<_> = pending.saves.extract_if(|_, (of, _)| *of == process).collect();
        drop(pending);
        // Not while it is locked: whoever waits for them may ask something else.
        drop((gone, gone_saves));
    }
}
