//! This project's engine, with telemetry, through its public API.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use wallaroo::Topology;
use wallaroo::core::partitions::query::RowQuery;
use wallaroo::endpoints::Endpoint;
use wallaroo::runtime::Settings;
use wallaroo::session::Session;
use wallaroo::telemetry::{LatencySummary, PartitionView};

use super::{Latency, Run, written_lines};
use crate::apps::{alphabet, keys, stations};
use crate::clients::Clients;
use crate::digest::Digest;
use crate::expected::{COMPARED, Outcome, smallest};
use crate::failure::Failure;
use crate::jobs::{Route, Site, total_of_station};
use crate::meter::{Cost, Meter};

/// How often a front end looks.
const TICK: Duration = Duration::from_millis(50);

/// How long the engine may take until it listens.
const PATIENCE: Duration = Duration::from_secs(30);

/// Counts all votes.
pub fn run(site: &Site, workers: usize) -> Result<Run, Failure> {
    let workers = NonZeroUsize::new(workers).ok_or("an engine has at least one worker")?;
    let topology = Arc::new(match site.job {
        job if job.is_alphabet() => alphabet::topology(alphabet::Encoding::Text)?,
        job if job.is_stations() => stations::topology()?,
        _ => keys::topology()?,
    });
    let (cost, session, written) = match site.job.route() {
        Route::Null => over_files(site, workers, topology, Endpoint::Null)?,
        Route::File => over_files(site, workers, topology, Endpoint::File(site.output.clone()))?,
        Route::Tcp => over_tcp(site, workers, topology)?,
    };
    let summary = session.summary();
    if summary.dead_letters > 0 {
        return Err(format!("{} dead letters", summary.dead_letters).into());
    }
    let outcome = Outcome {
        lines: summary.messages_out,
        bytes: summary.bytes_out,
        keys: summary.partitions as u64,
        totals: Some(totals(&session, site)),
        checksum: None,
        written,
    };
    let LatencySummary { p50, p99, max, .. } = summary.latency_us;
    let latency = Latency { p50, p99, max };
    Ok(Run { outcome, cost, latency: Some(latency) })
}

/// What a run cost, the session that ran, and the lines that it wrote.
type Ran = (Cost, Session, Option<Digest>);

fn over_files(
    site: &Site,
    workers: NonZeroUsize,
    topology: Arc<Topology>,
    sink: Endpoint,
) -> Result<Ran, Failure> {
    let source = Endpoint::File(site.input.clone());
    let settings = settings(workers, &topology, source, sink);
    let meter = Meter::process()?;
    let mut session = Session::start(topology, &settings, None)?;
    wait(&mut session)?;
    let cost = meter.cost()?;
    Ok((cost, session, written_lines(site)?))
}

/// The clock starts when votes are sent, and stops when all lines have come.
fn over_tcp(site: &Site, workers: NonZeroUsize, topology: Arc<Topology>) -> Result<Ran, Failure> {
    let mut clients = Clients::start(site)?;
    let sink = Endpoint::Tcp(clients.receiver().to_string());
    let source = Endpoint::Tcp("127.0.0.1:0".to_owned());
    let settings = settings(workers, &topology, source, sink);
    let mut session = Session::start(topology, &settings, None)?;
    let address = listening(&session)?.parse()?;
    let meter = Meter::process()?;
    clients.send_to(address);
    let (received, of_clients) = clients.finish(|| failed(&session))?;
    let cost = meter.cost()?.without(of_clients);
    session.engine().stop();
    wait(&mut session)?;
    Ok((cost, session, Some(Digest::of(&received))))
}

fn settings(
    workers: NonZeroUsize,
    topology: &Topology,
    source: Endpoint,
    sink: Endpoint,
) -> Settings {
    Settings { workers, sources: vec![source], sinks: vec![vec![sink]], ..Settings::new(topology) }
}

/// The address at which the engine listens, as soon as it does.
fn listening(session: &Session) -> Result<String, Failure> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if let Some(address) = session.listening().into_iter().next() {
            return Ok(address);
        }
        failed(session)?;
        thread::sleep(Duration::from_millis(1));
    }
    Err("the engine does not listen".into())
}

/// An error where the run has ended with one.
fn failed(session: &Session) -> Result<(), Failure> {
    session.engine().outcome().transpose().map(drop).map_err(|error| error.to_string().into())
}

/// Waits for the run's end, and looks at it meanwhile as a front end does.
fn wait(session: &mut Session) -> Result<(), Failure> {
    let waiting = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    while session.engine().outcome().is_none() {
        let _ =
            waiting.block_on(async { tokio::time::timeout(TICK, session.engine().ended()).await });
        session.refresh(&PartitionView::default());
    }
    failed(session)
}

/// The totals of the smallest keys.
fn totals(session: &Session, site: &Site) -> Vec<(u64, u64)> {
    let query = RowQuery { limit: COMPARED, ..RowQuery::default() };
    let states = session.engine().topology().states().to_vec();
    let rows = states
        .iter()
        .flat_map(|state| session.engine().rows(&state.name, &query))
        .flat_map(|window| window.rows);
    let totals = rows.map(|sorted| {
        let (bytes, value) = (sorted.row.key.as_bytes(), &sorted.row.value);
        if site.job.is_stations() {
            let column = |name| value[name].as_i64().unwrap_or_default();
            return total_of_station(bytes, ["min", "max", "sum", "count"].map(column));
        }
        let key = bytes.iter().fold(0, |key, byte| key << 8 | u64::from(*byte));
        (key, value["votes"].as_u64().unwrap_or_default())
    });
    smallest(totals.collect())
}
