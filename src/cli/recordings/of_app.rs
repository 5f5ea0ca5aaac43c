//! A recording with the application that it is of.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::cli::app::{self, App, AppOptions};
use crate::cli::failure::Failure;
use crate::core::replay::fingerprint;
use crate::core::text::counted;
use crate::core::topology::Topology;
use crate::resilience::history::{Identity, OnDisk};

/// A recording with the application that it is of.
pub(in crate::cli) struct OfApp {
    pub topology: Arc<Topology>,
    /// The options with which that was built.
    pub options: AppOptions,
    pub recording: OnDisk,
    /// What is not as it was when it was recorded.
    pub warnings: Vec<String>,
}

/// Opens a recording for this application. Options that are not given are those of the recording.
pub(in crate::cli) fn open(
    apps: &[App],
    name: &str,
    path: &Path,
    given: &AppOptions,
) -> Result<OfApp, Failure> {
    let app = app::find(apps, name)?;
    let recording = OnDisk::open(path).map_err(Failure::failed)?;
    let identity = recording.recording().identity();
    let (options, mut warnings) = with_recorded(app, given, &identity.options)?;
    let topology = app.topology(&options)?;
    let recorded = &identity.application;
    if **topology.name() != **recorded {
        return Err(Failure::Failed(format!(
            "{} is a recording of the application `{recorded}`, and not of `{}`",
            path.display(),
            topology.name()
        )));
    }
    if fingerprint(&topology) != identity.fingerprint {
        let other = "this program has other pipelines, steps, states or sinks than the one that was recorded";
        warnings.push(other.to_owned());
    }
    Ok(OfApp { topology, options, recording, warnings })
}

/// The application that a recording is of, as it was run. `None` if this program does not have it.
pub(super) fn recorded_topology(apps: &[App], identity: &Identity) -> Option<Arc<Topology>> {
    let topology = |app: &App| {
        let (options, _) = with_recorded(app, &AppOptions::default(), &identity.options).ok()?;
        app.topology(&options).ok()
    };
    apps.iter().filter_map(topology).find(|topology| **topology.name() == *identity.application)
}

/// Refuses a message that a recording does not have.
pub(super) fn refuse_beyond(option: &str, message: Option<u64>, all: u64) -> Result<(), Failure> {
    match message.filter(|message| *message > all) {
        None => Ok(()),
        Some(message) => Err(Failure::Usage(format!(
            "there is no message {message} for {option}: the recording has {}",
            counted(all, "message")
        ))),
    }
}

/// The options of an application: those that are given, else those of the recording, else the defaults. And which of those
/// that are given are not those of the recording.
fn with_recorded(
    app: &App,
    given: &AppOptions,
    recorded: &BTreeMap<String, String>,
) -> Result<(AppOptions, Vec<String>), Failure> {
    let (mut options, mut others) = (app.default_options(), Vec::new());
    for option in &app.options {
        let name = option.name;
        let value = match (given.0.get(name), recorded.get(name)) {
            (Some(given), recorded) => {
                if let Some(recorded) = recorded.filter(|recorded| *recorded != given) {
                    others.push(format!(
                        "the recording was made with --{name} {recorded}, and this is a replay with --{name} {given}"
                    ));
                }
                given
            }
            (None, Some(recorded)) if !option.values.contains(&recorded.as_str()) => {
                return Err(Failure::Usage(format!(
                    "the recording was made with --{name} {recorded}, which this program does not have: give --{name} \
                     with one of {}",
                    option.values.join(", ")
                )));
            }
            (None, Some(recorded)) => recorded,
            (None, None) => continue,
        };
        options.0.insert(name, value.clone());
    }
    Ok((options, others))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::{Reason, Source};
    use crate::core::topology::Application;

    fn app() -> App {
        let build = |_: &AppOptions| {
            let read = |bytes: &[u8]| Ok::<_, Reason>(bytes.first().copied());
            Application::new("x").pipeline("p", Source::new(read)).done().build()
        };
        App::new("x", "", build).option("size", &["small", "large"], "").option("new", &["no"], "")
    }

    fn options(given: &[(&'static str, &str)], recorded: &str) -> Result<(String, usize), String> {
        let given = given.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let recorded = BTreeMap::from([("size".to_owned(), recorded.to_owned())]);
        let found = with_recorded(&app(), &AppOptions(given), &recorded);
        let (options, others) = found.map_err(|failure| failure.to_string())?;
        assert_eq!(options.get("new"), "no");
        Ok((options.get("size").to_owned(), others.len()))
    }

    #[test]
    fn options_are_those_of_the_recording_unless_others_are_given() {
        assert_eq!(options(&[], "large"), Ok(("large".to_owned(), 0)));
        assert_eq!(options(&[("size", "large")], "large"), Ok(("large".to_owned(), 0)));
        assert_eq!(options(&[("size", "small")], "large"), Ok(("small".to_owned(), 1)));
        assert_eq!(options(&[("size", "small")], "huge"), Ok(("small".to_owned(), 1)));
        let refused = options(&[], "huge").unwrap_err();
        assert!(refused.contains("--size huge") && refused.contains("small, large"), "{refused}");
    }
}
