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
    let Some((limit, open)) = open_files() else { return };
    let most = fitting(limit, open + to_come(shared), listening);
    for (source, intake) in sources.iter_mut().zip(intakes) {
        if let Some(asked) = source.limit_connections(most)
            && asked > most
        {
            let event = EngineEvent::FewerConnections {
                pipeline: intake.pipeline,
                connections: most.get(),
                asked: asked.get(),
                open_files: limit,
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

/// How many more files will be opened, without connections of sources.
fn to_come(shared: &Shared) -> usize {
    let settings = &shared.settings;
    let tcp = |sinks: &Vec<Endpoint>| {
        sinks.iter().filter(|sink| matches!(sink, Endpoint::Tcp(_))).count()
    };
    let sinks = settings.sinks.iter().map(tcp).sum::<usize>() * PER_TCP_SINK;
    let saved =
        shared.durable.as_ref().map_or(0, |_| settings.workers.get() * PER_WORKER + PER_DIRECTORY);
    ANY + sinks + saved
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
