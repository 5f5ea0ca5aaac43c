//! One child of process 0.

use std::io;
use std::process::{Child as Process, ChildStderr, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::Mutex;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use super::lines::lines;
use super::told::{FirstEnd, Tell, Told};
use crate::core::numbers::ProcessIndex;
use crate::wire::secret::Secret;

/// One child of process 0.
pub(super) struct Child {
    life: Arc<Mutex<Life>>,
    /// Passes on what it writes, and reaps it.
    follower: Mutex<Option<JoinHandle<()>>>,
    /// While it is open, the child lives.
    _alive: ChildStdin,
}

/// What is known of the process.
struct Life {
    process: Process,
    has_ended: bool,
    /// Whether it was ended from here.
    is_killed: bool,
}

impl Child {
    /// Starts it, and gives it the secret.
    pub fn start(
        index: ProcessIndex,
        mut command: Command,
        secret: &Secret,
        (tell, first_end): (Tell, Arc<FirstEnd>),
    ) -> io::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        // What is typed to end process 0 is for that one alone: it ends the others when it has drained.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut process = command.spawn()?;
        let (stdin, stderr) = (process.stdin.take(), process.stderr.take());
        let life = Life { process, has_ended: false, is_killed: false };
        let life = Arc::new(Mutex::new(life));
        let (Some(mut alive), Some(stderr)) = (stdin, stderr) else {
            unreachable!("both are pipes")
        };
        let theirs = Arc::clone(&life);
        let follow = move || follow(index, stderr, &theirs, &tell, &first_end);
        let follower = thread::Builder::new().name(format!("wallaroo-child-{index}")).spawn(follow);
        let given = secret.give(&mut alive);
        let child = Self { life, follower: Mutex::new(None), _alive: alive };
        *child.follower.lock() = match (follower, given) {
            (Ok(follower), Ok(())) => Some(follower),
            // One that has ended already says why by its end.
            (Ok(follower), Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                Some(follower)
            }
            (Ok(follower), Err(error)) => {
                child.kill();
                let _ = follower.join();
                return Err(error);
            }
            (Err(error), _) => {
                child.kill();
                let _ = child.life.lock().process.wait();
                return Err(error);
            }
        };
        Ok(child)
    }

    /// Its process id, until it has ended.
    pub fn pid(&self) -> Option<u32> {
        let life = self.life.lock();
        (!life.has_ended).then(|| life.process.id())
    }

    pub fn kill(&self) {
        let mut life = self.life.lock();
        life.is_killed = true;
        // It does nothing to one that has been reaped.
        let _ = life.process.kill();
    }

    /// The same as if somebody else did it: its end is told. False if it has ended.
    pub fn kill_as_others_do(&self) -> bool {
        let mut life = self.life.lock();
        // It does nothing to one that has been reaped.
        !life.has_ended && life.process.kill().is_ok()
    }

    /// Waits until it has been reaped.
    pub fn reap(&self) {
        if let Some(follower) = self.follower.lock().take() {
            let _ = follower.join();
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
        self.reap();
    }
}

/// Passes on what a child writes, and reaps it.
fn follow(
    index: ProcessIndex,
    stderr: ChildStderr,
    life: &Mutex<Life>,
    tell: &Tell,
    first_end: &FirstEnd,
) {
    lines(stderr, |line| tell(index, Told::Line(line)));
    let pid = life.lock().process.id();
    // It stays in the system's list until it is reaped below, so that nobody kills another process meanwhile.
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let seen = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(pid), seen).is_err_and(|error| error == rustix::io::Errno::INTR) {}
    }
    let mut life = life.lock();
    let status = life.process.wait();
    life.has_ended = true;
    let is_killed = life.is_killed;
    drop(life);
    if let Ok(status) = status
        && !is_killed
    {
        tell(index, Told::Ended(status));
        first_end.send_if_modified(|first| {
            let is_first = first.is_none();
            first.get_or_insert((index, status));
            is_first
        });
    }
}
