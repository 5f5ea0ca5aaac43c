//! One call after another fails, once or from then on: `SQLite`'s practice (<https://sqlite.org/testing.html>,
//! "I/O error testing"). The run ends with a sentence or goes on; the next one, with the cause gone, is exact.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::scenario::{Scenario, Stage};
use crate::support::shim::{Action, Chosen, EINTR, EIO, ENOSPC, Fault, Shim};

/// How many calls are tried of each kind of fault, unless `WALLAROO_FAULTS` says.
const USUAL: u64 = 7;

/// Kinds of calls that change something.
const CHANGES: &str = "owstunm";

/// A kind of fault, tried at many calls.
#[derive(Debug, Clone, Copy)]
struct Kind {
    calls: &'static str,
    action: Action,
    forever: bool,
    /// The run must end well all the same.
    harmless: bool,
}

impl Kind {
    const fn once(calls: &'static str, action: Action) -> Self {
        Self { calls, action, forever: false, harmless: false }
    }

    const fn forever(calls: &'static str, action: Action) -> Self {
        Self { forever: true, ..Self::once(calls, action) }
    }

    const fn harmless(calls: &'static str, action: Action) -> Self {
        Self { harmless: true, ..Self::once(calls, action) }
    }
}

/// Deaths.
const DEATHS: &[Kind] = &[
    Kind::once(CHANGES, Action::Kill),
    Kind::once("w", Action::Torn),
    Kind::once("stun", Action::Torn),
];

/// Errors that go away.
const ERRORS: &[Kind] = &[
    Kind::once(CHANGES, Action::Error(EIO)),
    Kind::once("s", Action::Error(EIO)),
    Kind::once("r", Action::Error(EIO)),
    Kind::once("owt", Action::Error(ENOSPC)),
];

/// Errors that stay until a person does something.
const LASTING: &[Kind] = &[
    Kind::forever(CHANGES, Action::Error(EIO)),
    Kind::forever("r", Action::Error(EIO)),
    Kind::forever("owt", Action::Error(ENOSPC)),
];

/// Errors that the run may get over, and a death somewhat later: in the middle of a transaction.
const ERRORS_AND_DEATH: &[Kind] = &[
    Kind::once("s", Action::Last(EIO, 7)),
    Kind::once("s", Action::Last(EIO, 30)),
    Kind::once("s", Action::Last(EIO, 61)),
    Kind::once("owt", Action::Last(EIO, 20)),
];

/// What the system may do at any time.
const HARMLESS: &[Kind] = &[
    Kind::harmless("rw", Action::Short),
    Kind::harmless("rw", Action::Error(EINTR)),
    Kind::harmless("rws", Action::Delay(3000)),
];

/// The calls to try of so many.
fn calls(all: u64) -> impl Iterator<Item = u64> {
    let tried = match std::env::var("WALLAROO_FAULTS").as_deref() {
        Ok("all") => all,
        Ok(text) => text.parse().unwrap(),
        Err(_) => USUAL,
    };
    let tried = tried.clamp(1, all.max(1));
    (0..tried).map(move |index| 1 + index * all / tried)
}

/// What is in the directory after an undisturbed run, and how many calls it makes.
fn undisturbed(
    scenario: Scenario,
    kinds: &'static str,
) -> (std::collections::BTreeSet<String>, u64) {
    let mut stage = Stage::new(scenario);
    let shim = Shim::new(stage.folder.root(), Fault::none(kinds));
    let ended = stage.disturbed(&shim).succeeded();
    stage.check_end(&ended);
    stage.goes_on();
    (stage.files(), shim.calls())
}

fn try_all(scenario: Scenario, kinds: &[Kind]) {
    let (mut tried, mut reached, mut failed) = (0, 0, Vec::new());
    for kind in kinds {
        let (files, all) = undisturbed(scenario, kind.calls);
        assert!(all > 3, "only {all} calls of {kind:?}");
        for call in calls(all) {
            let chosen = if kind.forever { Chosen::From(call) } else { Chosen::Only(call) };
            let fault = Fault { kinds: kind.calls, chosen, action: kind.action };
            let mut faults = 0;
            let mut said = String::new();
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                let mut stage = Stage::new(scenario);
                let shim = Shim::new(stage.folder.root(), fault);
                let ended = stage.disturbed(&shim);
                faults = shim.faults();
                said.clone_from(&ended.stderr);
                stage.check_end(&ended);
                assert!(!kind.harmless || ended.code == Some(0), "it failed: {}", ended.stderr);
                stage.goes_on();
                assert_eq!(stage.files(), files, "what is left in the directory");
            }));
            tried += 1;
            reached += u64::from(faults > 0);
            if let Err(panic) = outcome {
                let why = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                failed.push(format!("{fault:?} of {all}: {why}\n    it had said: {said}"));
            }
        }
    }
    println!("{scenario:?}: {tried} faults tried, {reached} reached, {} failed", failed.len());
    assert!(failed.is_empty(), "{} of {tried} faults:\n{}", failed.len(), failed.join("\n"));
    // A run makes a few calls more or less than the one that was counted.
    assert!(reached * 4 >= tried * 3, "only {reached} of {tried} faults were reached");
}

macro_rules! every_call {
    ($($name:ident: $scenario:ident, $kinds:ident;)*) => {
        $(#[test]
        fn $name() {
            try_all(Scenario::$scenario, $kinds);
        })*
    };
}

every_call! {
    a_first_start_that_dies_at_any_call_is_made_up_for: FirstStart, DEATHS;
    a_first_start_with_an_error_at_any_call_is_made_up_for: FirstStart, ERRORS;
    a_first_start_with_a_lasting_error_from_any_call_on_is_made_up_for: FirstStart, LASTING;
    a_second_start_that_dies_at_any_call_is_made_up_for: SecondStart, DEATHS;
    a_second_start_with_an_error_at_any_call_is_made_up_for: SecondStart, ERRORS;
    a_second_start_with_a_lasting_error_from_any_call_on_is_made_up_for: SecondStart, LASTING;
    a_journaled_run_that_dies_at_any_call_is_made_up_for: StandardInput, DEATHS;
    a_journaled_run_with_an_error_at_any_call_is_made_up_for: StandardInput, ERRORS;
    a_journaled_run_with_a_lasting_error_from_any_call_on_is_made_up_for: StandardInput, LASTING;
    a_replay_that_dies_at_any_call_is_made_up_for: StandardInputAgain, DEATHS;
    a_replay_with_an_error_at_any_call_is_made_up_for: StandardInputAgain, ERRORS;
    a_first_start_with_an_error_that_dies_later_is_made_up_for: FirstStart, ERRORS_AND_DEATH;
    a_journaled_run_with_an_error_that_dies_later_is_made_up_for: StandardInput, ERRORS_AND_DEATH;
    short_and_interrupted_and_slow_calls_disturb_nothing: SecondStart, HARMLESS;
    short_and_interrupted_and_slow_calls_disturb_no_journal: StandardInput, HARMLESS;
}
