//! Damaged files: a clear error, or exactly the right state. Never a panic, never anything else.

use std::fs;
use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use tempfile::{TempDir, tempdir};
use wallaroo::resilience::Inspection;

use super::cases;
use super::recovered::{copy, recover};
use super::world::World;

/// A run, with copies of its directory at some moments.
struct Story {
    world: World,
    folder: TempDir,
    /// As if it had been killed at the end.
    killed: PathBuf,
    /// The same some time before.
    older: Vec<PathBuf>,
}

impl Story {
    fn new(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let folder = tempdir().unwrap();
        let path = folder.path().join("d");
        let mut world = World::new(&path, seed, 1 + (seed % 2) as usize);
        let journaled = random.random_bool(0.7);
        let mut older = Vec::new();
        for at in 0..random.random_range(1..30) {
            if journaled {
                world.journal_some();
            }
            world.checkpoint();
            if journaled && random.random_bool(0.5) {
                world.journal_some();
            }
            if random.random_bool(0.1) {
                world.exchange(random.random_range(1..4));
            }
            if random.random_bool(0.2) {
                older.push(folder.path().join(format!("older-{at}")));
                world.copy_to(&older[older.len() - 1]);
            }
        }
        if journaled && random.random_bool(0.5) {
            // Much since the last checkpoint.
            (0..20).for_each(|_| world.journal_some());
        }
        let killed = folder.path().join("killed");
        world.copy_to(&killed);
        Self { world, folder, killed, older }
    }

    /// Damages a copy in some way, and looks at what comes back. Says what was done and how it ended.
    fn damage(&self, random: &mut StdRng) -> (String, Result<(), String>) {
        let path = self.folder.path().join("damaged");
        let _ = fs::remove_dir_all(&path);
        copy(&self.killed, &path);
        let mut done = String::new();
        if random.random_bool(0.3) {
            // Files without their logs: what a clean end leaves.
            checkpoint_logs(&path);
            done.push_str("after a clean end, ");
        }
        done.push_str(&self.damage_one(&path, random));
        if random.random_bool(0.05)
            && let Ok(inspection) = Inspection::of(&path)
        {
            let states: Vec<String> =
                inspection.states().map(|(state, _)| state.to_owned()).collect();
            let rows = states.iter().flat_map(|state| inspection.partitions(state));
            let inspected = rows.flatten().count();
            if let Some(expected) =
                inspection.checkpoint.and_then(|saved| self.world.expected(saved.epoch))
                && inspected != expected.partitions.len()
            {
                return (done, Err(format!("inspect shows {inspected} partitions")));
            }
        }
        let outcome = match recover(&path) {
            Err(error) => {
                assert!(!error.to_string().contains('\n'), "one line: {error}");
                Ok(())
            }
            Ok(recovered) => match self.world.expected(recovered.epoch) {
                None => Err(format!("there was no checkpoint {}", recovered.epoch)),
                Some(expected) if expected == recovered => Ok(()),
                Some(expected) => Err(format!(
                    "checkpoint {} of {}: {} of {} partitions, {} of {} frames, positions {}",
                    recovered.epoch,
                    self.world.epoch,
                    recovered.partitions.len(),
                    expected.partitions.len(),
                    recovered.replayed.len(),
                    expected.replayed.len(),
                    recovered.positions == expected.positions,
                )),
            },
        };
        (done, outcome)
    }

    fn damage_one(&self, path: &Path, random: &mut StdRng) -> String {
        let mut files: Vec<_> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.metadata().unwrap().len() > 0);
        files.sort();
        let file = &files[random.random_range(0..files.len())];
        let name = file.file_name().unwrap().to_str().unwrap();
        let mut bytes = fs::read(file).unwrap();
        let at = random.random_range(0..bytes.len());
        let what = match random.random_range(0..8) {
            0 | 1 => {
                bytes[at] ^= 1 << random.random_range(0..8);
                format!("a bit of byte {at} of {name}")
            }
            2 => {
                // Where the numbers of a tree stand.
                let at = at / 16384 * 16384 + random.random_range(0..64).min(bytes.len() - 1);
                let at = at.min(bytes.len() - 1);
                bytes[at] = random.random();
                format!("byte {at} of {name}")
            }
            3 => {
                let end = (at + random.random_range(1..200)).min(bytes.len());
                random.fill_bytes(&mut bytes[at..end]);
                format!("bytes {at} to {end} of {name}")
            }
            4 => {
                bytes.truncate(at);
                format!("{name} cut at {at}")
            }
            5 => {
                let page = at / 4096 * 4096;
                let end = (page + 4096).min(bytes.len());
                bytes[page..end].fill(0);
                format!("a page of {name} at {page}")
            }
            6 => {
                fs::remove_file(file).unwrap();
                return format!("{name} removed");
            }
            _ => return self.exchange(path, &files, file, random),
        };
        fs::write(file, bytes).unwrap();
        what
    }

    /// Brings back an older copy, or exchanges two files.
    fn exchange(&self, path: &Path, files: &[PathBuf], file: &Path, random: &mut StdRng) -> String {
        let name = file.file_name().unwrap().to_str().unwrap();
        if !self.older.is_empty() && random.random_bool(0.6) {
            let older = &self.older[random.random_range(0..self.older.len())];
            let with_log = random.random_bool(0.5);
            let main = name.trim_end_matches("-wal");
            let names = if with_log {
                vec![main.to_owned(), format!("{main}-wal")]
            } else {
                vec![name.to_owned()]
            };
            for name in &names {
                let _ = fs::remove_file(path.join(name));
                let _ = fs::copy(older.join(name), path.join(name));
            }
            return format!("{names:?} of {}", older.display());
        }
        let same = |other: &&PathBuf| other.extension() == file.extension() && *other != file;
        let others: Vec<_> = files.iter().filter(same).collect();
        if others.is_empty() {
            return "nothing".to_owned();
        }
        let other = others[random.random_range(0..others.len())];
        let kept = path.join("kept");
        fs::rename(file, &kept).unwrap();
        fs::rename(other, file).unwrap();
        fs::rename(&kept, other).unwrap();
        format!("{name} and {} exchanged", other.display())
    }
}

fn checkpoint_logs(path: &Path) {
    for entry in fs::read_dir(path).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|extension| extension == "sqlite") {
            let connection = rusqlite::Connection::open(&file).unwrap();
            connection.query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(())).unwrap();
        }
    }
}

#[test]
fn damage_gives_an_error_or_the_right_state() {
    const DAMAGES: u64 = 12;
    let mut wrong = Vec::new();
    for seed in cases(12) {
        let story = Story::new(seed);
        let whole = recover(&{
            let path = story.folder.path().join("whole");
            copy(&story.killed, &path);
            path
        });
        assert_eq!(whole.unwrap(), story.world.expected(story.world.epoch).unwrap(), "seed {seed}");
        let mut random = StdRng::seed_from_u64(seed);
        for at in 0..DAMAGES {
            if let (done, Err(outcome)) = story.damage(&mut random) {
                wrong.push(format!("seed {seed}, {at}: {done}: {outcome}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
