//! No command: the workbench.

use std::io::{self, IsTerminal};

use super::app::{self, App, AppOptions};
use super::arguments::WorkbenchArguments;
use super::endpoints::{Missing, settings};
use super::failure::Failure;

pub(super) fn start(
    apps: &[App],
    arguments: &WorkbenchArguments,
    options: &AppOptions,
) -> Result<(), Failure> {
    let known: Vec<_> = apps.iter().map(|app| app.name).collect();
    let Some(name) = &arguments.app else {
        return Err(Failure::Usage(format!(
            "which app? Give --app with one of: {}",
            known.join(", ")
        )));
    };
    let topology = app::find(apps, name)?.topology(options)?;
    let settings = settings(&topology, &arguments.engine, Missing::Null)?;
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return Err(Failure::Usage(
            "the workbench needs a terminal; without one, use `wallaroo-tui run`".to_owned(),
        ));
    }
    crate::workbench::run(topology, settings).map_err(Failure::failed)
}
