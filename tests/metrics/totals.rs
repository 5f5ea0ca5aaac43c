//! The figures are those of the run.

use super::openmetrics::Exposition;
use super::support::frames::{frame, vote, votes};
use super::support::waiting::wait_until;
use super::{Folder, Served};

/// Waits until figures are as wanted.
fn wait_for(served: &Served, what: &str, wanted: impl Fn(&Exposition) -> bool) -> Exposition {
    let mut figures = served.figures();
    wait_until(what, || {
        figures = served.figures();
        wanted(&figures)
    });
    figures
}

#[expect(clippy::float_cmp, reason = "counts are exact")]
#[test]
fn the_figures_are_openmetrics_and_equal_the_totals_of_the_run() {
    let folder = Folder::new();
    let (saved, letters) = (folder.path("saved"), folder.path("letters"));
    let more = ["--workers", "2", "--resilience-dir", &saved, "--dead-letters", &letters];
    let served = Served::start(&folder, &more);
    let good = votes((b'a'..=b'z').cycle().zip(0..1000));
    served.send(&good);
    served.send(&[vote(b'a', 1), frame(b"no vote"), frame(b""), vec![0xff; 4]].concat());
    let figures = wait_for(&served, "all outputs and dead letters", |figures| {
        figures.sum("wallaroo_output_messages_total", &[]) == 1001.0
            && figures.sum("wallaroo_dead_letters_total", &[]) == 3.0
            && figures.sum("wallaroo_unsaved_messages", &[]) == 0.0
            && figures.sum("wallaroo_latency_seconds_count", &[]) == 1001.0
    });
    let sum = |name: &str| figures.sum(name, &[]);
    served.running.signal("TERM");
    let json = served.running.end().succeeded().json();
    for (name, field) in [
        ("wallaroo_input_messages_total", "messages_in"),
        ("wallaroo_input_bytes_total", "bytes_in"),
        ("wallaroo_output_messages_total", "messages_out"),
        ("wallaroo_output_bytes_total", "bytes_out"),
        ("wallaroo_filtered_messages_total", "filtered"),
        ("wallaroo_dead_letters_total", "dead_letters"),
        ("wallaroo_dead_letters_lost_total", "dead_letters_lost"),
        ("wallaroo_partitions", "partitions"),
    ] {
        assert!(!figures.samples(name).is_empty(), "{name} is not served");
        assert_eq!(Some(sum(name)), json[field].as_f64(), "{name} and {field}");
    }
    assert_eq!(figures.samples("wallaroo_partitions").len(), 2, "a line for each worker");
    assert_eq!(sum("wallaroo_worker_messages_total"), 1001.0);
    let causes = |step: &str, cause: &str| {
        figures.sum("wallaroo_dead_letters_total", &[("step", step), ("cause", cause)])
    };
    assert_eq!([causes("framing", "framing"), causes("decode", "refused")], [1.0, 2.0]);
    assert!(sum("wallaroo_latency_seconds_sum") > 0.0);
    assert!(sum("wallaroo_checkpoint_epoch") >= 1.0);
    assert!(sum("wallaroo_checkpoint_duration_seconds") > 0.0);
    assert!(sum("wallaroo_checkpoint_age_seconds") <= sum("wallaroo_uptime_seconds"));
    assert_eq!(sum("wallaroo_journal_bytes"), 0.0, "the checkpoint has all of it");
    assert_eq!([sum("wallaroo_budget_used_bytes"), sum("wallaroo_budget_waiting")], [0.0; 2]);
    assert!(sum("wallaroo_budget_limit_bytes") > 0.0);
    let run = figures.samples("wallaroo_run_info")[0];
    assert_eq!(run.labels["application"], "alphabet");
    assert_eq!(run.labels["version"], env!("CARGO_PKG_VERSION"));
}

#[expect(clippy::float_cmp, reason = "counts are exact")]
#[test]
fn what_a_run_that_saves_nothing_cannot_know_is_not_served() {
    let folder = Folder::new();
    let served = Served::start(&folder, &[]);
    let figures = served.figures();
    assert!(figures.0.keys().all(|name| !name.contains("checkpoint") && !name.contains("journal")));
    assert!(figures.samples("wallaroo_top_key_messages").is_empty(), "nobody asked for keys");
    assert_eq!(figures.sum("wallaroo_ready", &[]), 1.0);
}

#[test]
fn keys_are_named_if_they_are_asked_for_and_as_many_as_that() {
    let folder = Folder::new();
    let served = Served::start(&folder, &["--metrics-keys", "2"]);
    served.send(&votes([b'a', b'b', b'b', b'c', b'c', b'c'].map(|letter| (letter, 1))));
    let top = [("b".to_owned(), 2.0), ("c".to_owned(), 3.0)];
    wait_for(&served, "the keys with the most messages", |figures| {
        let keys = figures.samples("wallaroo_top_key_messages");
        assert!(keys.len() <= 2);
        let mut keys: Vec<_> = keys.iter().map(|it| (it.labels["key"].clone(), it.value)).collect();
        keys.sort_by(|one, two| one.0.cmp(&two.0));
        keys == top
    });
}
