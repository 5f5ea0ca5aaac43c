//! A process that does not belong to the others is told in one line what differs, and they still meet.

use wallaroo::wire::secret::Secret;

use crate::crowd::{Coming, Crowd, list, meet_all};

/// A process 1 of this crowd is turned away by one of `right`, with these words; then the right one comes, and all meet.
async fn turned_away(change: impl FnOnce(&mut Crowd), words: &[&str]) {
    let right = Crowd::of(2);
    let first = right.bind(0, None);
    let one = right.bind(1, Some(&first));
    let mut wrong = right.clone();
    change(&mut wrong);
    let wrong = Coming::start(wrong.bind(1, Some(&first)));
    let address = first.address().to_string();
    let first = Coming::start(first);
    let said = wrong.failed().await;
    assert!(said.starts_with(&format!("process 0 at {address} turns process 1 away: ")), "{said}");
    for word in words {
        assert!(said.contains(word) && !said.contains('\n'), "{said}");
        first.told(word).await;
    }
    let one = Coming::start(one);
    assert_eq!(first.met().await.1.life, one.met().await.1.life);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_with_another_secret_is_told() {
    let words = ["its secret is not that of the other process"];
    turned_away(|crowd| crowd.secret = Secret::random(), &words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_another_build_is_told() {
    let words = ["its program is 0.2.0 and that of process 0 is 0.1.0 7 abc"];
    turned_away(|crowd| crowd.identity.build = "0.2.0".to_owned(), &words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_gives_keys_to_other_workers_is_told() {
    let words = ["its program gives keys to other workers"];
    turned_away(|crowd| crowd.identity.placement = 1, &words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_with_another_application_or_another_option_is_told() {
    let words = ["its --app is reverse and that of process 0 is alphabet"];
    turned_away(|crowd| crowd.identity.app = "reverse".to_owned(), &words).await;
    let words = ["its --slots is 9 and that of process 0 is 8"];
    let change = |crowd: &mut Crowd| {
        crowd.identity.options.insert("slots".to_owned(), "9".to_owned());
    };
    turned_away(change, &words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_with_another_topology_is_told() {
    let words = ["the steps, states or declared keys of its application"];
    turned_away(|crowd| crowd.identity.topology = 1, &words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_with_another_list_is_told() {
    let words = ["its --cluster has 3 addresses and that of process 0 has 2"];
    turned_away(|crowd| crowd.processes = 3, &words).await;
    let crowd = Crowd::of(3);
    let first = crowd.bind(0, None);
    let address = first.address().to_string();
    let other = format!("{address},127.0.0.9:0,127.0.0.4:0");
    let wrong = Coming::start(crowd.bind_in(&other, 1));
    let (one, two) = (crowd.bind(1, Some(&first)), crowd.bind(2, Some(&first)));
    // One whose process 0 is another one.
    let own = one.address().to_string();
    let swapped = Coming::start(crowd.bind_in(&list(3, Some(own)), 2));
    let (first, one) = (Coming::start(first), Coming::start(one));
    let said = wrong.failed().await;
    let words = "its --cluster has it at 127.0.0.9:0 and that of process 0 at 127.0.0.3:0";
    assert!(said.contains(words), "{said}");
    let said = swapped.failed().await;
    assert!(said.contains("the process there is not process 0"), "{said}");
    let two = Coming::start(two);
    let life = first.met().await.1.life;
    assert_eq!([one.met().await.1.life, two.met().await.1.life], [life; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_turned_away_can_come_again_as_the_right_one() {
    // The secret is proved at both ends: process 0 with another one is told the same way.
    let crowd = Crowd::of(2);
    let other = Crowd { secret: Secret::random(), ..crowd.clone() };
    let first = crowd.bind(0, None);
    let wrong = Coming::start(other.bind(1, Some(&first)));
    let one = crowd.bind(1, Some(&first));
    let first = Coming::start(first);
    first.told("its secret is not that of the other process").await;
    drop(wrong.failed().await);
    let one = Coming::start(one);
    let met = [first.met().await, one.met().await];
    let again = met.into_iter().map(|(meeting, _)| meeting);
    assert_eq!(meet_all(again).await.len(), 2);
}
