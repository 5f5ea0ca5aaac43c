//! Processes that have nothing against each other meet.

use std::io::{Read, Write};
use std::net::TcpListener;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wallaroo::cluster::meeting::{MeetError, Meeting, Met, Notice, Peer};
use wallaroo::core::numbers::ProcessIndex;

use crate::crowd::{Coming, Crowd, in_time, list, meet_all};
use crate::support::waiting::LIMIT;

/// All have met in one life, and each pair shares two connections, of which each end knows the purpose.
async fn check(all: &mut [(Meeting, Met)]) {
    let life = all[0].1.life;
    for me in 0..all.len() {
        let name = u8::try_from(me).unwrap();
        assert_eq!(all[me].1.life, life);
        assert!(all[me].1.peers[me].is_none());
        for other in (0..all.len()).filter(|other| *other != me) {
            let from = all[me].1.peers[other].as_mut().unwrap();
            from.data.write_all(&[name, b'd']).unwrap();
            in_time(from.side.write_all(&[name, b's'])).await.unwrap();
            let address = all[other].0.address().clone();
            let to: &mut Peer = all[other].1.peers[me].as_mut().unwrap();
            let mut bytes = [0; 4];
            to.data.set_read_timeout(Some(LIMIT)).unwrap();
            to.data.read_exact(&mut bytes[..2]).unwrap();
            in_time(to.side.read_exact(&mut bytes[2..])).await.unwrap();
            assert_eq!(bytes, [name, b'd', name, b's']);
            assert_eq!(all[me].1.peers[other].as_ref().unwrap().address, address);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_two_and_three_processes_meet_and_each_two_share_two_connections() {
    for processes in [1, 2, 3] {
        let mut met = meet_all(Crowd::of(processes).bind_all()).await;
        check(&mut met).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_processes_meet_again_in_another_life() {
    let mut lives = Vec::new();
    let mut all = Crowd::of(3).bind_all();
    for _ in 0..3 {
        let mut met = meet_all(all).await;
        check(&mut met).await;
        lives.push(met[0].1.life);
        all = met.into_iter().map(|(meeting, _)| meeting).collect();
    }
    lives.sort();
    lives.dedup();
    assert_eq!(lives.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_who_is_awaited_and_one_that_dies_meanwhile_may_come_again() {
    let crowd = Crowd::of(3);
    let first = crowd.bind(0, None);
    let (one, two) = (crowd.bind(1, Some(&first)), crowd.bind(2, Some(&first)));
    let again = crowd.bind(1, Some(&first));
    let first = Coming::start(first);
    first.told("waiting for processes 1, 2").await;
    let one = Coming::start(one);
    one.told("waiting for process 2").await;
    first.told("waiting for process 2").await;
    one.task.abort();
    first.told("process 1 has gone: waiting for it").await;
    let (two, one) = (Coming::start(two), Coming::start(again));
    let mut met = vec![first.met().await, one.met().await, two.met().await];
    check(&mut met).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn process_0_may_come_last_or_die_and_come_again() {
    let crowd = Crowd::of(2);
    // The port of a process 0 that is not there yet.
    let port = TcpListener::bind("127.0.0.2:0").unwrap().local_addr().unwrap().port();
    let list = list(2, Some(format!("127.0.0.2:{port}")));
    let one = Coming::start(crowd.bind_in(&list, 1));
    one.told(&format!("waiting for process 0 at 127.0.0.2:{port}: ")).await;
    let mut met = {
        let first = Coming::start(crowd.bind_in(&list, 0));
        vec![first.met().await, one.met().await]
    };
    check(&mut met).await;
    let (Some((one, _)), Some(dead)) = (met.pop(), met.pop()) else { panic!("two have met") };
    let one = Coming::start(one);
    drop(dead);
    one.told("waiting for process 0").await;
    let first = Coming::start(crowd.bind_in(&list, 0));
    check(&mut [first.met().await, one.met().await]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_with_the_same_index_takes_the_place_of_the_first_which_is_told() {
    let crowd = Crowd::of(3);
    let first = crowd.bind(0, None);
    let mut others = Vec::new();
    for index in [1, 1, 2] {
        others.push(crowd.bind(index, Some(&first)));
    }
    let first = Coming::start(first);
    let mut others = others.into_iter();
    let replaced = Coming::start(others.next().unwrap());
    first.told("process 1 has come").await;
    let one = Coming::start(others.next().unwrap());
    assert_eq!(
        replaced.failed().await,
        "another process has come as process 1: give each process a --process of its own"
    );
    first.told("another process has come as process 1: it takes the place of the first").await;
    let two = Coming::start(others.next().unwrap());
    let mut met = vec![first.met().await, one.met().await, two.met().await];
    check(&mut met).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_stopped_is_called_off_for_all_that_have_come_and_for_no_others() {
    let crowd = Crowd::of(3);
    let first = crowd.bind(0, None);
    let (one, two) = (crowd.bind(1, Some(&first)), crowd.bind(2, Some(&first)));
    let one = Coming::start(one);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (told, mut came) = tokio::sync::mpsc::unbounded_channel();
    let hosting = tokio::spawn(async move {
        let called_off = async { drop(stopped.await) };
        let met = first.meet_unless(|notice| drop(told.send(notice)), called_off).await;
        (first, met)
    });
    while in_time(came.recv()).await != Some(Notice::Came(ProcessIndex(1))) {}
    stop.send(()).unwrap();
    let (first, met) = in_time(hosting).await.unwrap();
    assert!(matches!(met, Err(MeetError::CalledOff)), "{met:?}");
    one.told("the run was stopped before its processes had met").await;
    assert_eq!(one.failed().await, "the run was stopped before its processes had met");
    // Whoever comes later meets those of the next run.
    let one = crowd.bind(1, Some(&first));
    let all = [first, one, two].map(Coming::start);
    let mut met = Vec::new();
    for one in all {
        met.push(one.met().await);
    }
    check(&mut met).await;
}
