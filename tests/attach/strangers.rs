//! Whoever comes to a run costs it nothing: silence, nonsense, and those that never read.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wallaroo::session::remote::{self, Reach, Remote};
use wallaroo::session::watched::Watched;
use wallaroo::session::wire::address::ControlAddress;

use crate::hosted::{Hosted, all, attach, look_until};
use crate::support::frames::votes;
use crate::support::waiting::{LIMIT, wait_until};

fn connect(hosted: &Hosted) -> UnixStream {
    let stream = UnixStream::connect(hosted.socket()).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream
}

/// The first thing that the run says.
fn challenge(stream: &mut UnixStream) -> Vec<u8> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).unwrap();
    let mut body = vec![0; u32::from_be_bytes(header) as usize];
    stream.read_exact(&mut body).unwrap();
    body
}

/// Reads until the run ends the connection.
fn let_go(mut stream: UnixStream) {
    let mut rest = Vec::new();
    // An end with bytes that nobody has read is a reset.
    let _ = stream.read_to_end(&mut rest);
    assert!(rest.len() < 1000, "{} bytes for a stranger", rest.len());
}

fn goes_on(hosted: &Hosted) {
    let mut remote = hosted.attach();
    let before = remote.snapshot().totals.messages_in;
    hosted.with(|session| {
        let vote = votes([(b'a', 1)]).into();
        session.engine().inject(wallaroo::core::numbers::PipelineIndex(0), vote).unwrap();
    });
    look_until(&mut remote, &all(), "one more vote", |seen| seen.totals.messages_in == before + 1);
}

#[test]
fn nonsense_huge_frames_and_half_a_hello_are_let_go() {
    let hosted = Hosted::start();
    let huge: &[u8] = b"\xff\xff\xff\xff";
    let nonsense: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let no_hello: &[u8] = b"\0\0\0\x04\x84\xa1a\x01";
    let deep = [&[0, 0, 0x0f, 0xff][..], &[0x91; 0x0fff]].concat();
    // In a field that nobody knows, where everything is passed over.
    let unknown = [&b"\0\0\x03\xbd\xdf\0\0\0\x01\xa1x"[..], &[0x91; 950]].concat();
    for bytes in [huge, nonsense, no_hello, &deep, &unknown] {
        let mut stream = connect(&hosted);
        challenge(&mut stream);
        let _ = stream.write_all(bytes);
        let_go(stream);
        goes_on(&hosted);
    }
    // Half a hello, and then an end or silence: the run waits for a few seconds only.
    let mut stream = connect(&hosted);
    challenge(&mut stream);
    stream.write_all(b"\0\0\0\x40\x84").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let_go(stream);
    let mut stream = connect(&hosted);
    challenge(&mut stream);
    stream.write_all(b"\0\0\0\x40\x84").unwrap();
    let_go(stream);
    goes_on(&hosted);
}

/// A hello as another program says it.
#[derive(serde::Serialize)]
struct Hello {
    protocol: u32,
    nonce: [u8; 32],
    proof: Option<[u8; 32]>,
    purpose: Purpose,
}

#[derive(serde::Serialize)]
enum Purpose {
    Watch { read_only: bool, build: String },
}

#[test]
fn another_program_is_told_to_be_the_same() {
    let hosted = Hosted::start();
    let mut stream = connect(&hosted);
    challenge(&mut stream);
    let build = env!("CARGO_PKG_VERSION").to_owned();
    let purpose = Purpose::Watch { read_only: false, build };
    let hello = Hello { protocol: 2, nonce: [7; 32], proof: None, purpose };
    let hello = rmp_serde::to_vec_named(&hello).unwrap();
    stream.write_all(&u32::try_from(hello.len()).unwrap().to_be_bytes()).unwrap();
    stream.write_all(&hello).unwrap();
    let reply = challenge(&mut stream);
    let reply = String::from_utf8_lossy(&reply);
    assert!(reply.contains("attach with the program that runs there"), "{reply}");
    let_go(stream);
}

#[test]
fn many_that_say_nothing_keep_nobody_out() {
    let hosted = Hosted::start();
    let silent: Vec<_> = (0..150).map(|_| connect(&hosted)).collect();
    goes_on(&hosted);
    drop(silent);
}

#[test]
fn one_that_never_reads_holds_up_neither_the_run_nor_others() {
    let hosted = Hosted::start();
    // A relay that stops to read: to the run, it is one that looks and does not read any more.
    let relay = hosted.socket().with_file_name("relay");
    let listener = std::os::unix::net::UnixListener::bind(&relay).unwrap();
    let run = hosted.socket();
    thread::spawn(move || {
        let (mut near, _) = listener.accept().unwrap();
        let mut far = UnixStream::connect(run).unwrap();
        let (mut near_reads, mut far_writes) =
            (near.try_clone().unwrap(), far.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut near_reads, &mut far_writes));
        // The handshake and the first update, and nothing after them.
        let mut piece = [0; 4096];
        for _ in 0..3 {
            let read = far.read(&mut piece).unwrap();
            near.write_all(&piece[..read]).unwrap();
        }
        let mut rest = far.take(200_000);
        let _ = std::io::copy(&mut rest, &mut near);
        thread::sleep(Duration::from_hours(1));
    });
    let stuck = attach(&relay);
    let mut other = hosted.attach();
    let load = wallaroo::core::load::settings::LoadSettings::default().at_rate(20_000);
    hosted.with(move |session| session.load(load).unwrap());
    look_until(&mut other, &all(), "much load", |seen| seen.totals.messages_in > 100_000);
    hosted.with(wallaroo::Session::stop_load);
    let messages = hosted.snapshot(&all()).totals.messages_in;
    look_until(&mut other, &all(), "all of it", |seen| seen.totals.messages_in >= messages);
    drop(stuck);
    wait_until("the run", || hosted.snapshot(&all()).run_state == wallaroo::RunState::Running);
}

fn reach(hosted: &Hosted) -> Reach {
    Reach { address: ControlAddress::Unix(hosted.socket()), secret: None, read_only: false }
}

/// How many may look at once, and how many more may ask for something.
const SEATS: usize = 32;

const TOO_MANY: &str = "too many are connected to this run already: try again later";

#[test]
fn one_more_than_may_look_is_told_so_until_another_one_leaves() {
    let hosted = Hosted::start();
    let mut attached: Vec<_> = (0..SEATS).map(|_| hosted.attach()).collect();
    let refused = Remote::attach(reach(&hosted)).err().unwrap();
    assert!(refused.to_string().contains(TOO_MANY), "{refused}");
    // Those who only ask have places of their own.
    assert_eq!(remote::status(&reach(&hosted)).unwrap().viewers, SEATS);
    drop(attached.pop());
    wait_until("a free place", || match Remote::attach(reach(&hosted)) {
        Ok(remote) => {
            attached.push(remote);
            true
        }
        Err(_) => false,
    });
    hosted.with(|session| session.engine().pause());
    for remote in &mut attached {
        look_until(remote, &all(), "the pause", |seen| {
            seen.run_state != wallaroo::RunState::Running
        });
    }
}

/// One that asks, on a thread of its own.
type Asking = JoinHandle<Result<(), remote::NoAnswer>>;

#[test]
fn one_more_than_may_ask_is_told_so_and_all_others_are_answered() {
    let hosted = Hosted::start();
    let (go_on, wait) = channel::<()>();
    let (busy, is_busy) = channel();
    let (status, stop): (Vec<Asking>, Vec<Asking>) = thread::scope(|scope| {
        // Nobody is answered before it goes on.
        let hosted = &hosted;
        scope.spawn(move || {
            hosted.with(move |_| {
                busy.send(()).unwrap();
                wait.recv()
            })
        });
        is_busy.recv().unwrap();
        let status = |_| {
            let reach = reach(hosted);
            thread::spawn(move || remote::status(&reach).map(drop))
        };
        let stop = |_| {
            let reach = reach(hosted);
            thread::spawn(move || remote::stop(&reach))
        };
        let status: Vec<_> = (0..SEATS / 2).map(status).collect();
        let stop: Vec<_> = (0..=SEATS / 2).map(stop).collect();
        wait_until("the one too many", || status.iter().chain(&stop).any(Asking::is_finished));
        go_on.send(()).unwrap();
        (status, stop)
    });
    wait_until("the figures", || status.iter().all(Asking::is_finished));
    // Those that wait for the end are told that it has come.
    drop(hosted);
    let answers = status.into_iter().chain(stop).map(|asking| asking.join().unwrap());
    let refused: Vec<_> = answers.filter_map(Result::err).map(|error| error.to_string()).collect();
    assert!(matches!(&*refused, [refused] if refused.contains(TOO_MANY)), "{refused:?}");
}
