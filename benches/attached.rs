//! What an attached workbench costs a run at full speed: with one that looks from another process, and without.
//! `cargo bench --bench attached`. Ratios of one run, on a quiet machine; the aim is a loss of less than 1 %.
//!
//! The program is its own viewer: it starts itself as `look SOCKET`, which looks as a workbench does that shows partitions. On
//! a machine without a processor of its own for the viewer, what the viewer itself takes is in the ratio, too.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a benchmark that fails may panic, prints, and need not be exact"
)]

#[path = "resilience/spread.rs"]
#[allow(dead_code, reason = "the median alone is not printed")]
mod spread;
#[path = "processes/work.rs"]
#[allow(dead_code, reason = "there is no command line here")]
mod work;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use spread::Spread;
use tokio::sync::oneshot;
use wallaroo::endpoints::Endpoint;
use wallaroo::runtime::Settings;
use wallaroo::session::Session;
use wallaroo::session::control::Control;
use wallaroo::session::remote::{Reach, Remote};
use wallaroo::session::watched::{TRACES, Watched};
use wallaroo::session::wire::address::ControlAddress;
use wallaroo::session::wire::handshake::Host;
use wallaroo::telemetry::PartitionView;

/// How often runs with and without take their turns.
const ROUNDS: usize = 7;

/// The number of keys.
const KEYS: u32 = 1_000;

/// How many rows a screen shows.
const ROWS: usize = 40;

/// How often `run` looks at its own figures.
const TICK: Duration = Duration::from_millis(250);

/// Looks at a run until it ends, as a workbench does.
fn look(socket: PathBuf) {
    let address = ControlAddress::Unix(socket);
    let mut remote = Remote::attach(Reach { address, secret: None, read_only: false }).unwrap();
    println!("attached");
    let mut view = PartitionView::default();
    view.query.limit = ROWS;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        loop {
            if remote.look(&view, None) {
                let snapshot = remote.snapshot();
                if snapshot.away.is_some() {
                    return;
                }
                std::hint::black_box(snapshot);
            }
            remote.news().notified().await;
        }
    });
}

/// Starts a viewer. What is returned is told when it is attached.
fn viewer(socket: &Path) -> (Child, oneshot::Receiver<()>) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("look").arg(socket).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (tell, attached) = oneshot::channel();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    thread::spawn(move || {
        assert_eq!(lines.next().unwrap().unwrap(), "attached");
        tell.send(()).unwrap();
    });
    (child, attached)
}

/// How many messages a second a run has that may be reached.
fn speed(input: &Path, messages: u32, takes: Duration, workers: usize, attached: bool) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let topology = Arc::new(work::topology(takes).unwrap());
    let settings = Settings {
        sources: vec![Endpoint::File(input.to_owned())],
        sinks: vec![vec![Endpoint::Null]],
        workers: NonZeroUsize::new(workers).unwrap(),
        paused: true,
        attachable: true,
        traces: Some(TRACES),
        ..Settings::new(&topology)
    };
    let name = ("work".to_owned(), BTreeMap::new());
    let host = Host::here(name, &topology, settings.frame_limit, (Vec::new(), Vec::new()));
    let address = ControlAddress::Unix(socket.clone());
    let mut control = Control::open(&address, None, host, Arc::new(|_| None)).unwrap();
    let mut session = Session::start(topology, &settings, None).unwrap();
    session.trace(false);
    let looks = attached.then(|| viewer(&socket));
    let (mut child, mut is_attached) = looks.unzip();
    let mut began = None;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut tick = tokio::time::interval(TICK);
        while session.engine().outcome().is_none() {
            if began.is_none() && is_attached.is_none() {
                began = Some(Instant::now());
                session.engine().resume();
            }
            tokio::select! {
                () = session.engine().ended() => {}
                () = control.heard(&session) => {}
                Ok(()) = async { is_attached.as_mut().unwrap().await }, if is_attached.is_some() => {
                    is_attached = None;
                }
                _ = tick.tick() => {
                    session.refresh(&PartitionView::default());
                }
            }
            control.serve(&mut session).unwrap();
        }
    });
    let took = began.unwrap().elapsed();
    assert_eq!(session.summary().messages_in, u64::from(messages));
    control.end(None);
    if let Some(child) = &mut child {
        let _ = child.kill();
        child.wait().unwrap();
    }
    f64::from(messages) / took.as_secs_f64()
}

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    if let (Some(word), Some(socket)) = (arguments.next(), arguments.next())
        && word == "look"
    {
        return look(socket.into());
    }
    // `cargo test --benches` asks only whether it can be built.
    if std::env::args().any(|argument| ["--test", "--list"].contains(&argument.as_str())) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    println!("a message   workers   speed with a workbench, of that without (range)");
    for (takes, messages) in [(Duration::ZERO, 20_000_000), (Duration::from_micros(1), 3_000_000)] {
        let input = folder.path().join("input");
        fs::write(&input, work::frames(messages, KEYS)).unwrap();
        for workers in [1, 2] {
            let ratios = (0..ROUNDS).map(|round| {
                // Whichever is first may find another machine than the second.
                let of = |attached| speed(&input, messages, takes, workers, attached);
                let (with, without) = if round % 2 == 0 {
                    let without = of(false);
                    (of(true), without)
                } else {
                    (of(true), of(false))
                };
                with / without
            });
            println!("{takes:>9.0?} {workers:>9}   {:.3}", Spread::of(ratios));
        }
    }
}
