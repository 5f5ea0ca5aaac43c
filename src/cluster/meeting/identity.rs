//! What all processes of a cluster must have in common, and what differs if they have not.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::application::Key;
use crate::core::partitions::placement::Placement;
use crate::core::topology::Topology;
use crate::wire::build::{build, fingerprint};

/// Keys whose hashes must be the same everywhere: of no, of a few and of many bytes.
const PROBES: [&[u8]; 4] = [b"", b"a", b"wallaroo", &[0xa5; 100]];

/// What all processes of a cluster must have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Which program it is.
    pub build: String,
    /// Which worker owns a key: the hash of a few.
    pub placement: u64,
    /// What `--app` names.
    pub app: String,
    /// The values of the options that applications have added.
    pub options: BTreeMap<String, String>,
    /// A number that is another one for other steps, states or declared keys.
    pub topology: u32,
}

/// What another process has otherwise than process 0.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Difference {
    /// It is another program.
    #[error(
        "its program is {theirs} and that of process 0 is {ours}: start the same program everywhere"
    )]
    Build {
        /// The program of the other process.
        theirs: String,
        /// That of process 0.
        ours: String,
    },
    /// It would give keys to other workers.
    #[error(
        "its program gives keys to other workers than that of process 0: build the program once, for one kind of machine"
    )]
    Placement,
    /// It runs another application.
    #[error("its --app is {theirs} and that of process 0 is {ours}: give the same one")]
    Application {
        /// The application of the other process.
        theirs: String,
        /// That of process 0.
        ours: String,
    },
    /// An option of the application has another value.
    #[error(
        "its --{name} is {} and that of process 0 is {}: give the same one",
        shown(theirs.as_ref()),
        shown(ours.as_ref())
    )]
    Option {
        /// Which option.
        name: String,
        /// Its value at the other process.
        theirs: Option<String>,
        /// Its value at process 0.
        ours: Option<String>,
    },
    /// The application has other steps there.
    #[error(
        "the steps, states or declared keys of its application are not those of process 0: what the application is made of must not depend on the machine"
    )]
    Topology,
}

fn shown(value: Option<&String>) -> &str {
    value.map_or("not given", String::as_str)
}

impl Identity {
    /// What runs here: an application under this name, with these options. It reads the whole program, once.
    pub fn here(app: String, options: BTreeMap<String, String>, topology: &Topology) -> Self {
        let placement = probe();
        Self { build: build().to_owned(), placement, app, options, topology: fingerprint(topology) }
    }

    /// Compares this, which is that of process 0, with that of another process.
    ///
    /// # Errors
    ///
    /// Something differs. Only what says most is told: another program may differ in all else.
    pub fn compare(&self, theirs: &Self) -> Result<(), Difference> {
        let pair = |theirs: &String, ours: &String| (theirs.clone(), ours.clone());
        if theirs.build != self.build {
            let (theirs, ours) = pair(&theirs.build, &self.build);
            return Err(Difference::Build { theirs, ours });
        }
        if theirs.placement != self.placement {
            return Err(Difference::Placement);
        }
        if theirs.app != self.app {
            let (theirs, ours) = pair(&theirs.app, &self.app);
            return Err(Difference::Application { theirs, ours });
        }
        let names = self.options.keys().chain(theirs.options.keys());
        for name in names {
            let (theirs, ours) = (theirs.options.get(name), self.options.get(name));
            if theirs != ours {
                let (theirs, ours) = (theirs.cloned(), ours.cloned());
                return Err(Difference::Option { name: name.clone(), theirs, ours });
            }
        }
        if theirs.topology != self.topology {
            return Err(Difference::Topology);
        }
        Ok(())
    }
}

/// The hashes of a few keys, in one number.
fn probe() -> u64 {
    let placement = Placement::new(NonZeroUsize::MIN);
    PROBES
        .iter()
        .fold(0, |all: u64, key| all.rotate_left(7) ^ placement.hash(&Key::from(key.to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        let options = BTreeMap::from([("slots".to_owned(), "8".to_owned())]);
        let (build, app) = ("0.1.0 7 abc".to_owned(), "alphabet".to_owned());
        Identity { build, placement: probe(), app, options, topology: 9 }
    }

    #[test]
    fn what_differs_is_said_and_what_to_do() {
        let said = |change: fn(&mut Identity)| {
            let mut theirs = identity();
            change(&mut theirs);
            identity().compare(&theirs).map_err(|difference| difference.to_string())
        };
        assert_eq!(said(|_| {}), Ok(()));
        let build = said(|theirs| theirs.build = "0.1.0 8 abd".to_owned()).unwrap_err();
        assert!(
            build.starts_with("its program is 0.1.0 8 abd and that of process 0 is"),
            "{build}"
        );
        let placement = said(|theirs| theirs.placement += 1).unwrap_err();
        assert!(placement.contains("other workers"), "{placement}");
        let app = said(|theirs| theirs.app = "reverse".to_owned()).unwrap_err();
        assert!(app.starts_with("its --app is reverse and that of process 0 is alphabet"), "{app}");
        let none = said(|theirs| theirs.options.clear()).unwrap_err();
        assert!(none.starts_with("its --slots is not given and that of process 0 is 8"), "{none}");
        let more = said(|theirs| drop(theirs.options.insert("x".to_owned(), "1".to_owned())));
        let more = more.unwrap_err();
        assert!(more.starts_with("its --x is 1 and that of process 0 is not given"), "{more}");
        let topology = said(|theirs| theirs.topology = 0).unwrap_err();
        assert!(topology.contains("steps, states or declared keys"), "{topology}");
    }

    #[test]
    fn another_program_is_said_before_all_that_follows_from_it() {
        let mut theirs = identity();
        (theirs.build, theirs.app) = (String::new(), String::new());
        let difference = identity().compare(&theirs).unwrap_err();
        assert!(matches!(difference, Difference::Build { .. }), "{difference}");
    }
}
