//! `--metrics`: what is served is OpenMetrics and true, and no client disturbs a run.

#![cfg(feature = "workbench")]
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "../support/mod.rs"]
mod support;

mod addresses;
mod cost;
mod dashboard;
mod hostile;
mod openmetrics;
mod readiness;
mod totals;
mod workbench;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use openmetrics::Exposition;
use support::folder::Folder;
use support::program::Running;
use support::waiting::{LIMIT, wait_until};

/// An alphabet that listens, writes to the file `outputs` and serves metrics.
struct Served {
    running: Running,
    /// Where it takes messages.
    input: String,
    /// Where it serves metrics.
    metrics: String,
}

impl Served {
    /// Starts it with these arguments more, which may name another output.
    fn start(folder: &Folder, more: &[&str]) -> Self {
        let out = folder.path("outputs");
        let mut arguments = vec!["run", "--app", "alphabet", "--in", "tcp://127.0.0.1:0", "--json"];
        if !more.contains(&"--out") {
            arguments.extend(["--out", &out]);
        }
        let running =
            Running::start(arguments.iter().chain(&["--metrics", "127.0.0.1:0"]).chain(more));
        let (input, metrics) = (running.address(), served_at(&running));
        Self { running, input, metrics }
    }

    fn get(&self, path: &str) -> Page {
        get(&self.metrics, path)
    }

    /// What it serves now.
    fn figures(&self) -> Exposition {
        let page = self.get("/metrics");
        assert_eq!(page.status, 200, "{page:?}");
        openmetrics::parse(&page.body).unwrap()
    }

    /// Sends bytes as one client, and waits until they are read.
    fn send(&self, bytes: &[u8]) {
        let mut client = TcpStream::connect(&self.input).unwrap();
        // What is no frame ends the connection before all is read.
        let _ = client.write_all(bytes);
        let _ = client.shutdown(Shutdown::Write);
        let _ = client.read(&mut [0]);
    }

    /// Waits until a page answers with this status, and gives what it says.
    fn wait_for(&self, path: &str, status: u16) -> String {
        let mut page = self.get(path);
        wait_until(&format!("{status} of {path}"), || {
            page = self.get(path);
            page.status == status
        });
        page.body
    }
}

/// Waits until the program says where it serves its metrics.
fn served_at(running: &Running) -> String {
    let address = || {
        let said = running.said();
        let (_, at) = said.split_once("metrics at http://")?;
        Some(at.split_once("/metrics")?.0.to_owned())
    };
    wait_until("the address of the metrics", || address().is_some());
    address().unwrap()
}

/// An answer over HTTP.
#[derive(Debug)]
struct Page {
    status: u16,
    head: String,
    body: String,
}

fn get(address: &str, path: &str) -> Page {
    try_get(address, path).unwrap()
}

/// The same; `None` if the server has closed the connection without a whole answer.
fn try_get(address: &str, path: &str) -> Option<Page> {
    let mut client = TcpStream::connect(address).ok()?;
    client.set_read_timeout(Some(LIMIT)).unwrap();
    write!(client, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").ok()?;
    let mut answer = String::new();
    client.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Page { status, head: head.to_lowercase(), body: body.to_owned() })
}
