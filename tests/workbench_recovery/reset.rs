//! A session that begins anew.

use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::endpoints::Endpoint;
use wallaroo::runtime::{RunState, Settings};
use wallaroo::session::Session;
use wallaroo::telemetry::{DeadLetterFile, PartitionView};

use super::session::{counter, counts, inject, settings, wait_for};
use super::support::waiting::wait_until;

#[test]
fn nothing_is_kept_and_it_goes_on() {
    let (topology, directory) = (counter(), tempfile::tempdir().unwrap());
    let path = |name: &str| directory.path().join(name);
    let settings = Settings {
        sinks: vec![vec![Endpoint::File(path("out"))]],
        ..settings(&topology, &path("state"))
    };
    let letters = DeadLetterFile::open(&path("letters")).unwrap();
    let mut session = Session::start(Arc::clone(&topology), &settings, Some(letters)).unwrap();
    for round in 0..3 {
        inject(&session, 0..1_000);
        wait_for(&session, &[(1, 1_000)]);
        // Half a frame is a dead letter.
        session.engine().inject(PipelineIndex(0), Bytes::from_static(&[0, 0])).unwrap();
        wait_until("the letter in its file", || {
            fs::read_to_string(path("letters")).unwrap().lines().count() == 1
        });
        session.engine().pause();
        session.reset().unwrap();
        assert_eq!(session.engine().run_state(), RunState::Paused, "round {round}");
        session.refresh(&PartitionView::default());
        let shown = session.snapshot();
        assert_eq!(shown.totals, wallaroo::telemetry::Totals::default());
        assert!(shown.traces.is_empty() && shown.outputs.is_empty());
        assert!(shown.dead_letters.is_empty() && shown.dead_letters_lost == 0);
        assert!(counts(&session).is_empty());
        assert_eq!(fs::metadata(path("letters")).unwrap().len(), 0);
        session.engine().resume();
    }
    // What a later run finds is what came after the last reset.
    inject(&session, 0..10);
    wait_for(&session, &[(1, 10)]);
    drop(session);
    let session = Session::start(topology, &settings, None).unwrap();
    wait_for(&session, &[(1, 10)]);
}
