//! The applications of a program, and their options.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::failure::Failure;
use crate::core::topology::{BuildError, PipelinePlan, Topology};
use crate::workbench::configuration::did_you_mean;

type Build = Box<dyn Fn(&AppOptions) -> Result<Topology, BuildError>>;

/// An application for [`main`](crate::main): a name for `--app`, a description, the options that it adds,
/// and a function that builds it.
pub struct App {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) options: Vec<AppOption>,
    build: Build,
}

/// An option that an application adds to the command line.
pub(super) struct AppOption {
    pub name: &'static str,
    /// The allowed values. The first is the default.
    pub values: &'static [&'static str],
    pub help: &'static str,
}

impl App {
    /// An application with this name and a description of one line. `build` gets the values of its options.
    pub fn new(
        name: &'static str,
        about: &'static str,
        build: impl Fn(&AppOptions) -> Result<Topology, BuildError> + 'static,
    ) -> Self {
        Self { name, about, options: Vec::new(), build: Box::new(build) }
    }

    /// Adds an option `--name VALUE` with its allowed values, the default first.
    #[must_use]
    pub fn option(
        mut self,
        name: &'static str,
        values: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        self.options.push(AppOption { name, values, help });
        self
    }

    pub(super) fn topology(&self, options: &AppOptions) -> Result<Arc<Topology>, Failure> {
        (self.build)(options).map(Arc::new).map_err(Failure::failed)
    }

    pub(super) fn default_options(&self) -> AppOptions {
        let default =
            |option: &AppOption| Some((option.name, (*option.values.first()?).to_owned()));
        AppOptions(self.options.iter().filter_map(default).collect())
    }
}

/// The values of the options that applications have added.
#[derive(Debug, Clone, Default)]
pub struct AppOptions(pub(super) BTreeMap<&'static str, String>);

impl AppOptions {
    /// The values, for another process of this program.
    pub(super) fn to_values(&self) -> BTreeMap<String, String> {
        self.0.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    /// The values that another process of this program has.
    pub(super) fn of(apps: &[App], values: &BTreeMap<String, String>) -> Self {
        let options = apps.iter().flat_map(|app| &app.options);
        let known =
            options.filter_map(|option| Some((option.name, values.get(option.name)?.clone())));
        Self(known.collect())
    }

    /// The value of an option; empty if no application has added it.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }
}

/// The application with this name.
pub(super) fn find<'a>(apps: &'a [App], name: &str) -> Result<&'a App, Failure> {
    apps.iter().find(|app| app.name == name).ok_or_else(|| {
        let known: Vec<_> = apps.iter().map(|app| app.name).collect();
        let hint = did_you_mean(name, known.iter().copied());
        Failure::Usage(format!("unknown app `{name}`{hint}; known apps: {}", known.join(", ")))
    })
}

/// The pipeline with this name, or the first if no name is given.
pub(super) fn pipeline<'a>(
    topology: &'a Topology,
    name: Option<&str>,
) -> Result<&'a PipelinePlan, Failure> {
    let mut plans = topology.pipelines().iter();
    plans.find(|plan| name.is_none_or(|name| &*plan.name == name)).ok_or_else(|| {
        let names: Vec<&str> = topology.pipelines().iter().map(|plan| &*plan.name).collect();
        let hint = did_you_mean(name.unwrap_or_default(), names.iter().copied());
        Failure::Usage(format!("no such pipeline{hint}; the pipelines are {}", names.join(", ")))
    })
}
