//! A recording that is kept in memory, within a bound.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::named::{Named, named, put, states_of};
use super::recording::{Base, Chapter, PartitionName, SavedState};
use crate::core::numbers::Epoch;
use crate::core::partitions::saved::SavedPartition;

/// About how many bytes a partition takes beside its key and its state.
const PARTITION: usize = size_of::<SavedPartition>() + size_of::<PartitionName>();

/// A recording that is kept in memory. Its oldest chapters are dropped when it takes more than so many bytes.
#[derive(Debug)]
pub struct RecordedInMemory {
    /// The max bytes of all chapters, unless one alone has more. What it begins with does not count: that is as much as
    /// the partitions.
    bound: usize,
    recorded: Mutex<Recorded>,
}

/// The partitions at the beginning, and the chapters after it.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// `None` if it has not begun.
    start: Option<Start>,
    chapters: VecDeque<Arc<RecordedChapter>>,
    weight: usize,
}

#[derive(Debug, Clone)]
struct Start {
    epoch: Epoch,
    /// How many messages had entered before, in chapters that have been dropped.
    messages: u64,
    partitions: Arc<Named>,
}

/// A chapter, with the partitions that its checkpoint saved.
#[derive(Debug)]
pub struct RecordedChapter {
    /// The chapter.
    pub chapter: Chapter,
    /// The partitions that had changed, sorted by state and key.
    pub changed: Vec<SavedState>,
    weight: usize,
}

impl Recorded {
    /// The partitions at the beginning.
    pub fn base(&self) -> Base {
        let Some(start) = &self.start else { return Base::default() };
        Base { epoch: start.epoch, partitions: states_of(Named::clone(&start.partitions)) }
    }

    /// How many messages entered in chapters that have been dropped from its beginning: what is left of it begins behind
    /// them.
    pub fn dropped(&self) -> u64 {
        self.start.as_ref().map_or(0, |start| start.messages)
    }

    /// The chapters, in order.
    pub fn chapters(
        &self,
    ) -> impl DoubleEndedIterator<Item = &Arc<RecordedChapter>> + ExactSizeIterator {
        self.chapters.iter()
    }

    /// One of the chapters.
    pub fn chapter(&self, at: usize) -> Option<&Arc<RecordedChapter>> {
        self.chapters.get(at)
    }

    /// The checkpoint that it begins with; `None` if it has not begun.
    pub fn first(&self) -> Option<Epoch> {
        self.start.as_ref().map(|start| start.epoch)
    }

    /// The last checkpoint; `None` if it has not begun.
    pub fn last(&self) -> Option<Epoch> {
        let last = self.chapters.back().map(|last| last.chapter.epoch);
        last.or_else(|| self.first())
    }

    fn push(&mut self, chapter: Chapter, changed: Vec<SavedState>) {
        let partitions = changed.iter().flat_map(|(_, partitions)| partitions);
        let bytes = partitions.map(|one| PARTITION + one.key.as_bytes().len() + one.value.len());
        let weight = size_of::<RecordedChapter>() + chapter.weight() + bytes.sum::<usize>();
        self.weight += weight;
        self.chapters.push_back(Arc::new(RecordedChapter { chapter, changed, weight }));
    }

    /// Drops the oldest chapter. What it changed is there at the beginning then.
    fn drop_first(&mut self) {
        let Self { start: Some(start), chapters, weight } = self else { return };
        let Some(first) = chapters.pop_front() else { return };
        *weight -= first.weight;
        start.epoch = first.chapter.epoch;
        start.messages += first.chapter.messages();
        put(Arc::make_mut(&mut start.partitions), &first.changed, |_, _| {});
    }
}

impl RecordedInMemory {
    /// Nothing yet, and never more than about so many bytes.
    pub fn new(bound: usize) -> Self {
        Self { bound, recorded: Mutex::default() }
    }

    /// A run goes on from a checkpoint. What was recorded after it counts no more. If nothing was recorded until then, the
    /// recording begins with this base.
    pub fn begin(&self, epoch: Epoch, base: impl FnOnce() -> Vec<SavedState>) {
        let mut recorded = self.recorded.lock();
        while let Some(last) = recorded.chapters.pop_back_if(|last| last.chapter.epoch > epoch) {
            recorded.weight -= last.weight;
        }
        if recorded.last() != Some(epoch) {
            let partitions = Arc::new(named(&base()).collect());
            let start = Some(Start { epoch, messages: 0, partitions });
            *recorded = Recorded { start, ..Recorded::default() };
        }
    }

    /// Adds a chapter, with the partitions that its checkpoint saved. If one is missing before it, it is not kept: the
    /// recording is of what was before.
    pub fn append(&self, chapter: Chapter, changed: Vec<SavedState>) {
        let mut recorded = self.recorded.lock();
        if recorded.last().is_some_and(|last| last.next() == chapter.epoch) {
            recorded.push(chapter, changed);
            while recorded.weight > self.bound && recorded.chapters.len() > 1 {
                recorded.drop_first();
            }
        }
    }

    /// A checkpoint has saved these partitions, and it is not known what led to them: the recording goes on from there,
    /// without what was before.
    pub fn skip(&self, epoch: Epoch, changed: &[SavedState]) {
        let mut recorded = self.recorded.lock();
        if recorded.last().is_none_or(|last| last.next() != epoch) {
            return;
        }
        while !recorded.chapters.is_empty() {
            recorded.drop_first();
        }
        if let Some(start) = &mut recorded.start {
            start.epoch = epoch;
            put(Arc::make_mut(&mut start.partitions), changed, |_, _| {});
        }
    }

    /// What was recorded.
    pub fn recorded(&self) -> Recorded {
        self.recorded.lock().clone()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::application::Key;
    use crate::core::numbers::{PipelineIndex, SequenceNumber, Timestamp};
    use crate::core::replay::recording::{Content, Crew, Entered, WorkerLog};

    /// What happens at a checkpoint.
    #[derive(Debug, Clone)]
    enum Saved {
        /// These partitions have changed.
        Changed(Vec<(u8, u8)>),
        /// The same, and what was done before is not known.
        NotRecorded(Vec<(u8, u8)>),
        /// The run goes on from the checkpoint so many before.
        Back(u64),
    }

    fn any_saved() -> impl Strategy<Value = Saved> {
        let changed = prop::collection::vec((0..6_u8, any::<u8>()), 0..4);
        prop_oneof![
            8 => changed.clone().prop_map(Saved::Changed),
            1 => changed.prop_map(Saved::NotRecorded),
            1 => (0..3_u64).prop_map(Saved::Back),
        ]
    }

    fn states(changed: &[(u8, u8)]) -> Vec<SavedState> {
        let by_key: BTreeMap<u8, u8> = changed.iter().copied().collect();
        let partition = |(key, value): (u8, u8)| SavedPartition {
            place: 0,
            key: Key::from(key),
            dynamic: true,
            messages: 1,
            poisoned: false,
            value: vec![value],
        };
        vec![("s".into(), by_key.into_iter().map(partition).collect())]
    }

    /// The partitions at the end.
    fn end(recorded: &Recorded) -> BTreeMap<PartitionName, SavedPartition> {
        let mut all: BTreeMap<_, _> = named(&recorded.base().partitions).collect();
        for recorded in recorded.chapters() {
            all.extend(named(&recorded.changed));
        }
        all
    }

    proptest! {
        #[test]
        fn the_end_is_the_last_checkpoint_whatever_was_dropped(
            bound in prop::sample::select(&[0, 500, 2_000, usize::MAX][..]),
            all in prop::collection::vec(any_saved(), 0..30),
        ) {
            let recording = RecordedInMemory::new(bound);
            recording.begin(Epoch(0), Vec::new);
            let mut model = vec![BTreeMap::new()];
            for saved in all {
                let last = model.last().cloned().unwrap_or_default();
                let epoch = Epoch(model.len() as u64);
                match saved {
                    Saved::Changed(changed) => {
                        let workers = vec![WorkerLog::default()];
                        let chapter = Chapter { epoch, crew: Crew::ALONE, workers };
                        recording.append(chapter, states(&changed));
                        model.push(last.into_iter().chain(named(&states(&changed))).collect());
                    }
                    Saved::NotRecorded(changed) => {
                        recording.skip(epoch, &states(&changed));
                        prop_assert_eq!(recording.recorded().chapters().len(), 0);
                        model.push(last.into_iter().chain(named(&states(&changed))).collect());
                    }
                    Saved::Back(epochs) => {
                        let back = (model.len() as u64 - 1).saturating_sub(epochs);
                        model.truncate(usize::try_from(back).unwrap() + 1);
                        let partitions: BTreeMap<_, _> = model.last().cloned().unwrap_or_default();
                        recording.begin(Epoch(back), || states_of(partitions));
                    }
                }
                let recorded = recording.recorded();
                prop_assert_eq!(&end(&recorded), model.last().unwrap());
                prop_assert_eq!(recorded.last(), Some(Epoch(model.len() as u64 - 1)));
                prop_assert!(recorded.weight <= bound || recorded.chapters().len() <= 1);
            }
        }
    }

    /// A chapter of so many messages.
    fn chapter(epoch: u64, count: u64) -> Chapter {
        let entered = Entered {
            pipeline: PipelineIndex(0),
            source: "s".into(),
            first: SequenceNumber(1),
            read_at: Timestamp(0),
            count,
            content: Content::Numbers { from: 0 },
        };
        let log = WorkerLog { schedule: Vec::new(), entered: vec![entered] };
        Chapter { epoch: Epoch(epoch), crew: Crew::ALONE, workers: vec![log] }
    }

    fn changed(key: &str, messages: u64) -> Vec<SavedState> {
        let (key, value) = (Key::from(key), vec![0; 1000]);
        let one = SavedPartition { place: 0, key, dynamic: true, messages, poisoned: false, value };
        vec![("state".into(), vec![one])]
    }

    fn base(recorded: &Recorded) -> Vec<(String, u64)> {
        let states = recorded.base().partitions;
        let partitions = states.iter().flat_map(|(_, partitions)| partitions);
        partitions.map(|one| (one.key.to_string(), one.messages)).collect()
    }

    #[test]
    fn what_is_dropped_is_counted_and_is_there_at_the_beginning() {
        let recorded = RecordedInMemory::new(3500);
        recorded.begin(Epoch(0), Vec::new);
        for (epoch, key) in [(1, "a"), (2, "b"), (3, "c")] {
            recorded.append(chapter(epoch, 10 * epoch), changed(key, epoch));
        }
        let recorded = recorded.recorded();
        assert_eq!((recorded.dropped(), recorded.chapters().len()), (10, 2));
        assert_eq!(base(&recorded), [("a".to_owned(), 1)]);
    }

    #[test]
    fn behind_a_gap_the_recording_goes_on_with_the_partitions_of_then() {
        let recorded = RecordedInMemory::new(usize::MAX);
        recorded.begin(Epoch(0), Vec::new);
        recorded.append(chapter(1, 5), changed("a", 1));
        recorded.skip(Epoch(2), &changed("b", 2));
        recorded.append(chapter(3, 7), changed("a", 3));
        let recorded = recorded.recorded();
        assert_eq!((recorded.dropped(), recorded.chapters().len()), (5, 1));
        assert_eq!(base(&recorded), [("a".to_owned(), 1), ("b".to_owned(), 2)]);
    }
}
