//! What clients of a host send enters at process 0 once and in order, whatever is lost between two rounds.

use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::sync::watch;

use super::came::{Came, Clients, Received};
use super::entering::{Entering, ToClients};
use super::line::{Line, SayCame};
use super::served::{Served, Sources};
use crate::application::{Reason, Source};
use crate::core::clock::Still;
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::framing::big_endian_framing;
use crate::core::frames::pieces::Pieces;
use crate::core::numbers::{PipelineIndex, ProcessIndex, SequenceNumber, Timestamp};
use crate::core::observer::Observer;
use crate::core::topology::Application;
use crate::endpoints::{Connection, Delivery, Endpoint, Entered, Fetch, Intake};
use crate::runtime::clock::StartClock;

const PIPELINE: PipelineIndex = PipelineIndex(0);
const HOST: ProcessIndex = ProcessIndex(1);

/// What has entered: the bytes of frames with their connection and sequence number, and bytes that are no frame.
#[derive(Default)]
struct Seen {
    frames: Mutex<Vec<(u64, u64, Vec<u8>)>>,
    letters: Mutex<Vec<Vec<u8>>>,
}

impl Delivery for Seen {
    fn deliver(&self, connection: Connection, frames: Frames, _: bool) {
        let (first, _) = frames.numbers();
        let entered = (connection.number, first.0, frames.bytes().to_vec());
        self.frames.lock().push(entered);
    }

    fn fetch_from(&self, _: Connection, _: std::sync::Weak<dyn Fetch>) {}
}

impl Observer for Seen {
    fn dead_letter(&self, _: PipelineIndex, letter: DeadLetter) {
        self.letters.lock().push(letter.bytes.to_vec());
    }
}

/// A host's line and its other end, with what is on its way between the two.
struct World {
    line: Arc<Line>,
    entering: Arc<Entering>,
    seen: Arc<Seen>,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
    /// From the host.
    way: Arc<Mutex<Vec<Came>>>,
    /// From process 0.
    back: Arc<Mutex<Vec<ToClients>>>,
    /// What was put at last, and with which connection.
    put: u64,
    connection: u64,
    /// All that is to enter, with its connection.
    expected: Vec<(u64, u64)>,
}

impl World {
    fn new() -> Self {
        let one = NonZeroUsize::MIN;
        let entering = Arc::new(Entering::new(2, [true].into_iter(), 16, one));
        let (stop, stopped) = watch::channel(false);
        let seen = Arc::<Seen>::default();
        let intake = Intake {
            pipeline: PIPELINE,
            name: "p".into(),
            framing: big_endian_framing(1),
            frame_limit: 16,
            clock: Arc::new(Still),
            delivery: Arc::clone(&seen) as Arc<dyn Delivery>,
            observer: Arc::clone(&seen) as Arc<dyn Observer>,
            process: ProcessIndex(0),
            stop: stopped,
            entered: Entered::default(),
        };
        let task = tokio::spawn(Arc::clone(&entering).enter(HOST, Arc::new(intake)));
        let (way, back) = (Arc::default(), Arc::default());
        let (line, put, connection, expected) = (Line::new(PIPELINE, 0), 0, 5, Vec::new());
        let mut world =
            Self { line, entering, seen, stop, task, way, back, put, connection, expected };
        world.round(false);
        world
    }

    /// A round ends, and what is on its way is lost; and another one begins. If the host is another process, what the
    /// earlier one had kept is lost too.
    fn round(&mut self, is_another: bool) {
        self.line.part();
        (self.way, self.back) = (Arc::default(), Arc::default());
        let clients = self.entering.begin(HOST);
        let back = Arc::clone(&self.back);
        self.entering.attach(move |process, what| {
            assert_eq!(process, HOST);
            back.lock().push(what);
        });
        let way = Arc::clone(&self.way);
        let say: SayCame = Arc::new(move |came| way.lock().push(came));
        let received = clients.received[0].unwrap();
        if is_another {
            self.line = Line::new(PIPELINE, received.last);
            self.expected.truncate(usize::try_from(received.last).unwrap());
            self.connection = received.connections;
            let numbers = self.expected.iter().map(|(connection, _)| *connection);
            assert!(numbers.max() < Some(self.connection), "each connection has its number");
        }
        self.line.join(say, received.last);
    }

    /// The next frame of a connection, of so many bytes.
    fn put(&mut self, length: usize) {
        self.put += 1;
        let bytes = Bytes::from([&self.put.to_be_bytes()[..], &vec![0; length]].concat());
        let end = u32::try_from(bytes.len()).unwrap();
        let pieces = Pieces::new(bytes, vec![end], 0);
        let frames = Frames::new("client".into(), SequenceNumber(0), Timestamp(1), 1, pieces);
        self.line.deliver(Connection { number: self.connection, again: false }, frames, false);
        self.expected.push((self.connection, self.put));
    }

    /// So much of what is on its way arrives.
    fn arrives(&self, most: usize) {
        let arrived: Vec<_> = {
            let mut way = self.way.lock();
            let count = most.min(way.len());
            way.drain(..count).collect()
        };
        for came in arrived {
            self.entering.hear(HOST, came).unwrap();
        }
        for what in std::mem::take(&mut *self.back.lock()) {
            if let ToClients::Entered(PIPELINE, number) = what {
                self.line.entered(number);
            }
        }
    }

    /// Ends the source, and checks that all has entered.
    async fn check(mut self) {
        self.round(false);
        self.line.end();
        self.arrives(usize::MAX);
        self.stop.send_replace(true);
        self.task.await.unwrap();
        let frames = self.seen.frames.lock();
        let entered = frames.iter().zip(1..).map(|((connection, sequence, bytes), nth)| {
            assert_eq!(*sequence, nth);
            (*connection, u64::from_be_bytes(*bytes.first_chunk().unwrap()))
        });
        assert_eq!(entered.collect::<Vec<_>>(), self.expected);
    }
}

#[derive(Debug, Clone)]
enum Step {
    Put(usize),
    Arrives(usize),
    Round,
    /// The same, and the host is another process.
    AnotherHost,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop_oneof![Just(0_usize), Just(2 * 1024 * 1024)].prop_map(Step::Put),
        3 => (0_usize..5).prop_map(Step::Arrives),
        1 => Just(Step::Round),
        1 => Just(Step::AnotherHost),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_frame_enters_once_and_in_order_whatever_is_lost_between_rounds(
        steps in vec(step(), 0..30)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new();
            for step in steps {
                match step {
                    Step::Put(length) => world.put(length),
                    Step::Arrives(most) => world.arrives(most),
                    Step::Round => world.round(false),
                    Step::AnotherHost => world.round(true),
                }
                tokio::task::yield_now().await;
            }
            world.check().await;
        });
    }
}

#[tokio::test]
async fn others_wait_until_half_frames_of_clients_that_have_left_have_entered() {
    let world = World::new();
    for _ in 0..64 {
        let bytes = Bytes::from_static(b"\x05ab");
        world.line.broken("client".into(), bytes, 0, "half a frame".to_owned());
    }
    {
        let mut settled = std::pin::pin!(world.line.settled());
        let waits = tokio::time::timeout(std::time::Duration::ZERO, settled.as_mut()).await;
        assert!(waits.is_err(), "as many as may be kept are");
        while world.seen.letters.lock().len() < 64 {
            world.arrives(8);
            tokio::task::yield_now().await;
        }
        world.arrives(0);
        settled.await;
    }
    assert!(world.seen.letters.lock().iter().all(|bytes| *bytes == b"\x05ab"));
    world.check().await;
}

#[tokio::test]
async fn what_a_host_leaves_out_or_cuts_wrongly_is_found_out() {
    let mut world = World::new();
    world.put(0);
    world.put(0);
    let said = world.way.lock().clone();
    let hear = |came| world.entering.hear(HOST, came);
    assert_eq!(
        hear(said[1].clone()),
        Err("it leaves out what its clients have sent"),
        "the first one is not there"
    );
    let wrong = Came { bytes: Bytes::from_static(b"x"), ..said[0].clone() };
    assert_eq!(hear(wrong), Err("it has cut frames wrongly"));
    let of_none = Came { pipeline: PipelineIndex(1), ..said[0].clone() };
    assert_eq!(hear(of_none), Err("it has clients of a source that does not listen"));
    assert_eq!(hear(said[0].clone()), Ok(()));
    assert_eq!(hear(said[0].clone()), Ok(()), "said twice, it enters once");
    world.check().await;
}

#[tokio::test]
async fn others_wait_also_for_few_half_frames_if_they_are_long() {
    let world = World::new();
    let settles = async || {
        let settled = std::pin::pin!(world.line.settled());
        tokio::time::timeout(std::time::Duration::ZERO, settled).await.is_ok()
    };
    let long = Bytes::from(vec![5; 1024 * 1024]);
    assert!(settles().await);
    world.line.broken("client".into(), long, 0, "half a frame".to_owned());
    assert!(!settles().await);
    while world.seen.letters.lock().is_empty() {
        world.arrives(8);
        tokio::task::yield_now().await;
    }
    world.arrives(0);
    assert!(settles().await);
    world.check().await;
}

#[tokio::test]
async fn a_host_that_sends_more_than_a_frame_may_have_is_refused() {
    let world = World::new();
    let part = Came {
        pipeline: PIPELINE,
        number: 1,
        bytes: Bytes::from(vec![0; 1024 * 1024]),
        what: None,
    };
    let heard = (0..6).map(|_| world.entering.hear(HOST, part.clone()));
    let refused = heard.filter(|heard| {
        *heard == Err("it sends more at once than a frame may have") || {
            assert_eq!(*heard, Ok(()));
            false
        }
    });
    assert_eq!(refused.count(), 2, "of a limit of 16 bytes, and 4 MiB beside them");
    world.check().await;
}

#[tokio::test]
async fn asynchronous_code_may_drop_sources_that_listen() {
    let decode = |payload: &[u8]| Ok::<_, Reason>(payload.first().copied());
    let application = Application::new("x").pipeline("p", Source::new(decode)).done();
    let topology = application.build().unwrap();
    let (says, said) = std::sync::mpsc::channel();
    let says = Mutex::new(says);
    let sources = Sources {
        topology: &topology,
        endpoints: &[Endpoint::Tcp("127.0.0.1:0".to_owned())],
        process: HOST,
        clock: StartClock::start(),
        says: Arc::new(move |text: &str| drop(says.lock().send(text.to_owned()))),
    };
    let received = vec![Some(Received { last: 57, connections: 3 })];
    let connections = NonZeroUsize::MIN;
    let clients = Clients { goes_on: true, frame_limit: 16, connections, received };
    let served = Served::new(&sources, &clients).unwrap();
    served.open();
    let said = said.recv().unwrap();
    let address = said.strip_prefix("listening at ").unwrap();
    drop(served);
    std::net::TcpListener::bind(address).unwrap();
}
