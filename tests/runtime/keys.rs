//! Keys that an author's partition function does not always make the same.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wallaroo::core::numbers::PipelineIndex;
use wallaroo::core::partitions::placement::Placement;
use wallaroo::{Application, Key, Sink, Source};

use crate::applications::{Vote, add, decode, write_line};
use crate::support::frames::votes;
use crate::{WORKERS, injectable, start};

#[test]
fn a_key_that_is_another_one_each_time_never_makes_a_partition_on_a_wrong_worker() {
    for workers in WORKERS {
        let calls = AtomicU64::new(0);
        let topology = Application::new("changing")
            .pipeline("votes", Source::new(decode))
            .to_state_partition(
                add,
                |_: &Key| (0, 0),
                "totals",
                move |_: &Vote| (calls.fetch_add(1, Ordering::Relaxed) % 50).to_string(),
            )
            .to_sink(Sink::new(write_line))
            .build();
        let topology = Arc::new(topology.unwrap());
        let (engine, recorder) = start(&topology, &injectable(&topology, workers));
        let many = votes((0..1000).map(|_| (b'a', 1)));
        engine.inject(PipelineIndex(0), many.into()).unwrap();
        engine.stop();
        engine.wait().unwrap();
        let placement = Placement::new(NonZeroUsize::new(engine.workers()).unwrap());
        let mut processed = 0;
        for row in engine.export() {
            assert_eq!(row.worker, placement.worker(&row.key), "{workers} workers");
            processed += row.messages;
        }
        let letters = recorder.recorded().dead_letters.clone();
        assert_eq!(processed + letters.len() as u64, 1000, "none is lost");
        assert_eq!(letters.is_empty(), engine.workers() == 1);
        assert!(letters.iter().all(|letter| letter.reason.contains("the same key")));
    }
}
