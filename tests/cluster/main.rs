//! Several processes meet and talk to each other over real sockets, whoever else comes and whatever fails between them;
//! and the program runs as several processes, whichever of them is killed when.
//!
//! `CRASH_ROUNDS=N` makes each random test try N seeds; a failure names its seed, and `CRASH_SEED=S` begins with that one.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "../support/mod.rs"]
mod support;

#[cfg(feature = "workbench")]
#[path = "../recovery/cast.rs"]
mod cast;
#[cfg(feature = "workbench")]
#[path = "../recovery/chance.rs"]
mod chance;
mod children;
mod crowd;
#[cfg(feature = "workbench")]
#[path = "../recovery/folder.rs"]
#[expect(dead_code, reason = "the tests of recovery ask for more")]
mod folder;
mod meeting;
#[cfg(feature = "workbench")]
mod programs;
mod rescaled;
mod side;
mod strangers;
#[cfg(feature = "workbench")]
#[path = "../recovery/totals.rs"]
mod totals;
mod turned_away;
