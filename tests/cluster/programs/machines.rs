//! The processes of a `--cluster`, each at an address of this machine that no other test has.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::folder::Folder;
use crate::support::program::{Ended, Running};
use crate::support::relay::Relay;
use crate::support::waiting::LIMIT;

/// The port at each address.
const PORT: u16 = 7100;

/// How many of the addresses are taken.
static TAKEN: AtomicU8 = AtomicU8::new(0);

/// An address of this machine that no other test has, also none of another test program.
pub fn own_address() -> SocketAddr {
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    let number = TAKEN.fetch_add(1, Ordering::Relaxed);
    assert!(number < u8::MAX, "there are no more addresses");
    // Process ids have 22 bits at most.
    let [second, third] = [64 | (high & 0x3f), middle];
    SocketAddr::from(([127, second, third, low], PORT + u16::from(number)))
}

/// The processes of a cluster, which start with the same line but for their number.
pub struct Machines {
    pub folder: Folder,
    /// Where each listens.
    binds: Vec<SocketAddr>,
    /// Where each is reached by the others, if that is another address.
    pub relays: Vec<Relay>,
    /// How many of them a run has.
    count: usize,
    secret: String,
    app: String,
}

impl Machines {
    pub fn new(processes: usize, app: &str) -> Self {
        let folder = Folder::new();
        let secret = folder.write("secret", "a secret of these tests\n");
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        let binds = (0..processes).map(|_| own_address()).collect();
        Self { folder, binds, relays: Vec::new(), count: processes, secret, app: app.to_owned() }
    }

    /// The same, and each is reached by the others through a relay.
    pub fn behind_relays(processes: usize, app: &str) -> Self {
        let machines = Self::new(processes, app);
        let relays = machines.binds.iter().map(|bind| Relay::to(*bind)).collect();
        Self { relays, ..machines }
    }

    /// The next run has the first so many of the processes.
    pub fn take_first(&mut self, processes: usize) {
        assert!(processes <= self.binds.len(), "there are no more");
        self.count = processes;
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// The list of all processes of a run.
    pub fn list(&self) -> String {
        let of = |at: usize, bind: &SocketAddr| self.relays.get(at).map_or(*bind, Relay::address);
        let binds = self.binds.iter().take(self.count).enumerate();
        let list = binds.map(|(at, bind)| of(at, bind).to_string());
        list.collect::<Vec<_>>().join(",")
    }

    /// The line of a process, with these options too. Only process 0 saves and writes.
    pub fn line(&self, process: usize, more: &[&str]) -> Vec<String> {
        let (list, number) = (self.list(), process.to_string());
        let cluster = ["--cluster", &list, "--process", &number, "--secret", &self.secret];
        let mut line = self.folder.command(&self.app, &[&cluster[..], more].concat());
        if !self.relays.is_empty() {
            line.extend(["--bind".to_owned(), self.binds[process].to_string()]);
        }
        line
    }

    pub fn start(&self, process: usize, more: &[&str]) -> Running {
        Running::start(self.line(process, more))
    }

    /// Waits until all have ended well. If one has not, it says what each has said.
    pub fn all_end_well(mut all: Vec<Running>) -> Vec<Ended> {
        let since = Instant::now();
        while !all.iter_mut().all(Running::has_ended) {
            let said: Vec<String> = all.iter().map(Running::said).collect();
            assert!(since.elapsed() < LIMIT, "some do not end:\n{}", said.join("\n---\n"));
            sleep(Duration::from_millis(10));
        }
        let ended: Vec<Ended> = all.into_iter().map(Running::end).collect();
        let said = |(process, ended): (usize, &Ended)| {
            format!("process {process} ended with {:?}:\n{}", ended.code, ended.stderr)
        };
        let said: Vec<String> = ended.iter().enumerate().map(said).collect();
        assert!(ended.iter().all(|one| one.code == Some(0)), "{}", said.join("\n"));
        ended
    }

    /// Starts all of them, in the order of their numbers.
    pub fn start_all(&self, more: &[&str]) -> Vec<Running> {
        (0..self.count()).map(|process| self.start(process, more)).collect()
    }
}
