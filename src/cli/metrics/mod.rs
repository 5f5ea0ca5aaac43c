//! `--metrics`: the figures of a run over HTTP, for Prometheus and for whoever watches services.
//!
//! The server has a thread of its own. It asks the thread of the front end for the figures when a client wants them, so
//! workers pay for it only when they are asked about their partitions.

mod figures;
mod server;

use std::io;
use std::net::SocketAddr;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::failure::Failure;
use crate::endpoints::{Endpoint, listen};
use crate::runtime::hint;
use crate::session::asked::{Answerer, Asker};
use crate::workbench::Served;

/// Serves the metrics until it is dropped. Its address is free then.
pub(super) struct Metrics {
    asker: Asker,
    address: SocketAddr,
    serving: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Metrics {
    /// Begins to serve at an address, with so many keys. It says that the run is being started, until somebody
    /// [answers](Self::answer).
    pub fn serve(address: &str, keys: usize) -> Result<Self, Failure> {
        let runtime =
            Builder::new_current_thread().enable_all().build().map_err(Failure::failed)?;
        let listener =
            runtime.block_on(listen(address)).map_err(|error| cannot(address, &error))?;
        let real = listener.local_addr().map_err(|error| cannot(address, &error))?;
        let asker = Asker::of_one_that_starts();
        let (stop, stopped) = oneshot::channel();
        let of_server = asker.clone();
        let serving = thread::Builder::new()
            .name("wallaroo-metrics".to_owned())
            .spawn(move || run(runtime, server::serve(listener, of_server, keys), stopped))
            .map_err(Failure::failed)?;
        Ok(Self { asker, address: real, serving: Some((stop, serving)) })
    }

    /// The engine has started: questions are answered from now on.
    pub fn answer(&self) -> Answerer {
        self.asker.answer()
    }

    /// The same for the workbench.
    pub fn served(&self) -> Served {
        Served { asker: self.asker.clone(), said: self.said() }
    }

    /// What the user is told: where the metrics are, and who can read them.
    pub fn said(&self) -> String {
        let who = if self.address.ip().is_loopback() { "" } else { ", for all who can connect" };
        format!("metrics at http://{}/metrics{who}", self.address)
    }
}

fn run(runtime: Runtime, serving: impl Future<Output = ()>, stopped: oneshot::Receiver<()>) {
    runtime.block_on(async {
        tokio::select! {
            () = serving => {}
            // An error says that it was dropped.
            _ = stopped => {}
        }
    });
    // Nobody waits for workers that are just counting their partitions.
    runtime.shutdown_background();
}

impl Drop for Metrics {
    fn drop(&mut self) {
        if let Some((stop, serving)) = self.serving.take() {
            drop(stop);
            // A panic of the server has been reported, and is no failure of the run.
            let _ = serving.join();
        }
    }
}

fn cannot(address: &str, error: &io::Error) -> Failure {
    let hint = hint(&Endpoint::Tcp(address.to_owned()), error);
    Failure::failed(format!("cannot serve metrics at {address}: {error}{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_free_as_soon_as_nothing_is_served() {
        let metrics = Metrics::serve("127.0.0.1:0", 0).unwrap();
        let address = metrics.address;
        let _client = std::net::TcpStream::connect(address).unwrap();
        drop(metrics);
        std::net::TcpListener::bind(address).unwrap();
    }
}
