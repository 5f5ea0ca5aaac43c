//! The two clients of a job over TCP: one sends all votes, the other receives all lines.

use std::fs::File;
use std::io::{self, Read};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::frames::BLOCK;
use crate::jobs::Site;
use crate::meter::{Cost, Meter};

/// How long the clients wait for the lines.
const PATIENCE: Duration = Duration::from_mins(5);

/// How often it is asked meanwhile whether the contestant still runs.
const LOOK: Duration = Duration::from_millis(100);

/// What a receiver has received, and what that cost.
struct Received {
    lines: Vec<u8>,
    cost: Cost,
}

/// The clients of one run.
pub struct Clients {
    site: Site,
    receiver: SocketAddr,
    received: Receiver<Result<Received, Failure>>,
    sender: Option<JoinHandle<Result<Cost, Failure>>>,
}

impl Clients {
    /// The receiver listens.
    pub fn start(site: &Site) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (give, received) = sync_channel(1);
        let lines = site.messages;
        thread::spawn(move || receive(&listener, lines, &give));
        Ok(Self { site: site.clone(), receiver: address, received, sender: None })
    }

    /// Where the contestant has to connect to with its lines.
    pub fn receiver(&self) -> SocketAddr {
        self.receiver
    }

    /// Begins to send all votes to the contestant.
    pub fn send_to(&mut self, contestant: SocketAddr) {
        let input = self.site.input.clone();
        self.sender = Some(thread::spawn(move || {
            let meter = Meter::thread()?;
            let mut stream = TcpStream::connect(contestant)?;
            io::copy(&mut File::open(input)?, &mut stream)?;
            stream.shutdown(Shutdown::Write)?;
            meter.cost()
        }));
    }

    /// Waits until all lines have come. Returns them, and what the clients cost. `failed` is asked now
    /// and then whether there is no use in waiting.
    pub fn finish(
        self,
        failed: impl Fn() -> Result<(), Failure>,
    ) -> Result<(Vec<u8>, Cost), Failure> {
        let end = Instant::now() + PATIENCE;
        let received = loop {
            match self.received.recv_timeout(LOOK) {
                Ok(received) => break received?,
                Err(RecvTimeoutError::Timeout) if Instant::now() < end => failed()?,
                Err(_) => return Err("not all lines have come".into()),
            }
        };
        let sent = self.sender.map(|sender| sender.join().map_err(|_| "the sender panicked"));
        let sent = sent.transpose()?.transpose()?.unwrap_or_default();
        Ok((received.lines, received.cost.and(sent)))
    }
}

/// Receives lines from one connection, gives them away when they are as many as expected, and stays
/// connected until the contestant is done.
fn receive(listener: &TcpListener, expected: u64, give: &SyncSender<Result<Received, Failure>>) {
    let all = || -> Result<TcpStream, Failure> {
        let (mut stream, _) = listener.accept()?;
        let meter = Meter::thread()?;
        let (mut lines, mut buffer, mut ends) = (Vec::new(), vec![0; BLOCK], 0);
        while ends < expected {
            let read = stream.read(&mut buffer)?;
            let block = buffer.get(..read).filter(|block| !block.is_empty());
            let block = block.ok_or_else(|| format!("{ends} lines have come of {expected}"))?;
            ends += block.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
            lines.extend_from_slice(block);
        }
        let _ = give.send(Ok(Received { lines, cost: meter.cost()? }));
        Ok(stream)
    };
    match all() {
        Ok(mut stream) => drop(io::copy(&mut stream, &mut io::sink())),
        Err(failure) => drop(give.send(Err(failure))),
    }
}
