//! A sink whose receiver does not read stops the sources, and nothing is lost.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::endpoints::Endpoint;
use wallaroo::runtime::{Engine, RunState, Settings};
use wallaroo::{Application, Reason, Sink, Source, Topology};

use crate::recorder::{Recorded, Recorder};
use crate::support::frames::frame;
use crate::support::sockets::small_listener;
use crate::support::waiting::{LIMIT, wait_until, within_limit};
use crate::{injectable, start};

/// The length of a payload, and of the output that is made of it.
const PAYLOAD: usize = 16 * 1024;

/// How many frames the client sends.
const FRAMES: u32 = 3072;

/// How many frames may be on their way: 4 MiB of them, if nothing is known of their outputs, what the
/// receiver's system has not acknowledged included; and what that system's small buffers hold, which is
/// certainly less than 2.
const ON_THEIR_WAY: u64 = 6 * 1024 * 1024 / PAYLOAD as u64;

/// A pipeline that sends its payloads back, and one to see time pass by.
fn echo() -> Arc<Topology> {
    let decode = |payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()));
    let topology = Application::new("echo")
        .pipeline("echo", Source::new(decode))
        .to_sink(Sink::new(|message: &Vec<u8>, output: &mut Vec<u8>| output.extend(message)))
        .pipeline("clock", Source::new(decode))
        .done()
        .build();
    Arc::new(topology.unwrap())
}

/// The payload of a frame: its number, and bytes that depend on it.
fn payload(number: u32) -> Vec<u8> {
    let mut payload = vec![(number % 251) as u8; PAYLOAD];
    payload[..4].copy_from_slice(&number.to_be_bytes());
    payload
}

/// An engine that has read as much as it will, because what it writes is not read.
struct Stalled {
    engine: Engine,
    recorder: Arc<Recorder>,
    client: JoinHandle<std::io::Result<()>>,
    receiver: TcpStream,
}

fn stalled() -> Stalled {
    let listener = small_listener();
    let sink = Endpoint::Tcp(listener.local_addr().unwrap().to_string());
    let settings = Settings {
        workers: NonZeroUsize::new(2).unwrap(),
        sources: vec![Endpoint::Tcp("127.0.0.1:0".to_owned()), Endpoint::Null],
        sinks: vec![vec![sink], vec![]],
        injectable: true,
        ..Settings::new(&echo())
    };
    let (engine, recorder) = start(&echo(), &settings);
    let (receiver, _) = listener.accept().unwrap();
    receiver.set_read_timeout(Some(LIMIT)).unwrap();
    let address = recorder.address();
    let client = thread::spawn(move || {
        let mut stream = TcpStream::connect(address)?;
        (0..FRAMES).try_for_each(|number| stream.write_all(&frame(&payload(number))))
    });
    // More than the receiver's system takes. How many follow depends on how much of their outputs is
    // expected to come, which what is acknowledged teaches.
    recorder.wait_for("the stall", |recorded| {
        recorded.held == [PipelineIndex(0)] && taken(recorded) > 128 * 1024 / PAYLOAD as u64
    });
    let stalled = Stalled { engine, recorder, client, receiver };
    stalled.let_time_pass();
    stalled
}

/// How many of the client's frames the workers have taken.
fn taken(recorded: &Recorded) -> u64 {
    recorded.frames.first().copied().unwrap_or_default()
}

impl Stalled {
    /// Lets a few hundred messages go through the other pipeline, one after the other: an engine
    /// that could read more would have done so by then.
    fn let_time_pass(&self) {
        let before = self.recorder.look(|recorded| recorded.finished);
        for tick in 1..=300 {
            self.engine.inject(PipelineIndex(1), frame(b"tick").into()).unwrap();
            self.recorder
                .wait_for("a tick of the clock", |recorded| recorded.finished == before + tick);
        }
    }

    /// Reads all outputs, each as it should be.
    fn read_all(&mut self) {
        let mut output = vec![0; PAYLOAD];
        for number in 0..FRAMES {
            self.receiver.read_exact(&mut output).unwrap();
            assert!(output == payload(number), "output {number} is not what was sent");
            let taken = self.recorder.look(taken);
            assert!(taken <= u64::from(number) + 1 + ON_THEIR_WAY, "{taken} after {number}");
        }
    }
}

#[test]
fn a_stalled_sink_stops_the_source_and_nothing_is_lost_when_it_flows_again() {
    let mut stalled = stalled();
    let before = stalled.recorder.look(taken);
    assert!(before <= ON_THEIR_WAY, "{before} frames of {FRAMES}");
    stalled.read_all();
    let Stalled { engine, recorder, client, .. } = stalled;
    client.join().unwrap().unwrap();
    engine.stop();
    within_limit("the run", move || engine.wait().unwrap());
    assert_eq!(recorder.look(taken), u64::from(FRAMES));
    assert!(recorder.look(|recorded| recorded.dead_letters.is_empty()));
}

#[test]
fn a_pause_is_not_had_while_outputs_wait_for_their_receiver() {
    let stalled = stalled();
    stalled.engine.pause();
    assert_eq!(stalled.engine.run_state(), RunState::Pausing);
    let mut receiver = stalled.receiver.try_clone().unwrap();
    let (mut bytes_read, mut buffer) = (0, vec![0; PAYLOAD]);
    receiver.set_nonblocking(true).unwrap();
    wait_until("the pause", || {
        while let Ok(length @ 1..) = receiver.read(&mut buffer) {
            bytes_read += length;
        }
        stalled.engine.run_state() == RunState::Paused
    });
    let (taken, written) =
        stalled.recorder.look(|recorded| (taken(recorded), recorded.outputs[0].len() as u64));
    assert!(taken < u64::from(FRAMES));
    assert_eq!(written, taken);
    receiver.set_nonblocking(false).unwrap();
    let rest = usize::try_from(taken).unwrap() * PAYLOAD - bytes_read;
    receiver.read_exact(&mut vec![0; rest]).unwrap();
}

#[test]
fn an_engine_that_is_dropped_with_a_stalled_sink_ends_at_once() {
    let Stalled { engine, client, .. } = stalled();
    within_limit("the engine's end", move || drop(engine));
    // Its connection is gone, so the client's writing has ended with an error.
    assert!(client.join().unwrap().is_err());
}

#[test]
fn what_is_injected_waits_up_to_a_limit() {
    let (engine, recorder) = start(&echo(), &injectable(&echo(), 1));
    engine.pause();
    let injection = Bytes::from(frame(&vec![0; 1_000_000]));
    let mut taken = 0;
    let error = loop {
        match engine.inject(PipelineIndex(0), injection.clone()) {
            Ok(()) => taken += 1,
            Err(error) => break error.to_string(),
        }
    };
    // 64 MiB, and what has found room in the pipeline meanwhile.
    assert!((60..80).contains(&taken), "{taken} injections of 1 MB wait");
    assert!(error.contains("the input is full"), "{error}");
    engine.stop();
    engine.wait().unwrap();
    assert_eq!(recorder.recorded().outputs[0].len(), taken);
}

#[test]
fn a_frame_longer_than_all_that_may_be_on_its_way_passes() {
    let settings = Settings { injectable: true, ..Settings::new(&echo()) };
    let (engine, recorder) = start(&echo(), &settings);
    // The limit of frames, and some that would fit together.
    for length in [16 * 1024 * 1024, 1, 3 * 1024 * 1024] {
        engine.inject(PipelineIndex(0), frame(&vec![7; length]).into()).unwrap();
    }
    recorder.wait_for("all outputs", |recorded| {
        recorded.outputs.first().is_some_and(|outputs| outputs.len() == 3)
    });
    let lengths: Vec<_> =
        recorder.look(|recorded| recorded.outputs[0].iter().map(Vec::len).collect());
    assert_eq!(lengths, [16 * 1024 * 1024, 1, 3 * 1024 * 1024]);
}
