//! The log as an author meets it: what their own code says is in it. A process has one log, so this is
//! the only test of its file.

use std::sync::Arc;

use wallaroo::core::numbers::PipelineIndex;
use wallaroo::runtime::Settings;
use wallaroo::session::Session;
use wallaroo::telemetry::{Log, LogLevel, PartitionView};
use wallaroo::{Application, Reason, Source};

#[path = "support/waiting.rs"]
#[expect(dead_code, clippy::expect_used, reason = "it is a part of what other tests share")]
mod waiting;

#[test]
fn what_an_author_says_in_a_step_is_a_line_of_the_log_beside_the_engines_own() {
    Log::new(LogLevel::Info).install().unwrap();
    let decode = |payload: &[u8]| {
        tracing::warn!(target: "wallaroo", length = payload.len(), "an odd price");
        Err::<Option<u8>, _>(Reason::from("not today"))
    };
    let topology =
        Application::new("prices").pipeline("prices", Source::new(decode)).done().build().unwrap();
    let topology = Arc::new(topology);
    let settings = Settings { injectable: true, ..Settings::new(&topology) };
    let mut session = Session::start(topology, &settings, None).unwrap();
    session.engine().inject(PipelineIndex(0), [0, 0, 0, 1, 7].as_slice().into()).unwrap();
    let mut texts = Vec::new();
    waiting::wait_until("the lines", || {
        session.refresh(&PartitionView::default());
        let log = session.snapshot().log;
        texts = log.lines.iter().map(|line| line.text.clone()).collect();
        log.warnings == 2
    });
    let expected = [
        "dead letter #1 from input: decode: not today",
        "an odd price length=1",
        "prices starts with 1 worker; prices from null",
    ];
    assert_eq!(texts, expected);
}
