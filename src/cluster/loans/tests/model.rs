//! Any processes that send any batches to each other, in any order.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::sample::Index;

use super::held::FRAMES;
use super::world::{Process, World};

#[derive(Debug, Clone)]
enum Op {
    Read { process: Index, traced: Vec<u32>, works: bool, watched: bool },
    Send { thing: Index, to: Index },
    Arrive(usize),
    Tell { from: Index, to: Index },
    Settle { from: Index, to: Index },
    Hop { thing: Index, frame: u32 },
    Pinned { thing: Index, frame: u32 },
    Fail { thing: Index, frame: u32 },
    Charge { thing: Index, bytes: usize },
    Write(Index),
    EndWork(Index),
    Drop(Index),
}

fn op() -> impl Strategy<Value = Op> {
    let thing = any::<Index>;
    let frame = || 0..FRAMES;
    let traced = proptest::sample::subsequence((0..FRAMES).collect::<Vec<_>>(), 0..=3);
    prop_oneof![
        1 => (any::<Index>(), traced, any::<bool>(), any::<bool>())
            .prop_map(|(process, traced, works, watched)| Op::Read { process, traced, works, watched }),
        6 => (thing(), any::<Index>()).prop_map(|(thing, to)| Op::Send { thing, to }),
        6 => any::<usize>().prop_map(Op::Arrive),
        4 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Op::Tell { from, to }),
        4 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Op::Settle { from, to }),
        4 => (thing(), frame()).prop_map(|(thing, frame)| Op::Hop { thing, frame }),
        2 => (thing(), frame()).prop_map(|(thing, frame)| Op::Pinned { thing, frame }),
        2 => (thing(), frame()).prop_map(|(thing, frame)| Op::Fail { thing, frame }),
        1 => (thing(), 0..100_usize).prop_map(|(thing, bytes)| Op::Charge { thing, bytes }),
        1 => thing().prop_map(Op::Write),
        1 => thing().prop_map(Op::EndWork),
        4 => thing().prop_map(Op::Drop),
    ]
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    proptest::collection::vec(op(), 1..150)
}

fn apply(world: &mut World, op: Op) {
    let (things, processes) = (world.things.len(), world.processes.len());
    if things == 0 && !matches!(op, Op::Arrive(_) | Op::Tell { .. } | Op::Settle { .. }) {
        return world.read(processes - 1, &[0], true, true);
    }
    match op {
        Op::Read { process, traced, works, watched } => {
            world.read(process.index(processes), &traced, works, watched);
        }
        Op::Send { thing, to } => world.send(thing.index(things), to.index(processes)),
        Op::Arrive(which) => world.arrive(which),
        Op::Tell { from, to } => world.tell(from.index(processes), to.index(processes)),
        Op::Settle { from, to } => {
            world.settle(from.index(processes), to.index(processes)).unwrap();
        }
        Op::Hop { thing, frame } => world.hop(thing.index(things), frame),
        Op::Pinned { thing, frame } => world.pinned(thing.index(things), frame),
        Op::Fail { thing, frame } => world.fail(thing.index(things), frame),
        Op::Charge { thing, bytes } => world.charge(thing.index(things), bytes),
        Op::Write(thing) => world.write(thing.index(things)),
        Op::EndWork(thing) => world.end_work(thing.index(things)),
        Op::Drop(thing) => world.drop_thing(thing.index(things)),
    }
}

/// All that was made is dropped, and all that was told has arrived.
fn finish(world: &mut World) {
    world.run().unwrap();
    while !world.things.is_empty() {
        world.drop_thing(0);
        world.check_holds();
    }
    world.run().unwrap();
}

fn check_end(world: &World) {
    for process in &world.processes {
        assert!(process.lenders.iter().all(|lender| lender.close() == Ok(())));
        assert!(process.borrowers.iter().all(|borrower| borrower.close() == Ok(())));
    }
    let count = |number: &AtomicUsize| number.load(Ordering::Relaxed);
    for read in &world.reads {
        assert_eq!((count(&read.all.released), count(&read.all.charged)), (1, read.charged));
        if let Some(work) = &read.work {
            assert_eq!((count(&work.released), count(&work.writes)), (1, read.writes));
        }
        for (frame, made) in &read.hops {
            let trace = &read.traces[frame];
            let mut kept: Vec<_> = trace.hops().iter().map(|hop| hop.at.0).collect();
            assert_eq!(kept.len() + trace.hops_left_out(), made.len());
            kept.sort_unstable();
            kept.dedup();
            assert_eq!(kept.len(), trace.hops().len(), "each hop comes home once");
        }
    }
    let mut reasons: Vec<usize> =
        world.letters.iter().map(|letter| letter.reason.parse().unwrap()).collect();
    reasons.sort_unstable();
    assert!(reasons.into_iter().eq(1..=world.failures), "each dead letter comes home once");
    for (read, frame, way) in &world.ways {
        let hops = world.reads[*read].traces[frame].hops();
        let places = way.iter().filter_map(|at| hops.iter().position(|hop| hop.at.0 == *at));
        assert!(places.is_sorted(), "the hops of a message are in its order");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_is_released_once_and_when_everything_is_dropped_and_all_news_come_home(
        count in 2..=4_usize, ops in ops()
    ) {
        let mut world = World::new(count);
        for op in ops {
            apply(&mut world, op);
            world.check_holds();
        }
        finish(&mut world);
        check_end(&world);
    }

    #[test]
    fn what_a_lost_process_had_is_never_released_and_those_who_lent_it_end_with_an_error(
        count in 2..=4_usize, killed: Index, ops in ops()
    ) {
        let mut world = World::new(count);
        for op in ops {
            apply(&mut world, op);
        }
        // Whoever has an error ends, too, and is lost for the others.
        let mut ended = vec![killed.index(count)];
        let mut next = 0;
        while let Some(gone) = ended.get(next).copied() {
            world.kill(gone);
            world.check_holds();
            let errs = |process: &Process| {
                process.lenders[gone].close().is_err() || process.borrowers[gone].close().is_err()
            };
            let processes = world.processes.iter().enumerate();
            let more = processes.filter(|(at, process)| !ended.contains(at) && errs(process));
            let more: Vec<_> = more.map(|(at, _)| at).collect();
            ended.extend(more);
            next += 1;
        }
        // The others go on for as long as they run.
        finish(&mut world);
        // Not even when the tables are gone.
        let World { processes, reads, things, .. } = world;
        prop_assert!(things.is_empty());
        drop(processes);
        for read in reads.iter().filter(|read| read.lost) {
            prop_assert!(ended.contains(&read.process), "its home goes on as if nothing was lost");
            prop_assert!(!read.is_released());
        }
    }
}
