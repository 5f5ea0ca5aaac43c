//! Locks and atomic numbers of the few files that several threads meet in: those that everything else uses;
//! under the tests of interleavings, those of a checker that chooses which thread goes on at each of
//! them. `.ci/run` has the command, and `shuttle` in `Cargo.toml` the checker.

#[cfg(all(test, feature = "interleavings"))]
mod chosen {
    use std::sync::PoisonError;

    pub(crate) use shuttle::sync::atomic;
    use shuttle::sync::{MutexGuard, RwLockReadGuard, RwLockWriteGuard};

    /// The checker's lock with the methods of `parking_lot`, which knows no poison.
    #[derive(Debug, Default)]
    pub(crate) struct Mutex<T>(shuttle::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub fn new(value: T) -> Self {
            Self(shuttle::sync::Mutex::new(value))
        }

        pub fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    /// The same for the lock that many may read.
    #[derive(Debug, Default)]
    pub(crate) struct RwLock<T>(shuttle::sync::RwLock<T>);

    impl<T> RwLock<T> {
        pub fn new(value: T) -> Self {
            Self(shuttle::sync::RwLock::new(value))
        }

        pub fn read(&self) -> RwLockReadGuard<'_, T> {
            self.0.read().unwrap_or_else(PoisonError::into_inner)
        }

        pub fn write(&self) -> RwLockWriteGuard<'_, T> {
            self.0.write().unwrap_or_else(PoisonError::into_inner)
        }
    }
}

#[cfg(not(all(test, feature = "interleavings")))]
mod chosen {
    pub(crate) use parking_lot::{Mutex, RwLock};
    pub(crate) use std::sync::atomic;
}

pub(crate) use chosen::*;
