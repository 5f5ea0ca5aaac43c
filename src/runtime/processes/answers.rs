//! How a process that hosts workers answers what process 0 asks them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

use super::messages::{Answer, Ask, Message};
use super::neighbours::FIRST;
use super::portions::{changes, rows_together, schedule};
use super::round::Outboxes;
use crate::core::numbers::WorkerIndex;
use crate::core::partitions::query::{PartitionRow, RowFilter};
use crate::core::partitions::row::whole::Whole;
use crate::core::partitions::sent::Compile;
use crate::runtime::workers::query::{Changed, Query, Reply};

/// What answers need beside the workers.
pub(super) struct Answers {
    outboxes: Outboxes,
    compile: Compile,
    /// Of the last question about rows.
    filter: RowFilter,
    /// Where it is told that more rows may be sent, by question.
    exports: HashMap<u64, mpsc::Sender<()>>,
}

impl Answers {
    pub fn new(outboxes: Outboxes, compile: &Compile) -> Self {
        let (compile, filter) = (Arc::clone(compile), RowFilter::default());
        Self { outboxes, compile, filter, exports: HashMap::new() }
    }

    /// Process 0 wants more rows of this question.
    pub fn more(&self, question: u64) {
        if let Some(more) = self.exports.get(&question) {
            // The worker may have ended.
            let _ = more.send(());
        }
    }

    /// Process 0 wants no more of them.
    pub fn enough(&mut self, question: u64) {
        self.exports.remove(&question);
    }

    /// A worker's answer when it has processed what was admitted before its checkpoint.
    pub fn processed(&self, worker: WorkerIndex) -> Reply<()> {
        let outboxes = self.outboxes.clone();
        Reply::new(move |()| outboxes.say(FIRST, Message::Processed(worker)))
    }

    /// A worker's answer with what it saves.
    pub fn changed(&self, worker: WorkerIndex) -> Reply<Changed> {
        let outboxes = self.outboxes.clone();
        Reply::new(move |mut changed: Changed| {
            for bytes in changed.log.take().map(schedule).into_iter().flatten() {
                outboxes.say(FIRST, Message::Schedule { worker, bytes });
            }
            for (saved, unsaved, is_all) in changes(changed) {
                outboxes.say(FIRST, Message::Changed { worker, saved, unsaved, is_all });
            }
        })
    }

    /// The query of a question.
    pub fn query(&mut self, question: u64, ask: Ask) -> Query {
        let outboxes = self.outboxes.clone();
        let say = move |answer| outboxes.say(FIRST, Message::Answer { question, answer });
        match ask {
            Ask::Rows { state, query } => {
                let query = query.received(&self.filter, &self.compile);
                self.filter = query.filter.clone();
                let reply = Reply::new(move |window| say(Answer::Rows(window)));
                Query::Rows { state, query, reply }
            }
            Ask::Counts => Query::Counts { reply: Reply::new(move |all| say(Answer::Counts(all))) },
            Ask::Row { state, key } => {
                let reply = Reply::new(move |row: Option<PartitionRow>| {
                    say(Answer::Row(row.map(|row| Box::new(Whole(row)))));
                });
                Query::Row { state, key, reply }
            }
            Ask::Export => {
                let (more, wanted) = mpsc::channel();
                self.exports.insert(question, more);
                Query::Export { reply: send_rows(wanted, say) }
            }
            Ask::Copies(wanted) => {
                let reply = Reply::new(move |copies| say(Answer::Copies(copies)));
                Query::Copies { wanted, reply }
            }
            Ask::Revive { state, key } => {
                let reply = Reply::new(move |revival| say(Answer::Revived(revival)));
                Query::Revive { state, key, reply }
            }
        }
    }
}

/// Sends rows to process 0, and the next ones when it wants more.
fn send_rows(
    wanted: Receiver<()>,
    say: impl Fn(Answer) + Send + 'static,
) -> SyncSender<Vec<PartitionRow>> {
    let (reply, rows) = mpsc::sync_channel::<Vec<PartitionRow>>(1);
    let send = move || {
        for some in rows {
            for portion in rows_together(some) {
                say(Answer::Exported(portion));
                if wanted.recv().is_err() {
                    return;
                }
            }
        }
        say(Answer::Exported(Vec::new()));
    };
    // Without a thread there are no rows.
    drop(thread::Builder::new().name("wallaroo-rows".to_owned()).spawn(send));
    reply
}
