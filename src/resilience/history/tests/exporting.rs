//! A part of a recording as a file of its own.

use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::tempdir;

use super::model::{World, crew, saved_states};
use crate::core::frames::pieces::Pieces;
use crate::core::numbers::{Epoch, PipelineIndex, SequenceNumber, Timestamp};
use crate::core::replay::recording::{Base, Chapter, Content, Crew, Entered, WorkerLog};
use crate::resilience::ResilienceError;
use crate::resilience::history::{Bound, Recording, export};

/// The chapters without those frames that are in files: there are none.
fn without_files(mut logs: Vec<WorkerLog>) -> Vec<WorkerLog> {
    for log in &mut logs {
        log.entered.retain(|entered| !matches!(entered.content, Content::File { .. }));
    }
    logs
}

fn nothing_to_read(_: &Entered) -> io::Result<Pieces> {
    panic!("no frames are in files")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn an_exported_part_holds_what_was_written(
        partitions in saved_states(),
        chapters in vec((crew(), saved_states()), 1..6),
        from: prop::sample::Index,
        to: prop::sample::Index,
    ) {
        let folder = tempdir().unwrap();
        let base = Base { epoch: Epoch(0), partitions };
        let directory = folder.path().join("directory");
        let mut world = World::new(&directory, Bound::default(), &base);
        let count = chapters.len();
        for ((crew, logs), changed) in chapters {
            world.try_append((crew, without_files(logs)), &changed).unwrap();
        }
        let (one, other) = (from.index(count + 1) as u64, to.index(count + 1) as u64);
        let (from, to) = (Epoch(one.min(other)), Epoch(one.max(other)));
        let out = folder.path().join("out.recording");
        let recording = Recording::open(&directory).unwrap();
        export(&recording, (from, to), &out, nothing_to_read).unwrap();
        let exported = Recording::open(&out).unwrap();
        prop_assert_eq!((exported.first(), exported.last()), (from, to));
        world.model.holds(&exported).unwrap();
        // It can be exported again.
        let again = folder.path().join("again.recording");
        export(&exported, (from, to), &again, nothing_to_read).unwrap();
        world.model.holds(&Recording::open(&again).unwrap()).unwrap();
        // Nothing is beside it.
        drop(exported);
        prop_assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}

const LINES: &[u8] = b"a 1\nb 22\n";

/// A recording of frames that are in a file, and the directory with it.
fn of_a_file() -> (tempfile::TempDir, Recording) {
    let folder = tempdir().unwrap();
    let directory = folder.path().join("directory");
    let mut world = World::new(&directory, Bound::default(), &Base::default());
    let (offset, length, checksum) = (100, LINES.len() as u64, crc32fast::hash(LINES));
    let content = Content::File { offset, length, checksum };
    let log = WorkerLog { schedule: vec![1], entered: vec![entered(content)] };
    let one = NonZeroUsize::MIN;
    let crew = Crew { workers: one, of_each_process: one, precreate: false };
    world.try_append((crew, vec![log]), &[]).unwrap();
    let recording = Recording::open(&directory).unwrap();
    (folder, recording)
}

fn entered(content: Content) -> Entered {
    Entered {
        pipeline: PipelineIndex(0),
        source: "votes.txt".into(),
        first: SequenceNumber(1),
        read_at: Timestamp(5),
        count: 2,
        content,
    }
}

#[test]
fn frames_that_are_in_a_file_are_copied_in() {
    let (folder, recording) = of_a_file();
    let out = folder.path().join("out");
    let frames = Pieces::new(Bytes::from_static(LINES), vec![4, 9], 100);
    export(&recording, (Epoch(0), Epoch(1)), &out, |asked| {
        assert_eq!((&*asked.source, asked.count), ("votes.txt", 2));
        Ok(frames.clone())
    })
    .unwrap();
    let Chapter { workers, .. } = Recording::open(&out).unwrap().chapter(Epoch(1)).unwrap();
    assert_eq!(workers[0].entered, [entered(Content::Frames(frames))]);
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn frames_that_are_not_what_they_were_are_not_exported() {
    let (folder, recording) = of_a_file();
    let out = folder.path().join("out");
    let pieces = |bytes: &'static [u8], ends: &[u32], offset| {
        Ok(Pieces::new(Bytes::from_static(bytes), ends.to_vec(), offset))
    };
    let other: [&dyn Fn() -> io::Result<Pieces>; 5] = [
        &|| pieces(b"a 1\nb 23\n", &[4, 9], 100),
        &|| pieces(LINES, &[9], 100),
        &|| pieces(LINES, &[4, 9], 99),
        &|| pieces(b"a 1\nb 2\n", &[4, 8], 100),
        &|| Err(io::Error::other("no such file")),
    ];
    for read in other {
        let error = export(&recording, (Epoch(0), Epoch(1)), &out, |_| read()).unwrap_err();
        assert!(matches!(error, ResilienceError::FramesGone { .. }), "{error}");
        assert!(error.to_string().contains("votes.txt"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left");
    }
}

#[test]
fn a_file_that_exists_stays_as_it_is_and_so_does_a_recording_without_the_part() {
    let (folder, recording) = of_a_file();
    let out = folder.path().join("out");
    fs::write(&out, "mine").unwrap();
    let exported = |part| export(&recording, part, &out, |_| Err(io::Error::other("unread")));
    let error = exported((Epoch(0), Epoch(0))).unwrap_err().to_string();
    assert!(error.contains("it exists"), "{error}");
    assert_eq!(fs::read(&out).unwrap(), b"mine");
    fs::remove_file(&out).unwrap();
    for (from, to) in [(0, 2), (1, 0), (2, 2)] {
        let error = exported((Epoch(from), Epoch(to))).unwrap_err().to_string();
        assert!(error.contains("its recording"), "{error}");
        assert!(!out.exists());
    }
}
