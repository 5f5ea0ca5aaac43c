//! What is told of clients: their names, how each of them ended, and who was one too many.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::num::NonZeroUsize;
use std::sync::Arc;

use wallaroo::core::event::{EngineEvent, Level};
use wallaroo::core::frames::dead_letter::DeadLetter;
use wallaroo::endpoints::Endpoint;
use wallaroo::runtime::{Engine, Settings};

use crate::applications::counting;
use crate::recorder::{Recorded, Recorder};
use crate::support::crowd::{Crowd, Letter};
use crate::support::frames::vote;
use crate::support::waiting::{LIMIT, within_limit};
use crate::{injectable, start};

/// An engine that listens, for this many connections at once.
fn listening(connections: usize) -> (Engine, Arc<Recorder>) {
    let settings = Settings {
        sources: vec![":0".parse().unwrap()],
        connection_limit: NonZeroUsize::new(connections).unwrap(),
        injectable: false,
        ..injectable(&counting(), 2)
    };
    start(&counting(), &settings)
}

/// Stops the engine, and waits until it has ended.
fn end(engine: Engine) {
    engine.stop();
    within_limit("the run", move || engine.wait().unwrap());
}

fn outputs(recorded: &Recorded) -> usize {
    recorded.outputs.first().map_or(0, Vec::len)
}

fn found(letter: &DeadLetter) -> Letter {
    let DeadLetter { source, offset, step, reason, bytes, .. } = letter;
    Letter::found(source, *offset, step, reason, bytes.to_vec())
}

#[test]
fn every_client_ends_with_a_line_that_says_which_and_why() {
    let (engine, recorder) = listening(1000);
    let mut crowd = Crowd::connect(&recorder.address());
    crowd.vote();
    recorder.wait_for("the first round", |recorded| outputs(recorded) == crowd.votes());
    crowd.misbehave();
    crowd.vote();
    let gone = crowd.ends().iter().filter(|line| !line.contains("the run was stopped")).count();
    recorder.wait_for("the second round", |recorded| {
        let ends = recorded.events.iter();
        let ends = ends.filter(|event| matches!(event, EngineEvent::Disconnected(..))).count();
        let letters = recorded.dead_letters.len();
        (outputs(recorded), letters, ends) == (crowd.votes(), crowd.letters(), gone)
    });
    end(engine);

    let told = recorder.recorded();
    let lines = |wanted: fn(&EngineEvent) -> bool| {
        let events = told.events.iter().filter(|event| wanted(event));
        // Each system has its own number for an error.
        let line = |event: &EngineEvent| match event.to_string().split_once(" (os error") {
            Some((line, _)) => line.to_owned(),
            None => event.to_string(),
        };
        let mut lines: Vec<_> = events.map(line).collect();
        lines.sort();
        lines
    };
    let is_end =
        |event: &_| matches!(event, EngineEvent::Disconnected(..) | EngineEvent::LetGo(..));
    assert_eq!(lines(is_end), crowd.ends());
    assert_eq!(lines(|event| matches!(event, EngineEvent::Connected(..))).len(), 200);
    let mut letters: Vec<_> = told.dead_letters.iter().map(found).collect();
    letters.sort();
    assert_eq!(letters, crowd.all_letters());
}

#[test]
fn a_client_too_many_is_told_with_the_limit_and_the_option() {
    let (engine, recorder) = listening(1);
    let mut first = TcpStream::connect(recorder.address()).unwrap();
    let mut second = TcpStream::connect(recorder.address()).unwrap();
    second.set_read_timeout(Some(LIMIT)).unwrap();
    assert_eq!(second.read(&mut [0]).unwrap(), 0);
    first.write_all(&vote(b'a', 1)).unwrap();
    recorder.wait_for("the vote", |recorded| outputs(recorded) == 1);
    let refused = |event: &EngineEvent| match event {
        EngineEvent::NotAccepted(..) => Some((event.level(), event.to_string())),
        _ => None,
    };
    let name = second.local_addr().unwrap();
    let line = format!(
        "a client was not accepted: {name} is one too many: the limit is 1, see --connections"
    );
    let found: Vec<_> = recorder.recorded().events.iter().filter_map(refused).collect();
    assert_eq!(found, [(Level::Warning, line)]);
    end(engine);
}

#[test]
fn the_rest_of_a_file_that_cannot_be_cut_is_given_up_with_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("votes.msg");
    std::fs::write(&path, [vote(b'a', 1), vec![0xff; 4], vote(b'b', 1)].concat()).unwrap();
    let settings = Settings {
        sources: vec![Endpoint::File(path.clone())],
        injectable: false,
        ..injectable(&counting(), 1)
    };
    let (engine, recorder) = start(&counting(), &settings);
    within_limit("the run", move || engine.wait().unwrap());
    let told = recorder.recorded();
    let reason = "the header says 4294967295 bytes of payload, and the limit is 16777216";
    let line = format!("the rest of {} is not read: {reason}", path.display());
    let warnings = told.events.iter().filter(|event| event.level() == Level::Warning);
    assert_eq!(warnings.map(ToString::to_string).collect::<Vec<_>>(), [line]);
    let [letter] = &told.dead_letters[..] else { panic!("{:?}", told.dead_letters) };
    assert_eq!((letter.offset, &letter.bytes[..], &*letter.reason), (9, &[0xff; 4][..], reason));
    assert_eq!(outputs(&told), 1);
}

/// The system asks silent clients whether they are still there: its table of connections says that a
/// timer for that is running.
#[cfg(target_os = "linux")]
#[test]
fn a_client_that_vanished_does_not_keep_its_connection_for_ever() {
    let (engine, recorder) = listening(1000);
    let client = TcpStream::connect(recorder.address()).unwrap();
    let ports = [client.peer_addr().unwrap().port(), client.local_addr().unwrap().port()];
    // Local and remote end, state, queues, and the timer: 02 is keepalive.
    let ends = ports.map(|port| format!("0100007F:{port:04X}")).join(" ");
    let asks = || {
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        table.lines().any(|line| line.contains(&format!("{ends} 01 00000000:00000000 02:")))
    };
    crate::support::waiting::wait_until("the timer", asks);
    end(engine);
}
