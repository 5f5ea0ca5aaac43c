//! Where the frames of one pipeline enter: those that must be journaled first, and the queues of the
//! workers, which can be exchanged for others while the sources go on.
//!
//! If only the order of each key's messages counts, all workers take from one queue, whose batches are numbered. Else
//! each has its own.

mod fronts;

use std::mem;
use std::sync::{Arc, Weak};

use super::gate::Gate;
use super::queue::{Coming, Fetched, Queue, Waiting};
use super::taken::{Origin, Taken};
use super::waits::Waits;
use crate::core::frames::Frames;
use crate::core::numbers::PipelineIndex;
use crate::core::observer::Observer;
use crate::core::sync::RwLock;
use crate::endpoints::{Connection, Delivery, Fetch};
use crate::resilience::{Position, Slot};
use crate::runtime::durable::Durable;
use crate::runtime::parts::FramesToWrite;

/// Where the frames of one pipeline enter.
pub(crate) struct Queues {
    pipeline: PipelineIndex,
    name: Arc<str>,
    /// The name under which the position of its file is saved, if it reads one; or that of its generator.
    file: Option<Arc<str>>,
    per_worker: RwLock<PerWorker>,
    /// `None` if nothing is saved.
    durable: Option<Durable>,
    /// Whether all workers take from one queue.
    shared: bool,
    /// Told of frames that come in a pause.
    told: Option<(Arc<Gate>, Arc<dyn Observer>)>,
}

/// One queue for all workers, or one per worker: the frames of a slot go to one of them, so that their order is kept.
struct PerWorker {
    of_workers: Vec<Arc<Queue>>,
    closed: bool,
}

impl Queues {
    pub fn new(
        pipeline: PipelineIndex,
        name: Arc<str>,
        file: Option<Arc<str>>,
        workers: usize,
        durable: Option<Durable>,
        shared: bool,
    ) -> Self {
        let per_worker = RwLock::new(PerWorker::new(pipeline, workers, shared));
        Self { pipeline, name, file, per_worker, durable, shared, told: None }
    }

    /// Tells the observer of frames that come while the gate is paused.
    pub fn telling(self, gate: &Arc<Gate>, observer: &Arc<dyn Observer>) -> Self {
        Self { told: Some((Arc::clone(gate), Arc::clone(observer))), ..self }
    }

    /// What waits for the workers.
    pub fn waits(&self) -> Waits {
        self.per_worker.read().of_workers.iter().map(|queue| queue.waits()).sum()
    }

    /// The queue from which a worker takes; `None` if there is no such worker.
    pub fn queue(&self, worker: usize) -> Option<Arc<Queue>> {
        let queue = if self.shared { 0 } else { worker };
        self.per_worker.read().of_workers.get(queue).map(Arc::clone)
    }

    /// Adds frames to the queue of their worker.
    pub fn push(&self, waiting: Waiting) {
        self.per_worker.read().push(waiting);
        if let Some((gate, observer)) = &self.told {
            gate.wake_looker();
            if gate.is_paused() {
                observer.waits();
            }
        }
    }

    /// Closes the queues: nothing more will come.
    pub fn close(&self) {
        let mut per_worker = self.per_worker.write();
        per_worker.closed = true;
        per_worker.of_workers.iter().for_each(|queue| queue.close());
    }

    /// How frames of the pipeline's file are found again.
    fn origin(&self) -> Origin {
        match &self.file {
            Some(file) => Origin::Source(Arc::clone(file)),
            None => unreachable!("only a file or a generator can be read again, and it has a name"),
        }
    }

    pub fn wake(&self) {
        self.per_worker.read().of_workers.iter().for_each(|queue| queue.wake());
    }

    /// Starts where a checkpoint ended.
    pub fn begin_at(&self, positions: &[Position]) {
        self.begin(&self.per_worker.read(), positions);
    }

    fn begin(&self, per_worker: &PerWorker, positions: &[Position]) {
        for position in positions {
            match position {
                Position::Journal { pipeline, slot, at } if *pipeline == self.name => {
                    per_worker.of(*slot).begin_at(*slot, *at);
                }
                Position::Source { pipeline, endpoint, offset } if *pipeline == self.name => {
                    let source: Arc<str> = endpoint.as_str().into();
                    // The source may have another slot this time: the greater offset counts.
                    per_worker.first().begin_source_at(source, *offset);
                }
                // Of a sink, or of another pipeline.
                Position::Journal { .. } | Position::Source { .. } | Position::Sink { .. } => {}
            }
        }
    }

    /// Which frames have been taken, in total.
    pub fn positions(&self) -> Vec<Position> {
        let all = self.per_worker.read().taken();
        self.positions_of(all)
    }

    fn positions_of(&self, all: Taken) -> Vec<Position> {
        let pipeline = &self.name;
        let sources = all.sources.into_iter().map(|(source, offset)| Position::Source {
            pipeline: Arc::clone(pipeline),
            endpoint: source.to_string(),
            offset,
        });
        let journal = all.journal.into_iter().map(|(slot, at)| Position::Journal {
            pipeline: Arc::clone(pipeline),
            slot,
            at,
        });
        sources.chain(journal).collect()
    }

    /// Replaces these queues by those of other workers. Waiting frames keep waiting there; no
    /// frame may be taken meanwhile.
    pub fn exchange(&self, workers: usize) {
        let mut per_worker = self.per_worker.write();
        // With the lock: a message that waits may be taken away meanwhile.
        let positions = self.positions_of(per_worker.taken());
        let PerWorker { of_workers, .. } = PerWorker::new(self.pipeline, workers, self.shared);
        let old = mem::replace(&mut per_worker.of_workers, of_workers);
        for (waiting, fetched) in old.iter().map(|queue| queue.empty()) {
            for waiting in waiting {
                per_worker.push(waiting);
            }
            if let Some(fetched) = fetched {
                per_worker.of(fetched.slot).fetch_from(fetched);
            }
        }
        if per_worker.closed {
            per_worker.of_workers.iter().for_each(|queue| queue.close());
        }
        self.begin(&per_worker, &positions);
    }
}

impl PerWorker {
    fn new(pipeline: PipelineIndex, workers: usize, shared: bool) -> Self {
        let queues = if shared { 1 } else { workers };
        let of_workers = (0..queues).map(|_| Arc::new(Queue::of(pipeline))).collect();
        Self { of_workers, closed: false }
    }

    /// Which frames have been taken, in total.
    fn taken(&self) -> Taken {
        let mut all = Taken::default();
        for queue in &self.of_workers {
            let taken = queue.taken();
            for (slot, position) in taken.journal {
                // Replayed frames and the frames after them had different queues.
                let known = all.journal.entry(slot).or_default();
                *known = position.max(*known);
            }
            for (source, offset) in taken.sources {
                let known = all.sources.entry(source).or_default();
                *known = offset.max(*known);
            }
        }
        all
    }

    /// Adds frames to the queue of their slot. All replayed frames wait in one queue, so that they are
    /// taken in the order in which they were written: a message of one connection may have followed the
    /// output of another's.
    fn push(&self, waiting: Waiting) {
        let queue = match waiting.coming {
            Coming::New => self.of(waiting.slot),
            Coming::Replayed | Coming::OnTrial(_) | Coming::SetAside => self.first(),
        };
        queue.push(waiting);
    }

    fn of(&self, slot: Slot) -> &Queue {
        let worker = slot.0.checked_rem(self.of_workers.len() as u64);
        let worker = worker.and_then(|worker| usize::try_from(worker).ok());
        match worker.and_then(|worker| self.of_workers.get(worker)) {
            Some(queue) => queue,
            None => unreachable!("an engine has one worker at least"),
        }
    }

    fn first(&self) -> &Queue {
        self.of(Slot(0))
    }
}

impl Delivery for Queues {
    fn deliver(&self, connection: Connection, frames: Frames, trace_all: bool) {
        let slot = Slot::of_connection(connection.number);
        let origin = match (&self.durable, connection.again) {
            (None, _) => Origin::Nowhere,
            (Some(_), true) => self.origin(),
            (Some(durable), false) => {
                let pipeline = self.pipeline;
                durable.write(FramesToWrite { pipeline, slot, frames, trace_all });
                return;
            }
        };
        self.push(Waiting { slot, frames, trace_all, origin, coming: Coming::New });
    }

    fn fetch_from(&self, connection: Connection, source: Weak<dyn Fetch>) {
        debug_assert!(connection.again, "what is journaled first is delivered");
        let slot = Slot::of_connection(connection.number);
        let origin = if self.durable.is_some() { self.origin() } else { Origin::Nowhere };
        self.per_worker.read().of(slot).fetch_from(Fetched { slot, source, origin });
    }
}
