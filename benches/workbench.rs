//! What a frame of the workbench costs, with few partitions and with many: looking (asking the workers
//! for the rows and taking a snapshot) and drawing.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that fails may panic"
)]

#[path = "../tests/support/stage.rs"]
#[allow(dead_code, reason = "a benchmark types nothing")]
mod stage;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde::{Deserialize, Serialize};
use stage::Stage;
use wallaroo::workbench::Theme;
use wallaroo::{Application, Generator, Key, Reason, Sink, Source, Topology};

/// A word's count.
#[derive(Clone, Serialize, Deserialize)]
struct Count {
    word: Key,
    count: u64,
}

/// Counts payloads, each of which is one of `words` numbers.
fn counter(words: u64) -> Topology {
    let source = Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(Key::from(payload)))).generated(
        move |generator: &mut Generator| generator.below(words).to_string().into_bytes(),
    );
    let count = |_: Key, count: &mut Count| {
        count.count += 1;
        (Some(count.clone()), true)
    };
    Application::new("counter")
        .pipeline("words", source)
        .to_state_partition(
            count,
            |word: &Key| Count { word: word.clone(), count: 0 },
            "counts",
            |word: &Key| word.clone(),
        )
        .to_sink(Sink::new(|count: &Count, output: &mut Vec<u8>| {
            output.extend_from_slice(count.word.as_bytes());
        }))
        .build()
        .unwrap()
}

fn frames(criterion: &mut Criterion) {
    let area = Rect::new(0, 0, 120, 40);
    for words in [26, 100_000] {
        let mut stage =
            Stage::open(counter(words), Theme::new(true, true), area.width, area.height);
        // Enough for nearly every word to come at least once.
        stage.generate(words * 12, 1, 0.0);
        let partitions = stage.session.snapshot().partitions.total;
        let mut group = criterion.benchmark_group("120x40");
        let mut buffer = Buffer::empty(area);
        group.bench_function(BenchmarkId::new("draw", partitions), |bencher| {
            bencher.iter(|| stage.workbench.draw(area, black_box(&mut buffer)));
        });
        group.bench_function(BenchmarkId::new("snapshot", partitions), |bencher| {
            bencher.iter(|| black_box(stage.session.snapshot()));
        });
        group.bench_function(BenchmarkId::new("rows by key", partitions), |bencher| {
            bencher.iter(|| stage.look());
        });
        for _ in 0..3 {
            stage.workbench.command(wallaroo::workbench::Command::Sort);
        }
        stage.look();
        group.bench_function(BenchmarkId::new("rows by a field", partitions), |bencher| {
            bencher.iter(|| stage.look());
        });
        group.finish();
    }
}

criterion_group!(benches, frames);
criterion_main!(benches);
