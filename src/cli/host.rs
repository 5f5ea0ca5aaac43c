//! `run` as a process that is not process 0: it has workers, and clients of its own if it listens for them.

use std::io::Stdin;
use std::pin::pin;
use std::sync::Arc;
use std::thread;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::arguments::LogArguments;
use super::failure::Failure;
use super::progress::console::Console;
use super::progress::interrupts::Interrupts;
use super::progress::line::Progress;
use super::setup::control::condition;
use super::setup::log::RunLog;
use crate::cluster::Cluster;
use crate::cluster::children::Parent;
use crate::cluster::meeting::Notice;
use crate::core::frames::preview::one_line;
use crate::core::topology::Topology;
use crate::endpoints::Endpoint;
use crate::runtime::EngineError;
use crate::runtime::processes::hosting::{Host, RoundEnd};

/// Hosts workers of a run until process 0 ends it. `parent` is process 0, if it has started this one.
pub(super) fn host(
    topology: &Arc<Topology>,
    (cluster, parent): (Cluster, Option<Parent<Stdin>>),
    sources: Vec<Endpoint>,
    log: &LogArguments,
) -> Result<(), Failure> {
    let is_child = parent.is_some();
    if let Some(parent) = parent {
        // All that would be lost is lost with process 0.
        let end = || std::process::exit(1);
        parent.when_it_has_ended(end).map_err(Failure::failed)?;
    }
    let log = RunLog::open(log)?;
    let console = Arc::new(Console::start()?);
    let of_log = Arc::clone(&console);
    log.start_with(move |line| of_log.log(line))?;
    console.begin();
    let mut last = String::new();
    let tell = |notice: Notice| {
        // Process 0 says itself whom it waits for.
        if is_child && notice.is_usual() {
            return;
        }
        let said = notice.to_string();
        // What is tried again and again is said once.
        if last != said {
            console.progress().say(&one_line(&said));
            last = said;
        }
    };
    let of_sources = Arc::clone(&console);
    let says = move |said: &str| of_sources.progress().say(&one_line(said));
    let host = Host::new(Arc::clone(topology), Arc::new(cluster), Arc::new(condition));
    let host = host.listening(sources, Arc::new(says));
    let outcome = until_its_end(host, console.progress(), tell);
    console.progress().finish();
    log.end(outcome)
}

/// Hosts workers, and hears signals: the first one asks process 0 to stop, the second one ends this process at once.
fn until_its_end(
    host: Host,
    progress: &Progress,
    mut tell: impl FnMut(Notice),
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Failure::failed)?.block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let host = Arc::new(host);
        let (told, mut notices) = unbounded_channel();
        let rounds = spawn_rounds(Arc::clone(&host), told)?;
        let mut rounds = pin!(rounds);
        let mut asked = false;
        loop {
            tokio::select! {
                biased;
                Some(notice) = notices.recv() => tell(notice),
                ended = &mut rounds => {
                    let ended = ended.unwrap_or(Err(EngineError::Ended));
                    return ended.map_err(|error| match Failure::of_engine(&error) {
                        // A run that was to end does not begin again, nor one of which nothing is saved.
                        Failure::Lost(why) if asked || !host.run_saves() => Failure::Failed(why),
                        failure => failure,
                    });
                }
                () = interrupts.next() => {
                    if asked {
                        return Err(Failure::failed("interrupted twice: ended at once"));
                    }
                    asked = true;
                    progress.say(if host.stop() {
                        "this process asks process 0 to end the run; interrupt again to end it alone"
                    } else if host.has_met() {
                        "this process asks process 0 to end the run when they have met; interrupt again to end it alone"
                    } else {
                        "this process ends: it has met nobody yet, so the others know nothing of it"
                    });
                }
            }
        }
    })
}

/// Hosts workers in one round after another, on a thread of its own, until the run is over or something fails.
fn spawn_rounds(
    host: Arc<Host>,
    told: UnboundedSender<Notice>,
) -> Result<oneshot::Receiver<Result<(), EngineError>>, Failure> {
    let (ended, end) = oneshot::channel();
    let rounds = move || {
        let ending = loop {
            match host.round(|notice| drop(told.send(notice))) {
                Ok(RoundEnd::Left | RoundEnd::Rescaled) => {}
                Ok(RoundEnd::Over) => break Ok(()),
                Ok(RoundEnd::Failed) => break Err(EngineError::FirstFailed),
                Err(error) => break Err(error),
            }
        };
        let _ = ended.send(ending);
    };
    thread::Builder::new()
        .name("wallaroo-rounds".to_owned())
        .spawn(rounds)
        .map_err(Failure::failed)?;
    Ok(end)
}
