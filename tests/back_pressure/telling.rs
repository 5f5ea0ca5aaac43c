//! What telemetry tells of sinks that wait or stall, and of sources that are held.

use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use wallaroo::core::event::{EngineEvent, SinkNews};
use wallaroo::core::numbers::{PipelineIndex, SinkIndex};
use wallaroo::endpoints::Endpoint;
use wallaroo::runtime::Settings;
use wallaroo::session::Session;
use wallaroo::telemetry::{PipelineShown, SinkState};
use wallaroo::{Application, Reason, Sink, Source};

use crate::support::frames::frame;
use crate::support::waiting::wait_until;
use crate::{accept, listener};

/// A pipeline that sends its payloads back to this address, and can be injected into.
fn echo(out: &str) -> Session {
    let topology = Application::new("echo")
        .pipeline("echo", Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()))))
        .to_sink(Sink::new(|message: &Vec<u8>, output: &mut Vec<u8>| output.extend(message)))
        .build();
    let topology = Arc::new(topology.unwrap());
    let sinks: Vec<Vec<Endpoint>> = vec![vec![out.parse().unwrap()]];
    let settings = Settings { sinks, injectable: true, ..Settings::new(&topology) };
    Session::start(topology, &settings, None).unwrap()
}

fn shown(session: &Session) -> PipelineShown {
    session.snapshot().pipelines.remove(0)
}

/// Waits until the only sink is in this state, and the source is held or not.
fn wait_for(session: &Session, state: SinkState, held: bool) {
    wait_until(&format!("a sink that is {state:?}, held: {held}"), || {
        let shown = shown(session);
        shown.held == held && shown.sinks.first().is_some_and(|sink| sink.state == state)
    });
}

#[test]
fn a_sink_tells_once_that_it_waits_and_when_it_does_not() {
    let (free, out) = listener();
    let address = free.local_addr().unwrap();
    drop(free);
    let session = echo(&out);
    wait_for(&session, SinkState::Waiting, false);
    // For a few tries.
    thread::sleep(Duration::from_millis(300));
    let late = TcpListener::bind(address).unwrap();
    let receiver = accept(&late);
    wait_for(&session, SinkState::Writing, false);
    drop(receiver);
    let again = accept(&late);
    drop(late);
    drop(again);
    let waits =
        |event: &EngineEvent| matches!(event, EngineEvent::Sink { news: SinkNews::Waiting(_), .. });
    wait_until("the second wait", || {
        session.snapshot().events.iter().filter(|event| waits(event)).count() == 2
    });
    let mut events = session.snapshot().events;
    events.reverse();
    let event = |news| EngineEvent::Sink {
        pipeline: PipelineIndex(0),
        sink: SinkIndex(0),
        endpoint: out.as_str().into(),
        news,
    };
    let refused = "Connection refused (os error 111)".to_owned();
    let closed = "the receiver closed the connection".to_owned();
    let ready = event(SinkNews::Ready);
    let lost = event(SinkNews::Lost(closed));
    let waiting = event(SinkNews::Waiting(refused));
    let expected = [&waiting, &ready, &lost, &ready, &lost, &waiting];
    assert_eq!(events.iter().map(AsRef::as_ref).collect::<Vec<&EngineEvent>>(), expected);
}

#[test]
fn two_sinks_at_one_address_are_shown_each_for_itself() {
    let (receivers, out) = listener();
    let echoed = |message: &Vec<u8>, output: &mut Vec<u8>| output.extend(message);
    let topology = Application::new("echo")
        .pipeline("echo", Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()))))
        .to_sinks([Sink::new(echoed), Sink::new(echoed)])
        .build();
    let topology = Arc::new(topology.unwrap());
    let sinks: Vec<Vec<Endpoint>> = vec![vec![out.parse().unwrap(); 2]];
    let settings = Settings { sinks, injectable: true, ..Settings::new(&topology) };
    let session = Session::start(topology, &settings, None).unwrap();
    let is =
        |state: SinkState| shown(&session).sinks.iter().filter(|sink| sink.state == state).count();
    let first = accept(&receivers);
    let second = accept(&receivers);
    wait_until("two sinks that write", || is(SinkState::Writing) == 2);
    // Neither can be connected to again.
    drop(receivers);
    drop(first);
    wait_until("one that waits, and one that writes", || {
        (is(SinkState::Waiting), is(SinkState::Writing)) == (1, 1)
    });
    drop(second);
    wait_until("two that wait", || is(SinkState::Waiting) == 2);
}

#[test]
fn a_stall_is_told_with_the_source_that_it_holds_and_so_is_its_end() {
    const MEBIBYTE: usize = 1024 * 1024;
    const FRAMES: usize = 48;
    let (receivers, out) = listener();
    let session = echo(&out);
    let mut receiver = accept(&receivers);
    let frames = Bytes::from(frame(&vec![7; MEBIBYTE]).repeat(FRAMES));
    session.engine().inject(PipelineIndex(0), frames).unwrap();
    wait_for(&session, SinkState::Stalled, true);
    receiver.read_exact(&mut vec![0; FRAMES * MEBIBYTE]).unwrap();
    wait_for(&session, SinkState::Writing, false);
}
