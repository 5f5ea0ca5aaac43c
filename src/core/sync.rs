//! Locks and atomic numbers for the few files in which threads meet. They are the usual ones, except in the tests of
//! interleavings: there they are those of `shuttle`, which chooses at each of them which thread goes on. `.ci/run` has
//! the command.

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
