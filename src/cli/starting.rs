//! How `run` starts its engine: it may wait for other processes, and whoever has reached it is answered meanwhile.

use std::sync::Arc;

use super::failure::Failure;
use super::progress::console::Console;
use crate::cluster::Cluster;
use crate::cluster::meeting::{MeetError, Notice};
use crate::core::frames::preview::one_line;
use crate::core::topology::Topology;
use crate::runtime::{EngineError, Settings};
use crate::session::Session;
use crate::session::control::{Control, Wish};
use crate::session::starting::{Absent, Starting};
use crate::telemetry::DeadLetterFile;

/// A run that has begun.
pub(super) struct Begun {
    pub session: Session,
    /// What somebody has wanted of it meanwhile.
    pub wish: Wish,
}

/// Says what happens while the processes of a cluster meet, and notes who has not come.
pub(super) fn saying(cluster: Cluster, absent: Arc<Absent>, console: &Arc<Console>) -> Cluster {
    let says = Arc::clone(console);
    // The log is held back until the run begins, and for that it waits for the others.
    cluster.saying(move |notice| {
        match notice {
            Notice::Awaited(processes) => absent.are(processes),
            Notice::Came(process) => absent.has_come(*process),
            _ => {}
        }
        says.progress().say(&one_line(&notice.to_string()));
    })
}

/// Starts the engine. `None` if somebody has stopped the run before all processes had met.
pub(super) fn start(
    topology: Arc<Topology>,
    settings: &Settings,
    dead_letters: Option<DeadLetterFile>,
    absent: Arc<Absent>,
    (control, console): (&mut Option<Control>, &Console),
) -> Result<Option<Begun>, Failure> {
    let starts = Arc::clone(&topology);
    let start = || Session::start(starts, settings, dead_letters);
    let (started, wish) = match control {
        None => (start(), Wish::Nothing),
        Some(control) => {
            let cluster = settings.cluster.clone();
            let stop = move || cluster.iter().for_each(|cluster| cluster.call_off());
            let starting = Starting::new(&topology, settings, absent, stop);
            control.answer_while(&starting, start)
        }
    };
    match started {
        Ok(session) => Ok(Some(Begun { session, wish })),
        Err(EngineError::Meet(error @ MeetError::CalledOff)) => {
            console.progress().say(&error.to_string());
            Ok(None)
        }
        Err(error) => Err(Failure::of_engine(&error)),
    }
}
