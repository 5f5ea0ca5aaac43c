//! A loop by hand as a server: it accepts one connection, and writes to another.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;

use super::Run;
use crate::clients::Clients;
use crate::digest::Digest;
use crate::expected::Outcome;
use crate::failure::Failure;
use crate::jobs::Site;
use crate::lines::Output;
use crate::meter::Meter;

/// Runs a loop between the clients. The clock starts when votes are sent, and stops when all lines
/// have come.
pub fn run<T>(
    site: &Site,
    count: impl FnOnce(TcpStream, Output) -> Result<T, Failure>,
    outcome: impl FnOnce(T) -> Outcome,
) -> Result<Run, Failure> {
    let mut clients = Clients::start(site)?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let lines = Arc::new(TcpStream::connect(clients.receiver())?);
    let meter = Meter::process()?;
    clients.send_to(listener.local_addr()?);
    let (votes, _) = listener.accept()?;
    let counted = count(votes, Output::Tcp(Arc::clone(&lines)))?;
    let (received, of_clients) = clients.finish(|| Ok(()))?;
    let cost = meter.cost()?.without(of_clients);
    lines.shutdown(Shutdown::Both)?;
    let outcome = Outcome { written: Some(Digest::of(&received)), ..outcome(counted) };
    Ok(Run { outcome, cost, latency: None })
}
