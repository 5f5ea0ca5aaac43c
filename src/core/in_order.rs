//! What arrives from several workers, in the order of the batches that it was made of.

use std::collections::{BTreeMap, VecDeque};

use super::numbers::BatchNumber;

/// What has arrived and waits for its turn. The batches of a pipeline are numbered without gaps. A worker sends what it
/// makes of a batch, in its order, and then that this is all. Several batches are in progress at a time, so parts may
/// arrive early: they are kept until the batches before theirs have arrived whole.
pub(crate) struct InOrder<T> {
    /// The first batch of which not all has arrived.
    next: BatchNumber,
    /// What can be taken now.
    ready: VecDeque<T>,
    early: BTreeMap<BatchNumber, Early<T>>,
}

/// What has arrived of a batch while one before it was not complete.
struct Early<T> {
    parts: Vec<T>,
    is_all: bool,
}

impl<T> Default for Early<T> {
    fn default() -> Self {
        Self { parts: Vec::new(), is_all: false }
    }
}

impl<T> Default for InOrder<T> {
    fn default() -> Self {
        let (next, ready, early) = (BatchNumber(0), VecDeque::new(), BTreeMap::new());
        Self { next, ready, early }
    }
}

impl<T> InOrder<T> {
    /// A part of a batch has arrived. Without a number, it waits for no batch.
    pub fn arrive(&mut self, batch: Option<BatchNumber>, part: T) {
        match batch.filter(|batch| *batch != self.next) {
            None => self.ready.push_back(part),
            Some(batch) => self.early(batch).parts.push(part),
        }
    }

    /// All of a batch has arrived.
    pub fn end(&mut self, batch: BatchNumber) {
        if batch != self.next {
            self.early(batch).is_all = true;
            return;
        }
        self.next = batch.next();
        while let Some(early) = self.early.remove(&self.next) {
            self.ready.extend(early.parts);
            if !early.is_all {
                break;
            }
            self.next = self.next.next();
        }
    }

    fn early(&mut self, batch: BatchNumber) -> &mut Early<T> {
        debug_assert!(batch > self.next, "nothing of a batch arrives after all of it");
        self.early.entry(batch).or_default()
    }

    /// Takes what comes next in the order.
    pub fn take(&mut self) -> Option<T> {
        self.ready.pop_front()
    }

    /// Whether nothing can be taken now.
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// Whether all of the batches before this one has arrived and has been taken. What is made of this batch here may then
    /// go on at once, and does not arrive.
    pub fn is_turn_of(&self, batch: BatchNumber) -> bool {
        batch == self.next && self.ready.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a worker sends of a batch: how many parts, and whether they go on at once if possible.
    type Batch = (usize, bool);

    /// A worker that works on a batch.
    struct Working {
        batch: usize,
        sent: usize,
        at_once: bool,
    }

    /// Lets workers work on batches in the order of `choices`: each takes the next batch, sends part after part, and
    /// says that this is all. Only worker 0 has what it makes go on at once. Returns what was taken, in its order.
    fn run(batches: &[Batch], workers: usize, choices: &[usize]) -> Vec<(usize, usize)> {
        let (mut order, mut begun, mut taken) = (InOrder::default(), 0, Vec::new());
        let mut working: Vec<Option<Working>> = (0..workers).map(|_| None).collect();
        let rounds = choices.iter().copied().chain((0..workers).cycle());
        for choice in rounds {
            let all_begun = begun == batches.len();
            if all_begun && working.iter().all(Option::is_none) {
                break;
            }
            // One more than there are workers takes what has arrived.
            let worker = choice % (workers + 1);
            let Some(place) = working.get_mut(worker) else {
                taken.extend(order.take());
                continue;
            };
            let Some(Working { batch, sent, at_once }) = place else {
                if !all_begun {
                    let number = BatchNumber(begun as u64);
                    let at_once = worker == 0 && batches[begun].1 && order.is_turn_of(number);
                    *place = Some(Working { batch: begun, sent: 0, at_once });
                    begun += 1;
                }
                continue;
            };
            let number = BatchNumber(*batch as u64);
            if *sent == batches[*batch].0 {
                order.end(number);
                *place = None;
                continue;
            }
            if *at_once {
                assert!(order.is_empty(), "nothing can be taken before it");
                taken.push((*batch, *sent));
            } else {
                order.arrive(Some(number), (*batch, *sent));
            }
            *sent += 1;
        }
        taken.extend(std::iter::from_fn(|| order.take()));
        assert!(order.early.is_empty());
        taken
    }

    proptest! {
        #[test]
        fn whoever_is_fast_all_is_taken_in_the_order_of_the_batches(
            batches in prop::collection::vec((0_usize..4, any::<bool>()), 0..12),
            workers in 1_usize..5,
            choices in prop::collection::vec(0_usize..6, 0..120),
        ) {
            let expected: Vec<_> = (0..batches.len())
                .flat_map(|batch| (0..batches[batch].0).map(move |part| (batch, part)))
                .collect();
            prop_assert_eq!(run(&batches, workers, &choices), expected);
        }
    }

    #[test]
    fn what_has_no_number_waits_for_no_batch() {
        let mut order = InOrder::default();
        order.arrive(Some(BatchNumber(1)), "early");
        order.arrive(None, "at once");
        assert_eq!(order.take(), Some("at once"));
        assert_eq!(order.take(), None);
        order.end(BatchNumber(0));
        assert_eq!(order.take(), Some("early"));
    }

    #[test]
    fn a_batch_has_its_turn_when_those_before_it_have_been_taken() {
        let mut order = InOrder::default();
        assert!(order.is_turn_of(BatchNumber(0)));
        assert!(!order.is_turn_of(BatchNumber(1)));
        order.arrive(Some(BatchNumber(0)), "a part");
        order.end(BatchNumber(0));
        assert!(!order.is_turn_of(BatchNumber(1)), "a part waits");
        order.take();
        assert!(order.is_turn_of(BatchNumber(1)));
    }
}
