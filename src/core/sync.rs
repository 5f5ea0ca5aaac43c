//! Locks and atomic numbers of the few files that several threads meet in: those of the standard library;
//! under the tests of interleavings, those of a checker that chooses which thread goes on at each of
//! them. `.ci/run` has the command, and `shuttle` in `Cargo.toml` the checker.

#[cfg(all(test, feature = "interleavings"))]
mod chosen {
    pub(crate) use shuttle::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, atomic};
}

#[cfg(not(all(test, feature = "interleavings")))]
mod chosen {
    pub(crate) use std::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, atomic};
}

pub(crate) use chosen::*;
