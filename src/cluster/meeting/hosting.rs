//! Process 0 while all meet: it hears the others, and does what the [`Round`] decides.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use super::door::talk;
use super::doors::{Heard, serve};
use super::here::Here;
use super::life::Life;
use super::member::Member;
use super::messages::{FromMember, Hello, ToMember};
use super::met::{MeetError, Met};
use super::notice::Notice;
use super::round::{CallNumber, Event, Order, Round};
use crate::cluster::members::Address;
use crate::core::numbers::ProcessIndex;

/// How many messages may wait to be read or to be written. All of them are short.
pub(super) const WAITING: usize = 64;

/// What a process that has come says; `None` if it is gone.
type Said = (CallNumber, Option<FromMember>);

/// Process 0 while all meet.
struct Hosting<'a, F> {
    here: &'a Here,
    tell: &'a F,
    round: Round,
    member: Member<TcpStream>,
    /// Those that have come, and how they are told something.
    calls: BTreeMap<CallNumber, mpsc::Sender<ToMember>>,
    talks: JoinSet<()>,
    said: mpsc::Sender<Said>,
    last_call: CallNumber,
    /// Where each process is reached.
    addresses: Vec<Address>,
    /// When the life began in which all connect.
    since: Instant,
    awaited: Vec<ProcessIndex>,
}

/// Waits for all others, and until all are connected. If `called_off` resolves before, those that have come are told so.
pub(super) async fn host<F: Fn(Notice)>(
    listener: &TcpListener,
    here: &Arc<Here>,
    addresses: Vec<Address>,
    tell: &F,
    called_off: impl Future<Output = ()>,
) -> Result<Met, MeetError> {
    let (hear, mut heard) = mpsc::channel(WAITING);
    let (said, mut saying) = mpsc::channel(WAITING);
    let mut doors = std::pin::pin!(serve(listener, here, hear));
    let mut called_off = std::pin::pin!(called_off);
    let mut tick = interval(here.patience.tick);
    let processes = here.members.count();
    let mut hosting = Hosting {
        here,
        tell,
        round: Round::new(processes),
        member: Member::new(ProcessIndex(0), processes),
        calls: BTreeMap::new(),
        talks: JoinSet::new(),
        said,
        last_call: CallNumber(0),
        addresses,
        since: Instant::now(),
        awaited: Vec::new(),
    };
    loop {
        let met = tokio::select! {
            never = &mut doors => match never {},
            Some(heard) = heard.recv() => hosting.hear(heard),
            Some((call, said)) = saying.recv() => hosting.said(call, said),
            _ = tick.tick() => hosting.tick(),
            () = &mut called_off => Some(hosting.call_off()),
        };
        if let Some(met) = met {
            hosting.see_off(saying).await;
            return met;
        }
    }
}

impl<F: Fn(Notice)> Hosting<'_, F> {
    fn hear(&mut self, heard: Heard) -> Option<Result<Met, MeetError>> {
        match heard {
            Heard::Came(hello, stream) => self.came(*hello, stream),
            Heard::Knock(link, verdict) => {
                let _ = verdict.send(self.member.judge(link));
                None
            }
            Heard::Linked(link, stream) => {
                self.member.connected(link.life, (link.from, link.channel), stream);
                let ready = self.member.ready()?;
                self.on(Event::OwnReady(ready))
            }
            Heard::Notice(notice) => {
                (self.tell)(notice);
                None
            }
        }
    }

    fn came(&mut self, hello: Hello, stream: TcpStream) -> Option<Result<Met, MeetError>> {
        self.last_call.0 += 1;
        let (call, said) = (self.last_call, self.said.clone());
        let (tell, told) = mpsc::channel(WAITING);
        let alive = self.here.patience.alive;
        self.talks.spawn(async move {
            let wrap = move |message| (call, Some(message));
            talk(stream, told, (said.clone(), wrap), alive).await;
            let _ = said.send((call, None)).await;
        });
        self.calls.insert(call, tell);
        if let Some(address) = self.addresses.get_mut(hello.index.0) {
            *address = hello.reached;
        }
        (self.tell)(Notice::Came(hello.index));
        let met = self.on(Event::Came(hello.index, call));
        self.say_awaited();
        met
    }

    fn said(
        &mut self,
        call: CallNumber,
        said: Option<FromMember>,
    ) -> Option<Result<Met, MeetError>> {
        match said {
            Some(FromMember::Alive) => None,
            Some(FromMember::Ready(life)) => self.on(Event::Ready(call, life)),
            Some(FromMember::Stuck(life, why)) => self.stuck(life, self.round.process(call), why),
            None => {
                self.calls.remove(&call);
                if let Some(process) = self.round.process(call) {
                    (self.tell)(Notice::Gone(process));
                }
                let met = self.on(Event::Gone(call));
                self.say_awaited();
                met
            }
        }
    }

    fn stuck(
        &mut self,
        life: Life,
        who: Option<ProcessIndex>,
        why: String,
    ) -> Option<Result<Met, MeetError>> {
        let (now, unready) = self.round.unready()?;
        if now != life {
            return None;
        }
        let who = who.map_or(unready, |process| vec![process]);
        (self.tell)(Notice::Stuck(who, why));
        self.on(Event::Stuck(life))
    }

    fn tick(&mut self) -> Option<Result<Met, MeetError>> {
        let awaited = self.round.awaited();
        for call in self.calls.values() {
            // One that reads nothing for so long is let go by its own deadline.
            let _ = call.try_send(ToMember::Waiting(awaited.clone()));
        }
        self.say_awaited();
        let (life, _) = self.round.unready()?;
        // Each process gives up earlier and says why; this is for those that say nothing.
        if self.since.elapsed() <= self.here.patience.mesh * 2 {
            return None;
        }
        self.stuck(life, None, "it takes too long".to_owned())
    }

    /// Tells those that have come that the run is stopped.
    fn call_off(&self) -> Result<Met, MeetError> {
        for call in self.calls.keys() {
            self.tell(*call, ToMember::CalledOff);
        }
        Err(MeetError::CalledOff)
    }

    /// Says who is awaited, if it is news.
    fn say_awaited(&mut self) {
        let awaited = self.round.awaited();
        if awaited != self.awaited && !awaited.is_empty() {
            (self.tell)(Notice::Awaited(awaited.clone()));
        }
        self.awaited = awaited;
    }

    /// Does what an event comes to.
    fn on(&mut self, event: Event) -> Option<Result<Met, MeetError>> {
        let mut met = None;
        for order in self.round.on(event, Life::random()) {
            match order {
                Order::Begin(life) => {
                    let calls = self.member.begin(life);
                    debug_assert!(calls.is_empty(), "process 0 is called and calls nobody");
                    self.since = Instant::now();
                }
                Order::End => self.member.end(),
                Order::Replace(call) => {
                    self.tell(call, ToMember::Replaced);
                    self.calls.remove(&call);
                    if let Event::Came(process, _) = event {
                        (self.tell)(Notice::Replaced(process));
                    }
                }
                Order::Welcome(call, life) => {
                    let addresses = self.addresses.clone();
                    self.tell(call, ToMember::Welcome { life, addresses });
                }
                Order::Start(call, life) => self.tell(call, ToMember::Start(life)),
                Order::StartOwn(life) => {
                    let sockets = self.member.start(life);
                    let addresses = self.addresses.clone();
                    met = sockets.map(|sockets| Met::of(life, sockets, addresses));
                }
            }
        }
        met
    }

    fn tell(&self, call: CallNumber, message: ToMember) {
        if let Some(call) = self.calls.get(&call) {
            // One that reads nothing for so long is let go by its own deadline.
            let _ = call.try_send(message);
        }
    }

    /// Waits until those that may begin have heard it. One that has not has lost its connections to those that have.
    async fn see_off(self, mut saying: mpsc::Receiver<Said>) {
        let Self { calls, said, mut talks, here, .. } = self;
        drop((calls, said));
        let all = async { while saying.recv().await.is_some() {} };
        let _ = timeout(here.patience.answer, all).await;
        talks.abort_all();
    }
}
