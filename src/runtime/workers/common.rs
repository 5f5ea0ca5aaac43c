//! What the operators of a worker share.

use std::rc::Rc;
use std::sync::Arc;

use super::recorder::Recorder;
use crate::core::numbers::WorkerIndex;
use crate::runtime::processes::neighbours::Neighbours;
use crate::runtime::shared::Shared;

/// What the operators of a worker share.
#[derive(Clone)]
pub(crate) struct Common {
    pub worker: WorkerIndex,
    pub workers: usize,
    pub shared: Arc<Shared>,
    /// `None` if the engine runs in one process.
    pub neighbours: Option<Arc<Neighbours>>,
    /// `None` if the run is not recorded.
    pub recorder: Option<Rc<Recorder>>,
}

impl Common {
    pub fn neighbours(&self) -> Option<&Neighbours> {
        self.neighbours.as_deref()
    }

    /// The neighbours, if outputs go to one of them.
    pub(super) fn writers(&self) -> Option<&Neighbours> {
        self.neighbours().filter(|neighbours| !neighbours.writes())
    }
}
