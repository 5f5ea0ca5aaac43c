//! Receivers of a TCP sink that talk, read slowly, stall, or close their own direction only.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::sockets::small_listener;
use super::waiting::wait_until;

/// How a receiver behaves. It reads to the end of each connection, whatever it does beside.
#[derive(Debug, Clone, Copy)]
pub struct Manners {
    /// Whether it answers every piece that it reads with some bytes.
    pub talks: bool,
    /// How many bytes it reads at once, and how long it waits after each.
    pub piece: usize,
    pub pause: Duration,
    /// Whether it closes its own direction at once, and only reads from then on.
    pub half_closes: bool,
    /// Whether it keeps a connection open that has ended.
    pub stays: bool,
}

impl Manners {
    /// Reads as fast as it can, and says nothing.
    pub const PLAIN: Self = Self {
        talks: false,
        piece: 65536,
        pause: Duration::ZERO,
        half_closes: false,
        stays: false,
    };
    /// Reads slowly and answers each piece: its system has unread bytes while it talks.
    pub const TALKING: Self =
        Self { talks: true, piece: 2048, pause: Duration::from_millis(1), ..Self::PLAIN };
}

/// What a receiver's threads share.
#[derive(Default)]
struct Shared {
    /// What each connection has brought so far.
    connections: Mutex<Vec<Vec<u8>>>,
    /// How many connections have not ended.
    open: Mutex<usize>,
    /// Reads no more, for now.
    stalled: AtomicBool,
    /// Waits no more between pieces.
    hurried: AtomicBool,
    stop: AtomicBool,
}

/// A receiver that serves any number of connections, each on a thread of its own. Its connections'
/// receive buffers are small.
pub struct Receiver {
    /// Where it listens, as a sink's endpoint.
    pub endpoint: String,
    shared: Arc<Shared>,
}

impl Receiver {
    /// Listens at a port of its own.
    pub fn start(manners: Manners) -> Self {
        let listener = small_listener();
        let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let served = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, manners, &served));
        Self { endpoint, shared }
    }

    /// Reads nothing more, or reads on.
    pub fn stall(&self, stalled: bool) {
        self.shared.stalled.store(stalled, Ordering::Release);
    }

    /// Reads as fast as it can from now on.
    pub fn hurry(&self) {
        self.shared.hurried.store(true, Ordering::Release);
    }

    /// How many bytes all connections have brought so far.
    pub fn length(&self) -> usize {
        self.shared.connections.lock().unwrap().iter().map(Vec::len).sum()
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.shared.connections.lock().unwrap().len()
    }

    /// What each connection brought, once all have ended.
    pub fn all(self) -> Vec<Vec<u8>> {
        wait_until("the end of the connections", || *self.shared.open.lock().unwrap() == 0);
        std::mem::take(&mut self.shared.connections.lock().unwrap())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.endpoint.strip_prefix("tcp://").unwrap());
    }
}

fn accept(listener: &TcpListener, manners: Manners, shared: &Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept() {
        if shared.stop.load(Ordering::Acquire) {
            return;
        }
        let number = {
            let mut connections = shared.connections.lock().unwrap();
            connections.push(Vec::new());
            *shared.open.lock().unwrap() += 1;
            connections.len() - 1
        };
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            read(stream, manners, number, &shared);
            *shared.open.lock().unwrap() -= 1;
        });
    }
}

/// Reads a connection to its end.
fn read(mut stream: TcpStream, manners: Manners, number: usize, shared: &Shared) {
    if manners.half_closes {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let stopped = || shared.stop.load(Ordering::Acquire);
    let mut piece = vec![0; manners.piece];
    loop {
        while shared.stalled.load(Ordering::Acquire) && !stopped() {
            thread::sleep(Duration::from_millis(1));
        }
        // A connection that is reset has given all that came before.
        let Ok(length @ 1..) = stream.read(&mut piece) else { break };
        shared.connections.lock().unwrap()[number].extend_from_slice(&piece[..length]);
        if manners.talks {
            let _ = stream.write_all(b"got some\n");
        }
        if !shared.hurried.load(Ordering::Acquire) {
            thread::sleep(manners.pause);
        }
    }
    while manners.stays && !stopped() {
        thread::sleep(Duration::from_millis(1));
    }
}
