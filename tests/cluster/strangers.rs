//! Whoever else comes: nobody is kept out, and what is left of an earlier life is refused.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wallaroo::cluster::meeting::{Life, Refusal};
use wallaroo::core::numbers::ProcessIndex;
use wallaroo::wire::frame::{encode, read};
use wallaroo::wire::secret::{Nonce, Proof, Secret, Side};

use crate::crowd::{Coming, Crowd, in_time, meet_all};

/// The messages of a handshake, as their bytes are.
#[derive(Deserialize)]
struct Challenge {
    protocol: u32,
    nonce: Nonce,
}

#[derive(Serialize)]
struct Call {
    protocol: u32,
    nonce: Nonce,
    proof: Proof,
    purpose: Purpose,
}

#[derive(Serialize)]
enum Purpose {
    Link(Link),
}

#[derive(Serialize)]
struct Link {
    life: Life,
    from: ProcessIndex,
    channel: Channel,
}

#[derive(Serialize)]
enum Channel {
    Side,
}

#[derive(Debug, Deserialize)]
enum Reply {
    Accepted(#[expect(dead_code, reason = "a proof")] Proof),
    Refused(Refusal),
}

/// Calls a process with the right secret, for a connection of this life. The second value is the bytes of the call.
async fn call(address: &str, secret: &Secret, life: Life) -> (TcpStream, Vec<u8>) {
    let mut stream = in_time(TcpStream::connect(address)).await.unwrap();
    let challenge: Challenge = in_time(read(&mut stream, 4096)).await.unwrap().unwrap();
    let nonce = [7; 32];
    let proof = secret.prove(Side::Caller, [&challenge.nonce, &nonce]);
    let link = Link { life, from: ProcessIndex(1), channel: Channel::Side };
    let purpose = Purpose::Link(link);
    let call = Call { protocol: challenge.protocol, nonce, proof, purpose };
    let bytes = encode(&call).unwrap();
    (stream, bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_of_an_old_life_is_refused_and_the_others_meet() {
    let crowd = Crowd::of(2);
    let met = meet_all(crowd.bind_all()).await;
    let old = met[0].1.life;
    let mut all = met.into_iter().map(|(meeting, _)| meeting);
    let (first, one) = (all.next().unwrap(), all.next().unwrap());
    let address = first.address().to_string();
    let first = Coming::start(first);
    for _ in 0..3 {
        let (mut stream, bytes) = call(&address, &crowd.secret, old).await;
        stream.write_all(&bytes).await.unwrap();
        let reply: Reply = in_time(read(&mut stream, 4096)).await.unwrap().unwrap();
        assert!(matches!(reply, Reply::Refused(Refusal::OtherLife)), "{reply:?}");
    }
    let one = Coming::start(one);
    let life = first.met().await.1.life;
    assert_eq!(one.met().await.1.life, life);
    assert_ne!(life, old);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_let_go_in_one_line_each_and_keep_nobody_out() {
    let mut crowd = Crowd::of(3);
    crowd.patience.answer = Duration::from_secs(1);
    let all = crowd.bind_all();
    let addresses: Vec<String> = all.iter().map(|one| one.address().to_string()).collect();
    let mut all: Vec<_> = all.into_iter().map(Some).collect();
    let mut start = |index: usize| Coming::start(all[index].take().unwrap());
    let (first, one) = (start(0), start(1));
    first.told("process 1 has come").await;
    // More silent ones than are asked at once, at each of the two.
    let mut silent = Vec::new();
    for address in addresses.iter().take(2).cycle().take(200) {
        silent.push(in_time(TcpStream::connect(address.as_str())).await.unwrap());
    }
    for address in &addresses[..2] {
        for words in
            [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x01\0\0\0abc", b"\xff\xff\xff\xff", b"\0\0\0\x02ab"]
        {
            let mut stream = in_time(TcpStream::connect(address.as_str())).await.unwrap();
            stream.write_all(words).await.unwrap();
            let mut answer = Vec::new();
            // An end with bytes that nobody has read is a reset.
            let _ = in_time(stream.read_to_end(&mut answer)).await;
            assert!(answer.len() < 4096, "{} bytes for a stranger", answer.len());
        }
        // Half a call of one that even knows the secret.
        let (mut stream, bytes) = call(address, &crowd.secret, Life::random()).await;
        stream.write_all(&bytes[..bytes.len() / 2]).await.unwrap();
        drop(stream);
    }
    first.told("is no process of a cluster: it says something else").await;
    one.told("is no process of a cluster: it says something else").await;
    let two = start(2);
    let life = first.met().await.1.life;
    assert_eq!([one.met().await.1.life, two.met().await.1.life], [life; 2]);
    drop(silent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_that_says_nothing_is_told_of() {
    let mut crowd = Crowd::of(2);
    crowd.patience.answer = Duration::from_millis(100);
    let first = crowd.bind(0, None);
    let address = first.address().to_string();
    let first = Coming::start(first);
    let _silent = in_time(TcpStream::connect(address)).await.unwrap();
    first.told("is no process of a cluster: it says nothing").await;
}
