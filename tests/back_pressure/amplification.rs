//! Outputs that are much longer than their frames.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::core::observer::Unwatched;
use wallaroo::endpoints::Endpoint;
use wallaroo::runtime::{Engine, Settings};
use wallaroo::{Application, Reason, Sink, Source, Topology};

use crate::memory::{most_resident, most_resident_while_running, resident};
use crate::support::frames::frame;
use crate::support::program::Running;
use crate::support::waiting::{wait_until, within_limit};
use crate::{accept, listener, wait_until_still};

/// The length of a payload.
const PAYLOAD: usize = 100;

/// How often a payload is repeated in an output.
const REPEATED: usize = 100;

/// How many messages, each with an output, are made of a frame.
const MESSAGES: usize = 10;

/// How many frames are sent: together fewer bytes than there is room for.
const FRAMES: usize = 2000;

/// How many bytes of outputs may be made while they are not read: 4 MiB in the engine, what little
/// enters before anything is known of the outputs, and what the system's buffers hold.
const MAX_MADE: u64 = 32 * 1024 * 1024;

/// A pipeline that repeats its payloads on all workers, and counts the bytes that it makes.
fn repeat(made: &Arc<AtomicU64>) -> Topology {
    let made = Arc::clone(made);
    let encode = move |message: &Vec<u8>, output: &mut Vec<u8>| {
        (0..REPEATED).for_each(|_| output.extend(message));
        made.fetch_add(output.len() as u64, Ordering::Relaxed);
    };
    let topology = Application::new("repeat")
        .pipeline("repeat", Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()))))
        .to(|message: Vec<u8>| vec![message; MESSAGES])
        .to_parallel(|message: Vec<u8>| Some(message))
        .to_sink(Sink::new(encode))
        .build();
    topology.unwrap()
}

#[test]
fn outputs_that_nobody_reads_are_bounded_however_long_they_are() {
    for workers in [1, 4] {
        let (listening, out) = listener();
        let Ok(Endpoint::Tcp(address)) = out.parse() else { panic!("{out}") };
        let made = Arc::new(AtomicU64::new(0));
        let topology = Arc::new(repeat(&made));
        let settings = Settings {
            workers: NonZeroUsize::new(workers).unwrap(),
            sinks: vec![vec![Endpoint::Tcp(address)]],
            injectable: true,
            ..Settings::new(&topology)
        };
        let engine = Engine::start(topology, &settings, Arc::new(Unwatched)).unwrap();
        let mut receiver = accept(&listening);
        // In pieces that are no batches, and in one piece.
        let frames = frame(&[7; PAYLOAD]).repeat(FRAMES / 2);
        engine.inject(PipelineIndex(0), Bytes::from(frames.clone())).unwrap();
        for frame in frames.chunks(frames.len() / (FRAMES / 2)) {
            engine.inject(PipelineIndex(0), Bytes::copy_from_slice(frame)).unwrap();
        }
        let stalled = wait_until_still(|| made.load(Ordering::Relaxed));
        eprintln!("{stalled} bytes of outputs made at {workers} workers, and not read");
        assert!(stalled <= MAX_MADE, "{stalled} bytes at {workers} workers");
        let mut buffer = vec![0; 1024 * 1024];
        let mut read = 0;
        while read < PAYLOAD * REPEATED * MESSAGES * FRAMES {
            let length = receiver.read(&mut buffer).unwrap();
            assert!(length > 0, "{read} bytes");
            read += length;
            let ahead = made.load(Ordering::Relaxed).saturating_sub(read as u64);
            assert!(ahead <= MAX_MADE, "{ahead} bytes ahead at {workers} workers");
        }
        engine.stop();
        within_limit("the run", move || engine.wait().unwrap());
    }
}

/// How long the frame of many words is, in bytes.
const MANY_WORDS: usize = 4 * 1024 * 1024;

/// How many times its length a frame of one-letter words may need at the peak, and a frame that cannot be
/// decoded.
const MAX_OF_WORDS: usize = 20;
const MAX_OF_MALFORMED: usize = 8;

#[test]
fn what_one_frame_costs_is_bounded() {
    for (payload, most) in
        [(b"a ".repeat(MANY_WORDS / 2), MAX_OF_WORDS), (vec![0xff; MANY_WORDS], MAX_OF_MALFORMED)]
    {
        let ends = ["run", "--app", "word_count", "--in", "tcp://127.0.0.1:0", "--out", "null"];
        let running = Running::start(ends);
        let address = running.address();
        let before = most_resident(&running);
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(&frame(&payload)).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        // It is told to end only when the frame has been read, and ends when it is processed.
        client.read_to_end(&mut Vec::new()).unwrap();
        let mut peak = 0;
        running.signal("TERM");
        while let Some(now) = most_resident_while_running(&running) {
            peak = now.max(peak);
            thread::sleep(Duration::from_millis(1));
        }
        let cost = usize::try_from(peak - before).unwrap() * 1024;
        eprintln!("{} times its length", cost / payload.len());
        assert!(cost < most * payload.len(), "{} times its length", cost / payload.len());
        running.end().succeeded();
    }
}

/// How much of what a frame has needed may still be held when it has been processed, in times its length: the
/// system's allocator keeps some blocks as long as the frame.
const MAX_KEPT: u64 = 4;

#[test]
fn what_a_frame_has_needed_is_given_back() {
    let running = Running::start([
        "run",
        "--app",
        "word_count",
        "--in",
        "tcp://127.0.0.1:0",
        "--out",
        "null",
    ]);
    let mut client = TcpStream::connect(running.address()).unwrap();
    let (before, length) = (resident(&running), MANY_WORDS as u64 / 1024);
    for frames in 1..=4 {
        client.write_all(&frame(&b"a ".repeat(MANY_WORDS / 2))).unwrap();
        wait_until("the frame", || most_resident(&running) >= before + length);
        wait_until("its memory", || resident(&running) <= before + MAX_KEPT * length);
        eprintln!("{} KiB more after {frames} frames", resident(&running) - before);
    }
    drop(client);
    running.signal("TERM");
    running.end().succeeded();
}
