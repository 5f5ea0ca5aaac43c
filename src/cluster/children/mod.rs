//! The other processes of a cluster on one machine: children of process 0.
//!
//! A child reads the secret from its standard input, which then stays open for as long as process 0 lives: when it ends,
//! however process 0 has ended, the child ends at once. What a child writes to standard error is passed on in lines.
//!
//! Invariant: when the children are dropped, all of them have ended and are reaped. Nothing is ever sent to a process
//! that has been reaped, because another one may have its number by then.

mod child;
mod lines;
mod parent;
mod told;

use std::fmt;
use std::io;
use std::process::{Command, ExitStatus};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::core::numbers::ProcessIndex;
use crate::wire::secret::Secret;
use child::Child;
use told::{FirstEnd, Tell};

pub use parent::Parent;
pub use told::Told;

/// The other processes of a cluster, which run as children of this one.
pub struct Children {
    /// In the order of their indices, from 1.
    all: Mutex<Vec<Child>>,
    first_end: Arc<FirstEnd>,
    starts: Starts,
}

/// How children are started.
struct Starts {
    processes: usize,
    secret: Secret,
    command: Box<dyn Fn(ProcessIndex) -> Command + Send + Sync>,
    tell: Tell,
}

impl Starts {
    fn start(&self, first_end: &Arc<FirstEnd>) -> io::Result<Vec<Child>> {
        let start = |process| {
            let told = (Arc::clone(&self.tell), Arc::clone(first_end));
            Child::start(process, (self.command)(process), &self.secret, told)
        };
        (1..self.processes).map(ProcessIndex).map(start).collect()
    }
}

impl fmt::Debug for Children {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Children").field(&self.pids()).finish()
    }
}

impl Children {
    /// Starts processes 1 to `processes - 1`, each with its command, and gives them the secret. What is heard of them is
    /// told from threads of their own.
    ///
    /// To be called on a thread that lasts as long as the children: the system ends them with it.
    ///
    /// # Errors
    ///
    /// One cannot be started. Those that have been started end.
    pub fn start(
        processes: usize,
        secret: &Secret,
        command: impl Fn(ProcessIndex) -> Command + Send + Sync + 'static,
        tell: impl Fn(ProcessIndex, Told) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let (tell, command, secret) = (Arc::new(tell), Box::new(command), secret.clone());
        let starts = Starts { processes, secret, command, tell };
        let first_end = Arc::new(FirstEnd::new(None));
        let all = Mutex::new(starts.start(&first_end)?);
        Ok(Self { all, first_end, starts })
    }

    /// Starts all of them anew: one is lost, and the others end because of that. To be called on a thread that lasts as
    /// long as they do.
    ///
    /// # Errors
    ///
    /// One cannot be started. Those that have been started end.
    pub fn restart(&self) -> io::Result<()> {
        self.end();
        let mut children = self.all.lock();
        children.clear();
        self.first_end.send_replace(None);
        *children = self.starts.start(&self.first_end)?;
        Ok(())
    }

    /// The process ids, from that of process 1 on; `None` for one that has ended.
    pub fn pids(&self) -> Vec<Option<u32>> {
        self.all.lock().iter().map(Child::pid).collect()
    }

    /// Waits until a child has ended by itself.
    pub async fn one_has_ended(&self) -> (ProcessIndex, ExitStatus) {
        let mut first = self.first_end.subscribe();
        let ended = first.wait_for(Option::is_some).await.ok().and_then(|ended| *ended);
        match ended {
            Some(ended) => ended,
            // Whoever tells it lives as long as the children.
            None => std::future::pending().await,
        }
    }

    /// Kills one of them, as somebody else might: it has ended by itself. False if there is none, or it has ended.
    pub fn kill(&self, process: ProcessIndex) -> bool {
        let children = self.all.lock();
        let child = process.0.checked_sub(1).and_then(|at| children.get(at));
        child.is_some_and(Child::kill_as_others_do)
    }

    /// Kills them, and waits until they have ended.
    pub fn end(&self) {
        let children = self.all.lock();
        children.iter().for_each(Child::kill);
        children.iter().for_each(Child::reap);
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.end();
    }
}
