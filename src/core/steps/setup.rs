//! What a worker has when its segments are made: its index, the placement and its partition tables.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::Segment;
use super::context::StepName;
use super::ends::EncodedEnd;
use super::mailbox::Mailbox;
use crate::application::{Key, Message, State, StateBuilder};
use crate::core::numbers::{StepIndex, Timestamp, WorkerIndex};
use crate::core::partitions::placement::Placement;
use crate::core::partitions::query::Partitions;
use crate::core::partitions::table::PartitionTable;

/// A partition table without its state's type.
pub type SharedPartitions = Rc<RefCell<dyn Partitions>>;

/// A worker's table of one state, with and without its type.
struct Registered {
    typed: Rc<dyn Any>,
    erased: SharedPartitions,
}

/// What a worker has when its segments are made.
pub struct WorkerSetup {
    worker: WorkerIndex,
    placement: Placement,
    precreate: bool,
    /// The workers of this process.
    local: Range<usize>,
    /// Whether only the last segment of a pipeline may make outputs.
    last_only: bool,
    tables: BTreeMap<Arc<str>, Registered>,
    /// By the pipeline and the partition step that puts messages there.
    mailboxes: BTreeMap<(Arc<str>, StepIndex), Rc<dyn Any>>,
}

impl WorkerSetup {
    /// The setup of a worker. With `precreate`, partitions of declared keys exist from the start.
    pub fn new(worker: WorkerIndex, placement: Placement, precreate: bool) -> Self {
        let (tables, mailboxes) = (BTreeMap::new(), BTreeMap::new());
        let local = 0..placement.workers().get();
        Self { worker, placement, precreate, local, last_only: false, tables, mailboxes }
    }

    /// The setup of the only worker.
    pub fn alone(precreate: bool) -> Self {
        Self::new(WorkerIndex(0), Placement::new(NonZeroUsize::MIN), precreate)
    }

    /// The same with these workers in this process: batches for all others become bytes.
    #[must_use]
    pub fn with_local(self, local: Range<usize>) -> Self {
        Self { local, ..self }
    }

    /// The same with outputs of the last segments only, because they go on to another process. Otherwise a worker may run
    /// two segments as one, and the outputs of the two would have two ways, on which they overtake each other.
    #[must_use]
    pub fn with_outputs_of_last(self) -> Self {
        Self { last_only: true, ..self }
    }

    /// The end of a segment, which gives what goes to other processes as bytes.
    pub(crate) fn sending<M: Message>(
        &self,
        name: StepName,
        end: Box<dyn Segment>,
    ) -> Box<dyn Segment> {
        if self.local == (0..self.placement.workers().get()) {
            return end;
        }
        let (local, joins) = (self.local.clone(), !self.last_only);
        Box::new(EncodedEnd::<M>::new(end, name, self.worker, local, joins))
    }

    /// The worker.
    pub fn worker(&self) -> WorkerIndex {
        self.worker
    }

    /// Where keys go.
    pub fn placement(&self) -> Placement {
        self.placement
    }

    /// The worker's tables by the state's name.
    pub fn into_tables(self) -> impl Iterator<Item = (Arc<str>, SharedPartitions)> {
        self.tables.into_iter().map(|(name, table)| (name, table.erased))
    }

    /// The mailbox between a partition step and the state step behind it.
    pub(crate) fn mailbox<M: Message>(&mut self, partition: &StepName) -> Mailbox<M> {
        let name = (Arc::clone(&partition.pipeline), partition.index);
        let mailbox = self.mailboxes.entry(name).or_insert_with(|| Mailbox::<M>::default());
        match Rc::clone(mailbox).downcast() {
            Ok(mailbox) => mailbox,
            Err(_) => unreachable!("a step's messages have one type"),
        }
    }

    /// The table of a state, the same for every step that names it.
    pub(crate) fn table<B: StateBuilder>(
        &mut self,
        name: &Arc<str>,
        builder: &B,
        keys: &[Key],
    ) -> Rc<RefCell<PartitionTable<B::State>>> {
        let (worker, placement, precreate) = (self.worker, self.placement, self.precreate);
        let registered = self.tables.entry(Arc::clone(name)).or_insert_with(|| {
            let mut table = PartitionTable::new(worker);
            for key in keys.iter().filter(|key| precreate && placement.worker(key) == worker) {
                let state = builder.build(key);
                table.create(key.clone(), state, Timestamp(0), false);
            }
            register(table)
        });
        match Rc::clone(&registered.typed).downcast() {
            Ok(table) => table,
            Err(_) => unreachable!("build refuses a state name with two types"),
        }
    }
}

fn register<S: State>(table: PartitionTable<S>) -> Registered {
    let table = Rc::new(RefCell::new(table));
    Registered { typed: Rc::clone(&table) as Rc<dyn Any>, erased: table }
}
