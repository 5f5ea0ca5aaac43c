//! What processes lend each other.

mod held;
mod model;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use held::{FRAMES, failure, frames_of, hop};
use world::World;

use super::{Borrower, Lender, LoanError, LoanNumber, News, Notice};
use crate::core::frames::pins::Pins;
use crate::core::frames::trace::HOP_LIMIT;

fn notice(loan: LoanNumber, news: News) -> Vec<Notice> {
    vec![Notice { loan, news }]
}

#[test]
fn a_loan_that_is_unknown_or_returned_twice_is_an_error() {
    let lender = Lender::default();
    let loan = lender.lend(&Arc::new(frames_of(1))).number;
    let unknown = LoanNumber(loan.0 + 1);
    for news in [News::Returned, News::Worked, News::Charged(1), News::Writing(true)] {
        let error = lender.settle(notice(unknown, news)).err();
        assert_eq!(error, Some(LoanError::NotOpen(unknown)));
    }
    assert_eq!(lender.close(), Err(LoanError::NotReturned(1)));
    assert!(lender.settle(notice(loan, News::Returned)).is_ok());
    assert_eq!(lender.close(), Ok(()));
    let again = lender.settle(notice(loan, News::Returned)).err();
    assert_eq!(again, Some(LoanError::NotOpen(loan)));
}

#[test]
fn news_that_do_not_fit_the_loan_are_an_error() {
    let lender = Lender::default();
    let mut frames = frames_of(1);
    frames.begin_trace(&"p".into(), 0);
    let loan = lender.lend(&Arc::new(frames)).number;
    let fails = |news| lender.settle(notice(loan, news)).err();
    let letter = |frame| News::DeadLetter { frame, failure: failure("no".to_owned()) };
    let no_frame = LoanError::NoFrame { loan, frame: FRAMES };
    assert_eq!(fails(letter(FRAMES)), Some(no_frame));
    assert_eq!(fails(letter(FRAMES - 1)), None);
    let not_traced = LoanError::NotTraced { loan, frame: 1 };
    assert_eq!(fails(News::Hop { frame: 1, hop: hop(1) }), Some(not_traced));
    assert_eq!(fails(News::Hop { frame: 0, hop: hop(1) }), None);
    // Nothing is held for the steps.
    for news in [News::Worked, News::Writing(true), News::Writing(false)] {
        assert_eq!(fails(news), Some(LoanError::OutOfTurn(loan)));
    }
}

#[test]
fn a_borrower_wakes_once_for_all_that_waits_and_adds_up_what_it_can() {
    let woken = Arc::new(AtomicUsize::new(0));
    let wakes = Arc::clone(&woken);
    let borrower = Borrower::new(Arc::default(), move || {
        wakes.fetch_add(1, Ordering::Relaxed);
    });
    let (lender, mut frames) = (Lender::default(), frames_of(1));
    frames.begin_trace(&"p".into(), 0);
    let loan = lender.lend(&Arc::new(frames));
    let frames_here = borrower.borrow(&loan, &Pins::default());
    assert_eq!((woken.load(Ordering::Relaxed), borrower.open_loans()), (0, 1));
    frames_here.charge(2);
    frames_here.charge(3);
    let trace = frames_here.trace(0).unwrap();
    (0..2 * HOP_LIMIT as u64).for_each(|at| trace.push(hop(at)));
    assert_eq!(borrower.close(), Err(LoanError::LenderIsGone(1)));
    drop((frames_here, trace));
    let mut notices = borrower.take();
    assert_eq!((woken.load(Ordering::Relaxed), borrower.close()), (1, Ok(())));
    let mut news = notices.drain(..).map(|Notice { loan: of, news }| {
        assert_eq!(of, loan.number);
        news
    });
    assert_eq!(news.next(), Some(News::Charged(5)));
    for at in 0..HOP_LIMIT as u64 {
        assert_eq!(news.next(), Some(News::Hop { frame: 0, hop: hop(at) }));
    }
    assert_eq!(news.next(), Some(News::LeftOut { frame: 0, hops: HOP_LIMIT as u64 }));
    assert_eq!((news.next(), news.next()), (Some(News::Returned), None));
}

#[test]
fn what_a_failed_process_drops_is_not_returned() {
    let failed = Arc::new(AtomicBool::new(false));
    let borrower = Borrower::new(Arc::clone(&failed), || ());
    let lender = Lender::default();
    let frames_here = borrower.borrow(&lender.lend(&Arc::new(frames_of(1))), &Pins::default());
    failed.store(true, Ordering::Release);
    drop(frames_here);
    assert!(borrower.take().is_empty());
    assert!(borrower.close().is_err());
}

#[test]
fn two_processes_that_begin_the_trace_of_one_frame_begin_one_trace() {
    let mut world = World::new(3);
    world.read(0, &[], true, true);
    for to in [1, 2] {
        world.send(0, to);
        world.arrive(0);
        world.pinned(to, 1);
    }
    // Both were sent on before the trace began: the third process begins it, too.
    world.send(1, 2);
    world.arrive(0);
    world.hop(3, 1);
    world.run().unwrap();
    let trace = &world.reads[0].traces[&1];
    let mut hops: Vec<_> = trace.hops().iter().map(|hop| hop.at.0).collect();
    hops.sort_unstable();
    assert_eq!(hops, [1, 2, 3]);
    assert_eq!(world.reads[0].traces.len(), 1);
}

#[test]
fn the_steps_of_lent_frames_are_done_before_their_outputs_are() {
    let mut world = World::new(3);
    world.read(0, &[], true, false);
    world.send(0, 1);
    world.arrive(0);
    world.drop_thing(0);
    world.send(0, 2);
    world.arrive(0);
    world.drop_thing(0);
    world.end_work(0);
    world.run().unwrap();
    let released = |world: &World| {
        let read = &world.reads[0];
        let work = read.work.as_ref().unwrap();
        [work, &read.all].map(|held| held.released.load(Ordering::Relaxed))
    };
    assert_eq!(released(&world), [1, 0]);
    world.drop_thing(0);
    assert_eq!(released(&world), [1, 0]);
    world.run().unwrap();
    assert_eq!(released(&world), [1, 1]);
}
