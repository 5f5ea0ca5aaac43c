//! Pipelines that are merged.

use std::fs;
use std::sync::Arc;

use wallaroo::core::numbers::PipelineIndex;
use wallaroo::endpoints::Endpoint;
use wallaroo::runtime::Settings;
use wallaroo::{Application, Key, Pipeline, Reason, Sink, Source, TestDriver, Topology};

use crate::applications::{Vote, add, decode, letter, write_line};
use crate::files::{FRAMES, through_all_that_may_happen};
use crate::generators::saving;
use crate::support::frames::{vote, votes};
use crate::twin::{ending, of_driver};
use crate::{WORKERS, injectable, start};

/// Votes from frames, from lines such as `b 3` for capital letters, and made ones for digits, up to this number.
fn merged(most: u64) -> Arc<Topology> {
    let line = |line: &[u8]| -> Result<Option<Vote>, Reason> {
        let (letter, votes) = line.split_first().ok_or("there is no letter")?;
        let votes = std::str::from_utf8(votes)?.trim().parse()?;
        Ok(Some(Vote { letter: letter.to_ascii_uppercase(), votes }))
    };
    let make = move |number: u64| {
        let letter = b'0' + (number % 10) as u8;
        (number < most)
            .then_some(Vote { letter, votes: u32::try_from(number & 0xffff_ffff).unwrap() })
    };
    let topology = Application::new("merged")
        .pipeline("frames", Source::new(decode))
        .merge(Pipeline::new("lines", Source::new(line).lines()))
        .to(|vote: Vote| (!vote.votes.is_multiple_of(5)).then_some(vote))
        .merge(Pipeline::new("made", Source::generator(make)))
        .to_state_partition(add, |_: &Key| (0, 0), "totals", letter)
        .to_sink(Sink::new(write_line))
        .build();
    Arc::new(topology.unwrap())
}

#[test]
fn merged_sources_end_as_in_the_driver_whatever_happens_in_between() {
    let some = FRAMES / 4;
    let topology = merged((FRAMES - 2 * some).into());
    let frames: Vec<u8> =
        (0..some).flat_map(|number| vote(b'a' + (number % 11) as u8, number)).collect();
    let line = |number| format!("{} {number}\n", char::from(b'a' + (number % 9) as u8));
    let lines: String = (0..some).map(line).collect();
    let mut driver = TestDriver::new(&topology);
    driver.push("frames", &frames).unwrap();
    driver.push("lines", lines.as_bytes()).unwrap();
    driver.generate("made", u64::MAX).unwrap();
    driver.run();
    let expected = of_driver(&driver, "frames", &["totals"]);
    assert_eq!(driver.outputs("made").unwrap(), driver.outputs("frames").unwrap());
    let mut outputs = driver.outputs("frames").unwrap().to_vec();
    outputs.sort();
    for workers in WORKERS {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| Endpoint::File(folder.path().join(name));
        fs::write(folder.path().join("frames"), &frames).unwrap();
        fs::write(folder.path().join("lines"), &lines).unwrap();
        let settings = Settings {
            sources: vec![file("frames"), file("lines"), Endpoint::Null],
            sinks: vec![vec![file("output")]; 3],
            ..saving(&topology, folder.path(), workers)
        };
        let (engine, recorder) = start(&topology, &settings);
        through_all_that_may_happen(&engine, &recorder);
        assert!(ending(&engine, &recorder) == expected, "{workers} workers");
        let written = fs::read(folder.path().join("output")).unwrap();
        let mut written: Vec<_> = written.split_inclusive(|byte| *byte == b'\n').collect();
        written.sort_unstable();
        assert!(written == outputs, "each is in the file once, and whole");
    }
}

#[test]
fn each_source_of_a_merge_is_injected_into_by_its_own_framing() {
    let topology = merged(0);
    for workers in WORKERS {
        let (engine, recorder) = start(&topology, &injectable(&topology, workers));
        engine.inject(PipelineIndex(0), votes([(b'a', 1)]).into()).unwrap();
        engine.inject(PipelineIndex(1), "b 2\nno line\n".into()).unwrap();
        engine.stop();
        engine.wait().unwrap();
        let told = recorder.recorded();
        assert_eq!(told.outputs[0], [b"a 1\n"]);
        assert_eq!(told.outputs[1], [b"B 2\n"]);
        let [letter] = told.dead_letters.as_slice() else { panic!("one letter") };
        assert_eq!(&*letter.pipeline, "lines");
    }
}
