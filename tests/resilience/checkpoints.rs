//! What an epoch wrote is what comes back.

use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::tempdir;

use super::recovered::{recover, size};
use super::world::World;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn what_was_saved_comes_back(
        seed: u64, workers in 1_usize..4, epochs in 0_usize..12, journaled: bool, cut_short: bool,
        killed: bool,
    ) {
        let folder = tempdir().unwrap();
        let (path, copied) = (folder.path().join("d"), folder.path().join("copy"));
        let mut world = World::new(&path, seed, workers);
        for _ in 0..epochs {
            if journaled {
                world.journal_some();
            }
            world.checkpoint();
        }
        let expected = world.expected(world.epoch).unwrap();
        if cut_short && workers > 1 {
            world.begin_checkpoint();
        }
        if killed {
            world.copy_to(&copied);
            prop_assert_eq!(recover(&copied).unwrap(), expected);
        } else {
            drop(world);
            // Looking changes nothing.
            prop_assert_eq!(&recover(&path).unwrap(), &expected);
            prop_assert_eq!(recover(&path).unwrap(), expected);
        }
    }

    #[test]
    fn other_workers_begin_with_the_same(
        seed: u64, counts in prop::collection::vec(1_usize..4, 1..4)
    ) {
        let folder = tempdir().unwrap();
        let path = folder.path().join("d");
        let mut world = World::new(&path, seed, 2);
        for workers in counts {
            world.journal_some();
            world.checkpoint();
            world.exchange(workers);
            world.checkpoint();
        }
        let expected = world.expected(world.epoch).unwrap();
        drop(world);
        prop_assert_eq!(recover(&path).unwrap(), expected);
    }
}

#[test]
fn a_directory_stops_growing() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("d");
    let places = 50;
    let mut world = World::new(&path, 1, 1).long(places);
    let mut largest = 0;
    for round in 0..3000 {
        world.journal_some();
        world.checkpoint();
        if round == 1500 {
            largest = size(&path);
        }
    }
    // Some large values come and go.
    assert!(size(&path) <= largest + largest / 2, "{} after {largest}", size(&path));
    let copied = folder.path().join("copied");
    world.copy_to(&copied);
    let file = Connection::open(copied.join("worker-1-0.sqlite")).unwrap();
    let rows: u32 = file.query_row("SELECT count(*) FROM partition", (), |row| row.get(0)).unwrap();
    assert!(rows <= places * 2 * 3 + 2 * 4096, "{rows} rows");
    assert!(world.journal.rows() < 3000, "{} rows of the journal", world.journal.rows());
    let expected = world.expected(world.epoch).unwrap();
    drop(world);
    assert_eq!(recover(&path).unwrap(), expected);
}
