//! A history in which messages were taken back.

use rusqlite::Connection;
use tempfile::tempdir;

use super::model::World;
use crate::application::Key;
use crate::core::numbers::{Epoch, PipelineIndex, SequenceNumber};
use crate::core::partitions::saved::SavedPartition;
use crate::core::replay::recording::{Base, Chapter, Crew, SavedState, TakenBack, WorkerLog};
use crate::resilience::history::{Bound, Recording};

fn states(partitions: Vec<SavedPartition>) -> Vec<SavedState> {
    vec![("votes".into(), partitions)]
}

fn partition(key: &str, length: usize) -> SavedPartition {
    let (key, value) = (Key::from(key), vec![7; length]);
    SavedPartition { place: 0, key, dynamic: true, messages: 1, poisoned: false, value }
}

#[test]
fn it_has_another_version_from_the_first_one_on_and_what_is_gone_is_not_in_a_base() {
    let folder = tempdir().unwrap();
    // So little that all chapters but the last are put into the base.
    let bound = Bound { max_age: None, max_bytes: Some(1) };
    let mut world = World::new(folder.path(), bound, &Base::default());
    let append = |world: &mut World, partitions| {
        let log = (Crew::ALONE, vec![WorkerLog::default()]);
        world.try_append(log, &states(partitions)).unwrap();
    };
    append(&mut world, vec![partition("a", 1), partition("b", 1)]);
    let version = |world: &mut World| {
        world.history = None;
        let file = Connection::open(folder.path().join("history.sqlite")).unwrap();
        let version: i64 = file.query_row("PRAGMA user_version", (), |row| row.get(0)).unwrap();
        drop(file);
        world.reopen(world.last);
        version
    };
    assert_eq!(version(&mut world), 1);
    let message = TakenBack { pipeline: PipelineIndex(0), sequence: SequenceNumber(3) };
    let chapter = Chapter::of_taken_back(Epoch(2), Crew::ALONE, message);
    assert_eq!(chapter.taken_back(), Some(message));
    let gone = vec![SavedPartition::gone(Key::from("b"))];
    world.try_append((chapter.crew, chapter.workers), &states(gone)).unwrap();
    assert_eq!(version(&mut world), 2);
    let recording = Recording::open(folder.path()).unwrap();
    assert_eq!(recording.chapter(Epoch(2)).unwrap().taken_back(), Some(message));
    world.model.holds(&recording).unwrap();
    drop(recording);
    // Much, so that pending changes are put into the rows of the base.
    for number in 0..4 {
        append(&mut world, vec![partition(&number.to_string(), 1_500_000)]);
    }
    let recording = Recording::open(folder.path()).unwrap();
    world.model.holds(&recording).unwrap();
    let base = recording.base().unwrap();
    let keys =
        base.partitions.iter().flat_map(|(_, all)| all.iter().map(|one| one.key.to_string()));
    assert_eq!(keys.collect::<Vec<_>>(), ["0", "1", "2", "a"]);
}
