//! A relay between two ends of a connection, which can stand still, cut, and reset.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

/// How often a pump looks whether it is to go on.
const TURN: Duration = Duration::from_millis(5);

/// What the pumps of a relay do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Pass,
    /// Bytes are taken by nobody.
    Stall,
    /// The connections end as those of a process that is killed.
    Cut,
    /// They end as those of a machine that knows nothing of them.
    Reset,
}

/// A relay: whoever connects to its address is connected to the target.
pub struct Relay {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    mode: Mode,
    /// Connections of an earlier generation end.
    generation: u64,
    /// The ends of the connections towards those that have connected. The pumps alone keep them open.
    callers: Vec<Weak<TcpStream>>,
}

impl Relay {
    /// Relays to this address.
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared =
            Arc::new(Mutex::new(Shared { mode: Mode::Pass, generation: 0, callers: Vec::new() }));
        let relayed = Arc::clone(&shared);
        // It ends with the test program.
        thread::spawn(move || {
            for caller in listener.incoming() {
                let caller = caller.unwrap();
                // Where nobody listens, the caller's connection ends.
                let Ok(target) = TcpStream::connect(target) else { continue };
                let (caller, target) = (Arc::new(caller), Arc::new(target));
                let generation = {
                    let mut shared = relayed.lock().unwrap();
                    shared.callers.push(Arc::downgrade(&caller));
                    shared.generation
                };
                for (from, to) in [(&caller, &target), (&target, &caller)] {
                    from.set_read_timeout(Some(TURN)).unwrap();
                    let (from, to, relayed) =
                        (Arc::clone(from), Arc::clone(to), Arc::clone(&relayed));
                    thread::spawn(move || pump(&from, &to, &relayed, generation));
                }
            }
        });
        Self { address, shared }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on, no byte passes.
    pub fn stall(&self) {
        self.shared.lock().unwrap().mode = Mode::Stall;
    }

    /// Bytes pass again, those that waited too.
    pub fn go_on(&self) {
        self.shared.lock().unwrap().mode = Mode::Pass;
    }

    /// Ends all connections, and lets new ones pass.
    pub fn blink(&self) {
        self.shared.lock().unwrap().generation += 1;
    }

    /// Ends all connections.
    pub fn cut(&self) {
        self.end(Mode::Cut);
    }

    /// Resets all connections.
    pub fn reset(&self) {
        self.end(Mode::Reset);
    }

    /// Ends what those that have connected read, and nothing else.
    pub fn half_close(&self) {
        // The target may know of a connection before it is known here.
        while self.shared.lock().unwrap().callers.is_empty() {
            thread::sleep(TURN);
        }
        for caller in self.shared.lock().unwrap().callers.iter().filter_map(Weak::upgrade) {
            caller.shutdown(Shutdown::Write).unwrap();
        }
    }

    fn end(&self, mode: Mode) {
        self.shared.lock().unwrap().mode = mode;
    }
}

fn pump(from: &TcpStream, to: &TcpStream, shared: &Mutex<Shared>, generation: u64) {
    let mode = || {
        let shared = shared.lock().unwrap();
        if shared.generation == generation { shared.mode } else { Mode::Cut }
    };
    let mut bytes = vec![0; 64 * 1024];
    loop {
        match mode() {
            Mode::Pass => {}
            Mode::Stall => {
                thread::sleep(TURN);
                continue;
            }
            Mode::Cut => {
                let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
                return;
            }
            Mode::Reset => {
                for end in [from, to] {
                    SockRef::from(end).set_linger(Some(Duration::ZERO)).unwrap();
                }
                return;
            }
        }
        let mut from = from;
        match from.read(&mut bytes) {
            Ok(0) => {
                let _ = to.shutdown(Shutdown::Write);
                return;
            }
            Ok(read) => {
                // What came before a stall waits for its end.
                while mode() == Mode::Stall {
                    thread::sleep(TURN);
                }
                let mut to = to;
                if to.write_all(&bytes[..read]).is_err() {
                    return;
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return,
        }
    }
}
