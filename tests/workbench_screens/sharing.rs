//! Pipelines that share a sink, and pipelines that are merged.

use insta::assert_snapshot;
use wallaroo::telemetry::{SinkShown, SinkState};
use wallaroo::workbench::Theme;
use wallaroo::{Application, Key, Out, Pipeline, Sink, Source, Topology};

use super::support::stage::Stage;

/// Two pipelines that write to one sink.
fn one_sink() -> Topology {
    let write = || {
        let encoder = |number: &u64, output: &mut Out<'_>| output.decimal(*number);
        Sink::new(encoder).named("all")
    };
    let add = |number: u64, sum: &mut u64| {
        *sum += number;
        (Some(*sum), true)
    };
    Application::new("numbers")
        .pipeline("even", Source::generator(|number| (number < 30).then_some(2 * number)))
        .to_state_partition(add, |_: &Key| 0, "sums", |number: &u64| (number % 10).to_string())
        .to_sink(write())
        .pipeline("odd", Source::generator(|number| (number < 10).then_some(2 * number + 1)))
        .to_sink(write())
        .build()
        .unwrap()
}

#[test]
fn pipelines_with_one_sink_end_with_its_name_and_with_what_it_does() {
    let mut stage = Stage::open(one_sink(), Theme::new(true, true), 120, 40);
    stage.await_more(40);
    stage.show_changed(|snapshot| {
        for pipeline in &mut snapshot.pipelines {
            let endpoint = "tcp://127.0.0.1:7002".into();
            pipeline.sinks = vec![SinkShown { endpoint, state: SinkState::Waiting }];
        }
    });
    let screen = stage.screen();
    assert_eq!(screen.matches("sink all (waiting for").count(), 2, "{screen}");
    assert_snapshot!(screen);
}

/// Three sources that meet: two before a step, and one behind it.
pub fn merged() -> Topology {
    let numbers = |most: u64| Source::generator(move |number| (number < most).then_some(number));
    let add = |number: u64, sum: &mut u64| {
        *sum += number;
        (Some(*sum), true)
    };
    Application::new("numbers")
        .pipeline("many", numbers(30))
        .merge(Pipeline::new("few", numbers(6)).to(|number: u64| Some(100 * number)))
        .to(|number: u64| Some(number + 1))
        .merge(Pipeline::new("some", numbers(12)))
        .to_state_partition(add, |_: &Key| 0, "sums", |number: &u64| (number % 10).to_string())
        .to_sink(Sink::new(|sum: &u64, output: &mut Out<'_>| output.decimal(*sum)))
        .build()
        .unwrap()
}

#[test]
fn the_lines_of_merged_pipelines_meet_where_their_steps_do() {
    for (width, height) in [(120, 40), (80, 24), (60, 18)] {
        for unicode in [true, false] {
            let mut stage = Stage::open(merged(), Theme::new(true, unicode), width, height);
            stage.await_more(48);
            assert_snapshot!(format!("merged_{width}_{unicode}"), stage.screen());
        }
    }
}
