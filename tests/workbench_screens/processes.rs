//! Several processes: which worker is of which, who is waited for, and which one is to be killed.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use insta::assert_snapshot;
use wallaroo::core::event::{EngineEvent, ProcessNamed};
use wallaroo::core::numbers::{Epoch, ProcessIndex, WorkerIndex};
use wallaroo::session::orders::Order;
use wallaroo::telemetry::{ProcessesShown, SafetyShown, Snapshot, WorkerShown};
use wallaroo::workbench::Effect;

use super::support::stage::Stage;
use super::{UNICODE, go, press, voted};

fn named(process: usize, address: &str) -> ProcessNamed {
    ProcessNamed { process: ProcessIndex(process), address: Some(Arc::from(address)) }
}

/// Three processes with two workers each, of which the engine of the test has two.
fn three(snapshot: &mut Snapshot) {
    snapshot.processes = Some(ProcessesShown {
        named: vec![named(0, "a:7100"), named(1, "b:7100"), named(2, "c:7100")],
        workers_each: NonZeroUsize::new(2).unwrap(),
        awaited: Vec::new(),
        holds_checkpoint: None,
        are_children: true,
    });
    let of = |worker: usize| WorkerShown {
        worker: WorkerIndex(worker),
        messages: 100,
        rate: 1_800 - 250 * worker as u64,
        partitions: 5 - worker % 3,
    };
    snapshot.workers = (0..6).map(of).collect();
    // Partitions of all processes.
    for (at, row) in snapshot.partitions.rows.iter_mut().enumerate() {
        row.row.worker = WorkerIndex((at * 2 + 1) % 6);
        row.moved = None;
    }
}

fn with_three(width: u16, height: u16) -> Stage {
    let mut stage = voted(width, height, UNICODE);
    go(&mut stage, '2');
    stage.show_changed(three);
    stage
}

fn changed(stage: &mut Stage, change: impl FnOnce(&mut Snapshot, &mut ProcessesShown)) {
    stage.show_changed(|snapshot| {
        three(snapshot);
        let mut processes = snapshot.processes.take().unwrap();
        change(snapshot, &mut processes);
        snapshot.processes = Some(processes);
    });
}

fn safety() -> SafetyShown {
    SafetyShown {
        directory: "saved".into(),
        files: false,
        epoch: Epoch(6),
        unsaved: 12,
        recovering: false,
        recovered: None,
        crash: None,
    }
}

/// What a key asks for, without an engine that does it.
fn asked(stage: &mut Stage, code: KeyCode) -> Option<Effect> {
    stage.workbench.handle(&Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

#[test]
fn workers_stand_with_their_processes_and_partitions_say_where_they_are() {
    assert_snapshot!("at_120", with_three(120, 40).screen());
    assert_snapshot!("at_80", with_three(80, 24).screen());
    let mut flow = with_three(120, 40);
    go(&mut flow, '1');
    press(&mut flow, KeyCode::Char('z'));
    flow.show_changed(three);
    assert_snapshot!("flow_alone", flow.screen());
}

#[test]
fn if_not_all_workers_have_room_each_process_has_a_lane() {
    let mut stage = with_three(120, 40);
    changed(&mut stage, |snapshot, processes| {
        processes.workers_each = NonZeroUsize::new(8).unwrap();
        let of = |worker| WorkerShown { worker: WorkerIndex(worker), ..snapshot.workers[0] };
        snapshot.workers = (0..24).map(of).collect();
    });
    let screen = stage.screen();
    assert!(screen.contains("process 2") || screen.contains("p2 "), "{screen}");
    assert!(!screen.contains("w23") && !screen.contains("worker 23"), "{screen}");
}

#[test]
fn who_is_waited_for_is_always_seen() {
    for width in [80, 120] {
        let mut stage = with_three(width, 24);
        changed(&mut stage, |_, processes| processes.awaited = vec![named(2, "c:7100")]);
        let screen = stage.screen();
        let header = screen.lines().next().unwrap();
        assert!(header.contains("waiting for process 2 at c:7100"), "{header}");
    }
}

#[test]
fn a_checkpoint_says_for_which_process_it_waits() {
    let mut stage = with_three(80, 24);
    press(&mut stage, KeyCode::Char('c'));
    changed(&mut stage, |snapshot, processes| {
        processes.holds_checkpoint = Some(ProcessIndex(1));
        snapshot.safety = Some(safety());
    });
    assert_snapshot!(stage.screen());
}

#[test]
fn a_partition_says_in_which_process_it_is() {
    let mut stage = with_three(120, 40);
    press(&mut stage, KeyCode::Enter);
    stage.show_changed(three);
    let screen = stage.screen();
    assert!(screen.contains("in process") && screen.contains(":7100"), "{screen}");
}

#[test]
fn a_crash_asks_which_process_is_to_be_killed() {
    let mut stage = with_three(80, 24);
    assert_eq!(asked(&mut stage, KeyCode::Char('C')), None);
    assert_snapshot!(stage.screen());
    assert_eq!(asked(&mut stage, KeyCode::Down), None);
    let kill = Effect::Order(Order::Kill(ProcessIndex(2)));
    assert_eq!(asked(&mut stage, KeyCode::Enter), Some(kill));
    // All together is the crash that there is with one process, with its question.
    assert_eq!(asked(&mut stage, KeyCode::Char('C')), None);
    for _ in 0..2 {
        assert_eq!(asked(&mut stage, KeyCode::Down), None);
    }
    assert_eq!(asked(&mut stage, KeyCode::Enter), None);
    assert!(stage.screen().contains("Crash?"), "{}", stage.screen());
    assert_eq!(asked(&mut stage, KeyCode::Enter), Some(Effect::Order(Order::Crash)));
}

#[test]
fn without_children_a_crash_is_of_all_memory() {
    let mut stage = with_three(80, 24);
    changed(&mut stage, |_, processes| processes.are_children = false);
    assert_eq!(asked(&mut stage, KeyCode::Char('C')), None);
    assert!(stage.screen().contains("Crash?"), "{}", stage.screen());
}

#[test]
fn another_number_of_workers_is_of_each_process() {
    let mut stage = with_three(120, 24);
    changed(&mut stage, |snapshot, _| snapshot.changing_to = Some(9));
    let text = "checkpoint, then 9 workers, 3 in each process";
    assert!(stage.screen().contains(text), "{}", stage.screen());
    changed(&mut stage, |snapshot, _| {
        let held = Duration::from_millis(3);
        let (from, to, partitions, moved) = (3, 6, 26, 12);
        let change = EngineEvent::WorkersChanged { from, to, partitions, moved, held };
        snapshot.events.insert(0, Arc::new(change));
    });
    let text = "6 workers, 2 in each process instead of 3: 12 of 26 partitions moved";
    assert!(stage.screen().contains(text), "{}", stage.screen());
    changed(&mut stage, |snapshot, processes| {
        processes.workers_each = NonZeroUsize::MIN;
        snapshot.workers.truncate(3);
    });
    assert_eq!(asked(&mut stage, KeyCode::Char('-')), None);
    let text = "one worker in each process is the least";
    assert!(stage.screen().contains(text), "{}", stage.screen());
}
