//! What two processes that have met say to each other, and how one notices that the other is lost.

use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use wallaroo::cluster::side::{Hear, Heard, How, Tell, open};
use wallaroo::core::numbers::ProcessIndex;

use crate::crowd::in_time;
use crate::support::relay::Relay;

const ZERO: ProcessIndex = ProcessIndex(0);
const ONE: ProcessIndex = ProcessIndex(1);

/// Long enough that no machine is too slow.
const LONG: Duration = Duration::from_mins(5);

const SHORT: Duration = Duration::from_millis(300);

type Message = (u64, String);
type End = (Tell, Hear<Message>);

/// Two processes, of which the first calls the second through a relay.
async fn pair(patience: Duration) -> (Relay, End, End) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relay = Relay::to(listener.local_addr().unwrap());
    let zero = TcpStream::connect(relay.address()).await.unwrap();
    let one = in_time(listener.accept()).await.unwrap().0;
    (relay, open(vec![None, Some(zero)], patience), open(vec![Some(one), None], patience))
}

async fn said(end: &mut End) -> Message {
    match in_time(end.1.next()).await {
        Some(Heard::Said(_, message)) => message,
        other => panic!("{other:?}"),
    }
}

async fn lost(end: &mut End) -> How {
    match in_time(end.1.next()).await {
        Some(Heard::Lost(_, how)) => {
            assert!(in_time(end.1.next()).await.is_none(), "a lost process is heard");
            how
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_is_heard_in_order_and_two_that_leave_do_not_lose_each_other() {
    let (_relay, mut zero, mut one) = pair(LONG).await;
    for number in 0..1000 {
        zero.0.tell(ONE, &(number, "a")).await.unwrap();
        one.0.tell(ZERO, &(number, "b")).await.unwrap();
    }
    for number in 0..1000 {
        assert_eq!(said(&mut one).await, (number, "a".to_owned()));
        assert_eq!(said(&mut zero).await, (number, "b".to_owned()));
    }
    assert!(zero.0.tell(ZERO, &0).await.is_err(), "a process told itself something");
    zero.0.leave(ONE).await;
    assert!(matches!(in_time(one.1.next()).await, Some(Heard::Left(ZERO))));
    assert!(one.0.tell(ZERO, &0).await.is_err(), "a process that has left was told something");
    one.0.leave(ZERO).await;
    assert!(matches!(in_time(zero.1.next()).await, Some(Heard::Left(ONE))));
    assert!(in_time(zero.1.next()).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_still_for_longer_than_the_patience_is_lost_at_both_ends() {
    let (relay, mut zero, mut one) = pair(SHORT).await;
    relay.stall();
    for how in [lost(&mut zero).await, lost(&mut one).await] {
        assert!(matches!(how, How::Silent(silent) if silent >= SHORT), "{how:?}");
        assert!(how.to_string().starts_with("it has given no sign of life for "), "{how}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_still_for_a_shorter_time_is_not_lost_and_nothing_is() {
    let (relay, zero, mut one) = pair(LONG).await;
    relay.stall();
    for number in 0..100 {
        zero.0.tell(ONE, &(number, "x".repeat(1000))).await.unwrap();
    }
    sleep(Duration::from_millis(100)).await;
    relay.go_on();
    for number in 0..100 {
        assert_eq!(said(&mut one).await.0, number);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_a_half_close_and_a_reset_are_noticed_without_waiting_for_the_patience() {
    let ended = |how: &How| matches!(how, How::Ended | How::Failed(_));
    let (relay, mut zero, mut one) = pair(LONG).await;
    relay.cut();
    for how in [lost(&mut zero).await, lost(&mut one).await] {
        assert!(ended(&how), "{how:?}");
    }
    let (relay, mut zero, mut one) = pair(LONG).await;
    relay.half_close();
    // The other end of one that is lost is closed.
    for how in [lost(&mut zero).await, lost(&mut one).await] {
        assert!(ended(&how), "{how:?}");
    }
    let (relay, mut zero, mut one) = pair(LONG).await;
    relay.reset();
    for how in [lost(&mut zero).await, lost(&mut one).await] {
        assert!(ended(&how), "{how:?}");
    }
}

// On one thread: if the machine is slow, both ends stand still, and neither takes the other one for lost.
#[tokio::test]
async fn a_process_whose_engine_takes_nothing_lives_and_what_waits_for_it_is_bounded() {
    const MIB: usize = 1024 * 1024;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let zero = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let one = listener.accept().await.unwrap().0;
    let zero: End = open(vec![None, Some(zero)], SHORT);
    let mut one: End = open(vec![Some(one), None], SHORT);
    let telling = tokio::spawn(async move {
        for number in 0..100 {
            zero.0.tell(ONE, &(number, "x".repeat(MIB))).await.unwrap();
        }
        zero
    });
    // The engine of process 1 is busy for many times the patience.
    sleep(SHORT * 6).await;
    assert!(!telling.is_finished(), "more than a window waits");
    for number in 0..100 {
        assert_eq!(said(&mut one).await.0, number);
    }
    let mut zero = in_time(telling).await.unwrap();
    one.0.tell(ZERO, &(7, "")).await.unwrap();
    assert_eq!(said(&mut zero).await.0, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_says_nonsense_is_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let one = listener.accept().await.unwrap().0;
    let mut one: End = open(vec![Some(one), None], LONG);
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let how = lost(&mut one).await;
    assert!(matches!(how, How::Nonsense(_)), "{how:?}");
}
