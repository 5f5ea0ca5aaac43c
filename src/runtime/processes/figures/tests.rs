use std::thread;

use proptest::prelude::*;
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::*;

/// What an observer was told, added up.
#[derive(Debug, Default, PartialEq)]
struct Sums {
    counts: BTreeMap<(PipelineIndex, WorkerIndex), Vec<u64>>,
    finished: BTreeMap<(PipelineIndex, u64), u64>,
    events: Vec<EngineEvent>,
}

#[derive(Default)]
struct Summing(Mutex<Sums>);

impl Observer for Summing {
    fn processed(&self, pipeline: PipelineIndex, worker: WorkerIndex, report: &mut Report) {
        let Report { frames, bytes, filtered, created, saved, stateful, ended, .. } = *report;
        let counts = [frames, bytes, filtered, created, saved, stateful, ended];
        let counts = counts.iter().chain(&report.steps);
        let mut sums = self.0.lock();
        let sum = sums.counts.entry((pipeline, worker)).or_default();
        sum.resize(sum.len().max(7 + report.steps.len()), 0);
        sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }

    fn finished(&self, pipeline: PipelineIndex, messages: u64, latency: Duration) {
        let latency = rounded(u64::try_from(latency.as_nanos()).unwrap());
        *self.0.lock().finished.entry((pipeline, latency)).or_default() += messages;
    }

    fn event(&self, event: EngineEvent) {
        self.0.lock().events.push(event);
    }
}

const FIRST: WorkerIndex = WorkerIndex(4);
const WORKERS: usize = 2;

#[derive(Debug, Clone)]
enum Happens {
    Processed(usize, usize, [u64; 7], Vec<u64>),
    Finished(usize, u64, u64),
    Event(u64),
    Taken,
}

fn happens() -> impl Strategy<Value = Happens> {
    let steps = prop::collection::vec(0..9_u64, 0..4);
    let counts = any::<[u8; 7]>().prop_map(|counts| counts.map(u64::from));
    prop_oneof![
        3 => (0..3_usize, 0..WORKERS, counts, steps).prop_map(|(pipeline, worker, counts, steps)|
            Happens::Processed(pipeline, worker, counts, steps)),
        2 => (0..2_usize, 1..9_u64, any::<u64>()).prop_map(|(pipeline, messages, latency)|
            Happens::Finished(pipeline, messages, latency)),
        1 => (0..9_u64).prop_map(Happens::Event),
        1 => Just(Happens::Taken),
    ]
}

fn event(number: u64) -> EngineEvent {
    EngineEvent::LeftBehind(Duration::from_secs(number))
}

fn report(happens: &Happens, to: &dyn Observer) {
    match happens {
        Happens::Processed(pipeline, worker, counts, steps) => {
            let [frames, bytes, filtered, created, saved, stateful, ended] = *counts;
            let steps = steps.clone();
            let counts = Report {
                frames,
                bytes,
                filtered,
                created,
                saved,
                stateful,
                ended,
                ..Report::default()
            };
            let worker = WorkerIndex(FIRST.0 + worker);
            to.processed(PipelineIndex(*pipeline), worker, &mut Report { steps, ..counts });
        }
        Happens::Finished(pipeline, messages, latency) => {
            to.finished(PipelineIndex(*pipeline), *messages, Duration::from_nanos(*latency));
        }
        Happens::Event(number) => to.event(event(*number)),
        Happens::Taken => {}
    }
}

/// Takes what waits, sends it, and tells it at the other end.
fn send(from: &HostObserver, to: &dyn Observer) -> bool {
    let Some(figures) = from.take() else { return false };
    let sent = rmp_serde::to_vec_named(&figures).unwrap();
    rmp_serde::from_slice::<Figures>(&sent).unwrap().tell(ProcessIndex(1), to);
    true
}

proptest! {
    #[test]
    fn what_is_told_is_what_was_reported_whenever_it_is_taken(
        all in prop::collection::vec(happens(), 0..60),
    ) {
        let host = HostObserver::new(FIRST, WORKERS);
        let (reported, told) = (Summing::default(), Summing::default());
        for happens in &all {
            report(happens, &reported);
            report(happens, &host);
            if let Happens::Taken = happens {
                send(&host, &told);
            }
        }
        send(&host, &told);
        prop_assert!(!send(&host, &told), "nothing is left");
        prop_assert_eq!(told.0.into_inner(), reported.0.into_inner());
    }

    #[test]
    fn a_latency_is_within_one_percent_and_few_are_different(latency in 1..u64::MAX / 2) {
        let off = rounded(latency).abs_diff(latency);
        prop_assert!(off <= latency / 100, "{} of {}", off, latency);
        prop_assert_eq!(rounded(rounded(latency)), rounded(latency));
        prop_assert!(rounded(latency) >> rounded(latency).trailing_zeros() < 1 << LATENCY_BITS);
    }
}

#[test]
fn nothing_is_lost_or_told_twice_while_workers_report_and_it_is_taken() {
    const REPORTS: u64 = 20_000;
    let (host, told) = (HostObserver::new(FIRST, WORKERS), Summing::default());
    thread::scope(|scope| {
        let report = |worker| {
            for number in 0..REPORTS {
                let one = Happens::Processed(0, worker, [1; 7], vec![number]);
                report(&one, &host);
                report(&Happens::Finished(1, 1, 10), &host);
            }
        };
        let threads: Vec<_> =
            (0..WORKERS).map(|worker| scope.spawn(move || report(worker))).collect();
        while threads.iter().any(|thread| !thread.is_finished()) {
            send(&host, &told);
        }
    });
    send(&host, &told);
    let told = told.0.into_inner();
    let counted = [[REPORTS; 7].as_slice(), &[REPORTS * (REPORTS - 1) / 2]].concat();
    let counts = (0..WORKERS)
        .map(|worker| ((PipelineIndex(0), WorkerIndex(FIRST.0 + worker)), counted.clone()));
    assert_eq!(told.counts, counts.collect());
    let finished = BTreeMap::from([((PipelineIndex(1), 10), REPORTS * WORKERS as u64)]);
    assert_eq!(told.finished, finished);
}

#[test]
fn the_newest_events_are_kept_and_it_is_told_how_many_are_not() {
    let (host, told) = (HostObserver::new(FIRST, WORKERS), Summing::default());
    let all = EVENTS as u64 + 3;
    (0..all).for_each(|number| host.event(event(number)));
    send(&host, &told);
    let left_out = EngineEvent::Cluster(ClusterNews::LeftOut(3));
    let expected: Vec<_> = [left_out].into_iter().chain((3..all).map(event)).collect();
    assert_eq!(told.0.into_inner().events, expected);
}

#[test]
fn what_waits_is_bounded_however_much_is_reported() {
    let host = HostObserver::new(FIRST, WORKERS);
    for number in 0..100_000_u64 {
        report(&Happens::Processed(1, 0, [1; 7], vec![1, 2]), &host);
        // Latencies of all lengths.
        host.finished(PipelineIndex(0), 1, Duration::from_nanos(number.pow(3)));
    }
    let figures = rmp_serde::to_vec_named(&host.take().unwrap()).unwrap();
    assert!(figures.len() < 100_000, "{}", figures.len());
}

#[test]
fn a_sender_sleeps_until_something_waits() {
    let host = Arc::new(HostObserver::new(FIRST, WORKERS));
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let waits = |limit| {
        let waited = async { timeout(limit, host.something_waits()).await };
        runtime.block_on(waited).is_ok()
    };
    let (shortly, long) = (Duration::from_millis(1), Duration::from_mins(1));
    assert!(!waits(shortly), "nothing has happened");
    let reporter = Arc::clone(&host);
    let thread = thread::spawn(move || reporter.event(event(1)));
    assert!(waits(long));
    assert!(waits(long), "it is not taken");
    thread.join().unwrap();
    assert!(host.take().is_some() && !waits(shortly), "it is taken");
    host.event(event(2));
    assert!(waits(long));
}
