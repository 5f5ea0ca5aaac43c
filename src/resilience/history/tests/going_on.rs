//! A recording that is written, trimmed, closed and opened again.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::tempdir;

use super::model::{World, crew, identity, saved_states, take, time};
use crate::core::numbers::Epoch;
use crate::core::partitions::saved::SavedPartition;
use crate::core::replay::recording::{Base, Chapter, Crew, SavedState, WorkerLog};
use crate::resilience::history::{Bound, HistoryFile, HistorySummary, Identity, Recording};
use crate::resilience::{Directory, Durability, Inspection, ResilienceError, empty_directory};

/// What happens to a history.
#[derive(Debug, Clone)]
enum Step {
    /// A checkpoint, after so many milliseconds.
    Append((Crew, Vec<WorkerLog>), Vec<SavedState>, u64),
    /// The run ends. The next one recovers the epoch that is so many before the last one.
    Reopen(u64),
    /// What it holds is read beside the run.
    Look,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (crew(), saved_states(), 0_u64..2000)
            .prop_map(|(crew, changed, later)| Step::Append(crew, changed, later)),
        1 => (0_u64..2).prop_map(Step::Reopen),
        1 => Just(Step::Look),
    ]
}

fn bound() -> impl Strategy<Value = Bound> {
    let age = prop::option::of((0_u64..4000).prop_map(Duration::from_millis));
    let bytes = prop::option::of(prop_oneof![0_u64..5000, 0_u64..3_000_000]);
    (age, bytes).prop_map(|(max_age, max_bytes)| Bound { max_age, max_bytes })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 500, ..ProptestConfig::default() })]

    #[test]
    fn a_recording_holds_what_was_written_within_its_bound(
        bound in bound(),
        partitions in saved_states(),
        epoch in 0_u64..5,
        steps in vec(step(), 1..14),
    ) {
        let folder = tempdir().unwrap();
        let base = Base { epoch: Epoch(epoch), partitions };
        let mut world = World::new(folder.path(), bound, &base);
        for step in steps {
            match step {
                Step::Append(crew, changed, later) => {
                    world.now += later;
                    world.try_append(crew, &changed).unwrap();
                    let (first, last) = world.history().epochs().unwrap();
                    prop_assert_eq!(last, world.last);
                    // All of this is less than what one append may drop, so the bound holds at once.
                    let beyond = bound.max_bytes.is_some_and(|most| world.history().bytes() > most);
                    prop_assert!(!beyond || first.next() == last);
                }
                Step::Reopen(before) => {
                    let first = world.history().epochs().unwrap().0;
                    let recovered = Epoch(world.last.0.saturating_sub(before));
                    world.reopen(recovered);
                    prop_assert_eq!(world.history().begins_anew(), recovered < first);
                    if world.history().begins_anew() {
                        world.begin(&Base { epoch: recovered, partitions: Vec::new() });
                    }
                }
                Step::Look => {
                    let recording = Recording::open(world.path()).unwrap();
                    prop_assert_eq!(recording.last(), world.last);
                    world.model.holds(&recording).unwrap();
                }
            }
        }
        let expected = world.history().epochs().unwrap();
        drop(world.history);
        let recording = Recording::open(world.directory.path()).unwrap();
        prop_assert_eq!((recording.first(), recording.last()), expected);
        world.model.holds(&recording).unwrap();
        let oldest = bound.max_age.map_or(0, |age| world.now - u64::try_from(age.as_millis()).unwrap());
        let kept = recording.chapters().rev().skip(1).all(|chapter| chapter.saved_at >= oldest);
        prop_assert!(kept || world.last == recording.first());
    }
}

/// A recording that begins at epoch 3 and ends at epoch 6, each chapter with a partition of this many bytes.
fn three_chapters(path: &Path, bound: Bound, length: usize) -> World {
    let mut world = World::new(path, bound, &Base { epoch: Epoch(3), partitions: Vec::new() });
    for _ in 0..3 {
        append(&mut world, length);
    }
    world
}

fn append(world: &mut World, length: usize) {
    world.now += 1000;
    world.try_append(one_worker(), &[partition(world.last.0, length)]).unwrap();
}

fn one_worker() -> (Crew, Vec<WorkerLog>) {
    let one = NonZeroUsize::MIN;
    let crew = Crew { workers: one, of_each_process: one, precreate: false };
    (crew, vec![WorkerLog { schedule: vec![1, 2, 3], entered: Vec::new() }])
}

fn partition(number: u64, length: usize) -> SavedState {
    let value = vec![7; length];
    let partition = SavedPartition {
        place: 0,
        key: (b'a' + (number % 5) as u8).into(),
        dynamic: true,
        messages: number,
        poisoned: false,
        value,
    };
    ("votes".into(), vec![partition])
}

#[test]
fn a_recording_that_does_not_end_with_the_recovered_checkpoint_begins_anew() {
    let folder = tempdir().unwrap();
    let mut world = three_chapters(folder.path(), Bound::default(), 5);
    for (recovered, anew) in [(7, true), (2, true), (6, false), (5, false), (3, false)] {
        world.reopen(Epoch(recovered));
        assert_eq!(world.history().begins_anew(), anew, "{recovered}");
        assert_eq!(world.history().epochs(), (!anew).then_some((Epoch(3), Epoch(recovered))));
    }
    append(&mut world, 6);
    world.model.holds(&Recording::open(world.path()).unwrap()).unwrap();
}

#[test]
fn a_recording_of_another_program_or_with_other_options_begins_anew() {
    let folder = tempdir().unwrap();
    let world = three_chapters(folder.path(), Bound::default(), 5);
    let World { directory, history, .. } = world;
    drop(history);
    let anew = |identity| {
        let opened = HistoryFile::open(&directory, identity, Bound::default(), Epoch(6)).unwrap();
        opened.begins_anew()
    };
    assert!(anew(Identity { fingerprint: 1, ..identity() }));
    assert!(anew(Identity { pipelines: Vec::new(), ..identity() }));
    assert!(anew(Identity { options: BTreeMap::default(), ..identity() }));
    assert!(!anew(identity()));
}

#[test]
fn a_recording_of_another_directory_begins_anew_and_is_not_read() {
    let (folder, other) = (tempdir().unwrap(), tempdir().unwrap());
    let world = three_chapters(folder.path(), Bound::default(), 5);
    drop(world);
    let directory = take(other.path());
    fs::copy(folder.path().join("history.sqlite"), other.path().join("history.sqlite")).unwrap();
    let error = Recording::open(other.path()).unwrap_err().to_string();
    assert!(error.contains("the history of another directory"), "{error}");
    let history = HistoryFile::open(&directory, identity(), Bound::default(), Epoch(6)).unwrap();
    assert!(history.begins_anew());
}

#[test]
fn a_run_without_history_leaves_a_recording_that_cannot_go_on_by_mistake() {
    let folder = tempdir().unwrap();
    let mut world = three_chapters(folder.path(), Bound::default(), 5);
    // The run was killed before checkpoint 6 counted. Another one makes a checkpoint 6 of its own.
    world.history = None;
    HistoryFile::settle(&world.directory, Epoch(5)).unwrap();
    world.reopen(Epoch(6));
    assert!(world.history().begins_anew());
    let recording = Recording::open(folder.path()).unwrap();
    assert_eq!((recording.first(), recording.last()), (Epoch(3), Epoch(5)));
    world.model.holds(&recording).unwrap();
    // The directory was brought back from a copy that is older than the base.
    world.history = None;
    HistoryFile::settle(&world.directory, Epoch(2)).unwrap();
    Recording::open(folder.path()).unwrap_err();
    HistoryFile::settle(&world.directory, Epoch(2)).unwrap();
}

#[test]
fn an_inspection_says_how_much_there_is_and_damage_does_not_hide_the_rest() {
    let folder = tempdir().unwrap();
    let world = three_chapters(folder.path(), Bound::default(), 5);
    let bytes = world.history.as_ref().unwrap().bytes();
    let history = Inspection::of(folder.path()).unwrap().history.unwrap().unwrap();
    let expected = HistorySummary { from: Epoch(3), to: Epoch(6), messages: 0, bytes };
    assert_eq!(history, expected);
    drop(world);
    fs::write(folder.path().join("history.sqlite"), "no database").unwrap();
    let inspection = Inspection::of(folder.path()).unwrap();
    let error = inspection.history.unwrap().unwrap_err();
    assert!(matches!(error, ResilienceError::DamagedRecording { .. }), "{error}");
    assert_eq!(inspection.application, "votes");
    fs::remove_file(folder.path().join("history.sqlite")).unwrap();
    assert!(Inspection::of(folder.path()).unwrap().history.is_none());
}

#[test]
fn a_chapter_that_does_not_follow_the_last_one_is_refused() {
    let folder = tempdir().unwrap();
    let mut world = three_chapters(folder.path(), Bound::default(), 5);
    let (crew, workers) = one_worker();
    for epoch in [5, 6, 8] {
        let chapter = Chapter { epoch: Epoch(epoch), crew, workers: workers.clone() };
        let error = world.history().append(&chapter, &[], time(1)).unwrap_err().to_string();
        assert!(error.contains("checkpoint 7 of all workers is next"), "{error}");
    }
    let chapter = Chapter { epoch: Epoch(7), crew, workers: Vec::new() };
    world.history().append(&chapter, &[], time(1)).unwrap_err();
    world.model.holds(&Recording::open(world.path()).unwrap()).unwrap();
}

#[test]
fn nothing_is_written_before_a_recording_is_begun() {
    let folder = tempdir().unwrap();
    let directory = take(folder.path());
    let mut history =
        HistoryFile::open(&directory, identity(), Bound::default(), Epoch(0)).unwrap();
    let (crew, workers) = one_worker();
    let chapter = Chapter { epoch: Epoch(1), crew, workers };
    history.append(&chapter, &[], time(1)).unwrap_err();
    let error = Recording::open(folder.path()).unwrap_err();
    assert!(matches!(error, ResilienceError::NoRecording { .. }), "{error}");
    assert!(error.to_string().contains("run with --history"), "{error}");
}

#[test]
fn the_file_stays_near_its_bound_however_much_is_written() {
    let folder = tempdir().unwrap();
    let bound = Bound { max_age: None, max_bytes: Some(4_000_000) };
    let mut world = three_chapters(folder.path(), bound, 200_000);
    for _ in 0..200 {
        append(&mut world, 200_000);
    }
    assert!(world.history().bytes() <= 4_000_000);
    world.reopen(world.last);
    let length = fs::metadata(folder.path().join("history.sqlite")).unwrap().len();
    // The base is 5 partitions: a million bytes. About as much may be pending.
    assert!(length < 9_000_000, "{length}");
    let recording = Recording::open(folder.path()).unwrap();
    assert!(recording.chapters().len() > 15);
    world.model.holds(&recording).unwrap();
}

#[test]
fn the_file_is_for_its_owner_alone_and_a_reset_removes_it() {
    let folder = tempdir().unwrap();
    let world = three_chapters(folder.path(), Bound::default(), 5);
    for name in ["history.sqlite", "history.sqlite-wal"] {
        let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    drop(world);
    fs::set_permissions(folder.path().join("history.sqlite"), fs::Permissions::from_mode(0o644))
        .unwrap();
    drop(take(folder.path()));
    let mode = fs::metadata(folder.path().join("history.sqlite")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    empty_directory(folder.path()).unwrap();
    assert!(!folder.path().join("history.sqlite").exists());
}

#[test]
fn a_recording_can_be_kept_on_the_disk_and_removed() {
    let folder = tempdir().unwrap();
    let directory = Directory::take(folder.path(), "votes", Durability::Power).unwrap();
    let mut history =
        HistoryFile::open(&directory, identity(), Bound::default(), Epoch(0)).unwrap();
    history.begin(&Base::default()).unwrap();
    drop(history);
    assert_eq!(Recording::open(folder.path()).unwrap().last(), Epoch(0));
    HistoryFile::remove(&directory).unwrap();
    Recording::open(folder.path()).unwrap_err();
}
