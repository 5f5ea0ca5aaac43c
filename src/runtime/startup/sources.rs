//! Starts the sources: those of the endpoints, and those of injected and generated messages.

use std::future::pending;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::connections::fit_connections;
use crate::endpoints::{Injector, Intake, Loader, OpenSource, read_injected, read_load};
use crate::runtime::parts::{Entrances, Inlets, SourceTasks};
use crate::runtime::settings::Settings;
use crate::runtime::shared::Shared;

/// Starts the sources, and those for injected and generated messages if the settings allow them. They begin
/// to read when `begin` becomes true. `injectors` are those of an earlier engine, if there was one.
pub(super) fn start_sources(
    io: &Handle,
    mut sources: Vec<OpenSource>,
    intakes: Vec<Arc<Intake>>,
    shared: &Shared,
    begin: &watch::Receiver<bool>,
    injectors: Vec<Injector>,
) -> (Entrances, Inlets) {
    let mut injectors = injectors.into_iter();
    debug_assert_eq!(sources.len(), intakes.len(), "each source has its pipeline's intake");
    fit_connections(shared, &mut sources, &intakes);
    let mut entrances = Entrances::default();
    let mut inlets = Inlets::default();
    for (source, intake) in sources.into_iter().zip(intakes) {
        source.announce(&intake);
        let Settings { injectable, attachable, .. } = shared.settings;
        if injectable || attachable {
            let Entrances { sources, guests } = &mut entrances;
            let tasks = if injectable { sources } else { guests };
            let injector = injectors.next().unwrap_or_default();
            let injected = injector.injected();
            inlets.injectors.push(injector);
            let (its_intake, its_begin) = (Arc::clone(&intake), begin.clone());
            let read = async move {
                begun(its_begin).await;
                read_injected(injected, its_intake).await;
                Ok(())
            };
            tasks.spawn_on(read, io);
            inlets.loaders.push(start_load(io, tasks, &intake, shared, begin));
        }
        start_entering(io, &mut entrances.sources, &intake, shared, begin);
        let begin = begin.clone();
        let read = async move {
            begun(begin).await;
            source.run(intake).await
        };
        entrances.sources.spawn_on(read, io);
    }
    (entrances, inlets)
}

/// Lets frames enter that clients of other processes send to a pipeline, if its source listens.
fn start_entering(
    io: &Handle,
    tasks: &mut SourceTasks,
    intake: &Arc<Intake>,
    shared: &Shared,
    begin: &watch::Receiver<bool>,
) {
    let Some(entering) = &shared.entering else { return };
    for process in entering.processes(intake.pipeline) {
        let (entering, begin) = (Arc::clone(entering), begin.clone());
        let intake = Arc::clone(intake);
        let enter = async move {
            begun(begin).await;
            entering.enter(process, intake).await;
            Ok(())
        };
        tasks.spawn_on(enter, io);
    }
}

/// Starts the source of a pipeline's load. `None` if the pipeline has no generator.
fn start_load(
    io: &Handle,
    tasks: &mut SourceTasks,
    intake: &Arc<Intake>,
    shared: &Shared,
    begin: &watch::Receiver<bool>,
) -> Option<Loader> {
    let plan = shared.topology.pipelines().get(intake.pipeline.0)?;
    let make = Arc::clone(plan.source.generate.as_ref()?);
    let (loader, other_end) = Loader::new();
    let (intake, begin) = (Arc::clone(intake), begin.clone());
    let read = async move {
        begun(begin).await;
        read_load(other_end, make, intake).await;
        Ok(())
    };
    tasks.spawn_on(read, io);
    Some(loader)
}

/// Returns when sources may begin. Never returns if the part that says so has failed: the engine ends then,
/// and nothing may be read meanwhile that would be lost.
async fn begun(mut begin: watch::Receiver<bool>) {
    if begin.wait_for(|begin| *begin).await.is_err() {
        pending::<()>().await;
    }
}
