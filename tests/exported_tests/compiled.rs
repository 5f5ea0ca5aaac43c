//! The tests as they were written, compiled with the applications of their sessions, with changed ones, and with mended
//! ones. `many.rs` compiles the same of more sessions in another crate.

use std::panic::catch_unwind;

/// The tests as they were written, with the applications that the sessions ran.
pub mod unchanged {
    use wallaroo::{BuildError, Topology};

    use crate::alphabet::{self, Encoding};
    use crate::scooters;

    fn text_votes() -> Result<Topology, BuildError> {
        alphabet::topology(Encoding::Text)
    }

    fn binary_votes() -> Result<Topology, BuildError> {
        alphabet::topology(Encoding::Binary)
    }

    fn rides() -> Result<Topology, BuildError> {
        scooters::topology(scooters::add_ride)
    }

    pub mod as_seen {
        use super::{binary_votes, rides, text_votes};
        include!("as_seen.rs");
    }

    pub mod otherwise {
        use super::{binary_votes, rides, text_votes};
        include!("otherwise.rs");
    }
}

/// The same tests, with applications that do something else.
pub mod changed {
    use wallaroo::{BuildError, Topology};

    use crate::alphabet::{self, Encoding};
    use crate::scooters;

    fn text_votes() -> Result<Topology, BuildError> {
        alphabet::topology(Encoding::Binary)
    }

    fn binary_votes() -> Result<Topology, BuildError> {
        alphabet::topology(Encoding::Text)
    }

    fn rides() -> Result<Topology, BuildError> {
        scooters::topology(scooters::add_one_more)
    }

    include!("as_seen.rs");
}

/// The tests that say what is wrong, with an application in which it is mended.
pub mod mended {
    use wallaroo::{BuildError, Topology};

    use crate::alphabet::{self, Encoding};
    use crate::scooters;

    fn text_votes() -> Result<Topology, BuildError> {
        alphabet::topology(Encoding::Text)
    }

    fn binary_votes() -> Result<Topology, BuildError> {
        alphabet::topology(Encoding::Binary)
    }

    fn rides() -> Result<Topology, BuildError> {
        scooters::topology(scooters::add_ride_of_any_time)
    }

    include!("otherwise.rs");
}

/// Tests with their names.
pub type Tests = [(&'static str, fn() -> Result<(), Box<dyn std::error::Error>>)];

/// The names of those that pass, and of those that do not.
pub fn outcome(tests: &Tests) -> (Vec<&'static str>, Vec<&'static str>) {
    let passes =
        |test: &fn() -> _| catch_unwind(test).is_ok_and(|result: Result<_, _>| result.is_ok());
    let (pass, fail): (Vec<_>, Vec<_>) = tests.iter().partition(|(_, test)| passes(test));
    let names = |tests: Vec<&(&'static str, _)>| tests.into_iter().map(|(name, _)| *name).collect();
    (names(pass), names(fail))
}
