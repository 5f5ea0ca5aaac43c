//! Lowers the number of connections that sources may serve at once if the limit on open files is too low.

use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::core::event::EngineEvent;
use crate::endpoints::{Endpoint, Intake, OpenSource, open_files};
use crate::runtime::shared::Shared;

/// Files that any run may open for a moment: name look-ups, `/dev/fd`, a refused client, system libraries.
const ANY: usize = 12;

/// A worker's database is three files. While the number of workers changes, two generations are open, and
/// the older one is read once more.
const PER_WORKER: usize = 3 * 2;

/// The other files that a resilience directory needs, beside those that are open already.
const PER_DIRECTORY: usize = 4;

/// A TCP sink's connection, and the socket that asks for its send queue.
const PER_TCP_SINK: usize = 2;

/// Lowers the connections of the sources to what the limit on open files allows, beside the files that are open
/// now and those that will be.
pub(crate) fn fit_connections(
    shared: &Shared,
    sources: &mut [OpenSource],
    intakes: &[Arc<Intake>],
) {
    let listening = sources.iter().filter(|source| source.listens()).count();
    let Some(room) = Room::of(listening, to_come(shared)) else { return };
    sources.iter_mut().zip(intakes).for_each(|(source, intake)| room.fit(source, intake));
}

/// How many connections each source of this process may serve at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    each: NonZeroUsize,
    open_files: usize,
}

impl Room {
    /// What the limit on open files allows so many sources that listen, if so many more files will be opened beside their
    /// connections. `None` if there is no limit that is known.
    pub fn of(listening: usize, to_come: usize) -> Option<Self> {
        let (open_files, open) = open_files()?;
        Some(Self { each: fitting(open_files, open + ANY + to_come, listening), open_files })
    }

    /// Lowers the connections of a source to this, and reports it.
    pub fn fit(self, source: &mut OpenSource, intake: &Intake) {
        let Self { each, open_files } = self;
        if let Some(asked) = source.limit_connections(each)
            && asked > each
        {
            let event = EngineEvent::FewerConnections {
                pipeline: intake.pipeline,
                process: intake.process,
                connections: each.get(),
                asked: asked.get(),
                open_files,
            };
            intake.observer.event(event);
        }
    }
}

/// How many connections each of these sources may serve: at least one.
fn fitting(limit: usize, others: usize, sources: usize) -> NonZeroUsize {
    let each = limit.saturating_sub(others) / sources.max(1);
    NonZeroUsize::new(each).unwrap_or(NonZeroUsize::MIN)
}

/// How many more files will be opened, without connections of sources and those of any run.
fn to_come(shared: &Shared) -> usize {
    let settings = &shared.settings;
    let tcp = |sinks: &Vec<Endpoint>| {
        sinks.iter().filter(|sink| matches!(sink, Endpoint::Tcp(_))).count()
    };
    let sinks = settings.sinks.iter().map(tcp).sum::<usize>() * PER_TCP_SINK;
    let saved =
        shared.durable.as_ref().map_or(0, |_| settings.workers.get() * PER_WORKER + PER_DIRECTORY);
    sinks + saved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_share_what_other_files_leave() {
        assert_eq!(fitting(1024, 40, 1).get(), 984);
        assert_eq!(fitting(1024, 40, 2).get(), 492);
        assert_eq!(fitting(64, 70, 1).get(), 1, "somebody can always connect");
    }
}
