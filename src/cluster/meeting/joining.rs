//! Any process but process 0 while all meet: it calls process 0, and connects to the others in the life that it hears of.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::door::{NoAnswer, call, talk};
use super::doors::{Heard, serve};
use super::here::Here;
use super::hosting::WAITING;
use super::life::Life;
use super::member::{End, Member};
use super::messages::{FromMember, Hello, Link, Purpose, ToMember};
use super::met::{MeetError, Met};
use super::notice::Notice;
use super::refusal::Refusal;
use crate::cluster::members::Address;
use crate::core::numbers::ProcessIndex;
use crate::wire::tcp::{attend, give_up_after};

/// What comes of calling process 0.
enum Called {
    NotReached(String),
    /// It has let this process in, and hears what is said to it so.
    LetIn(mpsc::Sender<FromMember>),
    Said(ToMember),
    /// The connection has ended.
    Ended(String),
    /// It cannot be.
    Failed(MeetError),
}

/// A connection that was to be made, and what came of it.
type Dialled = (Life, End, Result<TcpStream, String>);

/// A process while all meet.
struct Joining<'a, F> {
    here: &'a Arc<Here>,
    tell: &'a F,
    member: Member<TcpStream>,
    /// How process 0 is told something.
    process_0: Option<mpsc::Sender<FromMember>>,
    dials: JoinSet<Dialled>,
    addresses: Vec<Address>,
    awaited: Vec<ProcessIndex>,
}

/// Calls process 0 until it is there, and waits until all are connected.
pub(super) async fn join<F: Fn(Notice)>(
    listener: &TcpListener,
    here: &Arc<Here>,
    reached: &Address,
    tell: &F,
) -> Result<Met, MeetError> {
    let (hear, mut heard) = mpsc::channel(WAITING);
    let (result, mut called) = mpsc::channel(WAITING);
    let mut doors = std::pin::pin!(serve(listener, here, hear));
    let mut calling = std::pin::pin!(call_process_0(here, reached, result));
    let mut joining = Joining {
        here,
        tell,
        member: Member::new(here.members.me(), here.members.count()),
        process_0: None,
        dials: JoinSet::new(),
        addresses: Vec::new(),
        awaited: Vec::new(),
    };
    let mut is_calling = true;
    loop {
        let met = tokio::select! {
            never = &mut doors => match never {},
            () = &mut calling, if is_calling => {
                is_calling = false;
                None
            }
            Some(heard) = heard.recv() => {
                joining.hear(heard);
                None
            }
            Some(called) = called.recv() => joining.called(called),
            Some(Ok(dialled)) = joining.dials.join_next(), if !joining.dials.is_empty() => {
                joining.dialled(dialled);
                None
            }
        };
        if let Some(met) = met {
            return met;
        }
    }
}

impl<F: Fn(Notice)> Joining<'_, F> {
    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Knock(link, verdict) => drop(verdict.send(self.member.judge(link))),
            Heard::Linked(link, stream) => {
                self.connected(link.life, (link.from, link.channel), stream);
            }
            Heard::Notice(notice) => (self.tell)(notice),
            Heard::Came(..) => debug_assert!(false, "only process 0 lets them in"),
        }
    }

    fn called(&mut self, called: Called) -> Option<Result<Met, MeetError>> {
        match called {
            Called::NotReached(why) => self.not_reached(why),
            Called::LetIn(process_0) => {
                self.awaited.clear();
                self.process_0 = Some(process_0);
            }
            Called::Ended(why) => {
                // Its connections are of a life that never starts.
                self.member.end();
                self.dials = JoinSet::new();
                self.process_0 = None;
                self.not_reached(why);
            }
            Called::Failed(error) => return Some(Err(error)),
            Called::Said(said) => return self.said(said),
        }
        None
    }

    fn said(&mut self, said: ToMember) -> Option<Result<Met, MeetError>> {
        match said {
            ToMember::Waiting(awaited) => {
                self.say(FromMember::Alive);
                if awaited != self.awaited && !awaited.is_empty() {
                    (self.tell)(Notice::Awaited(awaited.clone()));
                }
                self.awaited = awaited;
            }
            ToMember::Welcome { life, addresses } => {
                self.addresses = addresses;
                self.dial(life);
            }
            ToMember::Start(life) => {
                let sockets = self.member.start(life);
                debug_assert!(sockets.is_some(), "process 0 starts only those that are ready");
                let addresses = std::mem::take(&mut self.addresses);
                return sockets.map(|sockets| Met::of(life, sockets, addresses));
            }
            ToMember::CalledOff => {
                (self.tell)(Notice::CalledOff);
                return Some(Err(MeetError::CalledOff));
            }
            ToMember::Replaced => return Some(Err(MeetError::Replaced(self.here.members.me()))),
        }
        None
    }

    fn dial(&mut self, life: Life) {
        // The earlier ones are aborted.
        self.dials = JoinSet::new();
        for end in self.member.begin(life) {
            let Some(address) = self.addresses.get(end.0.0).cloned() else { continue };
            self.dials.spawn(dial(Arc::clone(self.here), life, end, address));
        }
    }

    fn dialled(&mut self, (life, end, dialled): Dialled) {
        match dialled {
            Ok(stream) => self.connected(life, end, stream),
            Err(why) => self.say(FromMember::Stuck(life, why)),
        }
    }

    fn connected(&mut self, life: Life, end: End, stream: TcpStream) {
        self.member.connected(life, end, stream);
        if let Some(life) = self.member.ready() {
            self.say(FromMember::Ready(life));
        }
    }

    fn say(&self, message: FromMember) {
        if let Some(process_0) = &self.process_0 {
            // If it does not read for so long, the connection ends by its own deadline.
            let _ = process_0.try_send(message);
        }
    }

    fn not_reached(&self, why: String) {
        if let Some(address) = self.here.members.address(ProcessIndex(0)) {
            (self.tell)(Notice::NotReached(address.clone(), why));
        }
    }
}

/// Calls process 0, again and again, until it says that this process may not come.
async fn call_process_0(here: &Here, reached: &Address, result: mpsc::Sender<Called>) {
    let members = &here.members;
    let (Some(address), Some(listed)) =
        (members.address(ProcessIndex(0)), members.address(members.me()))
    else {
        unreachable!("process 0 and this process are in the list")
    };
    let hello = Hello {
        index: members.me(),
        processes: members.count(),
        listed: listed.clone(),
        reached: reached.clone(),
        identity: here.identity.clone(),
    };
    loop {
        let outcome = match reach(here, address, Purpose::Meet(Box::new(hello.clone()))).await {
            Ok(stream) => {
                let (tell, told) = mpsc::channel(WAITING);
                let _ = result.send(Called::LetIn(tell)).await;
                let said = (result.clone(), Called::Said);
                Called::Ended(talk(stream, told, said, here.patience.alive).await.to_string())
            }
            Err(NoAnswer::Refused(refusal)) => {
                Called::Failed(MeetError::Refused(address.clone(), members.me(), refusal))
            }
            Err(NoAnswer::Imposter) => Called::Failed(MeetError::Imposter(address.clone())),
            Err(why) => Called::NotReached(why.to_string()),
        };
        let is_final = matches!(outcome, Called::Failed(_));
        if result.send(outcome).await.is_err() || is_final {
            return;
        }
        sleep(here.patience.retry).await;
    }
}

/// Connects to another process, and is let in there.
async fn reach(here: &Here, address: &Address, purpose: Purpose) -> Result<TcpStream, NoAnswer> {
    let failed = |error: std::io::Error| NoAnswer::Connection(error.to_string());
    let patience = here.patience.answer;
    let connect = TcpStream::connect(address.as_str());
    let connected = timeout(patience, connect).await.map_err(|_| NoAnswer::Silent)?;
    let mut stream = connected.map_err(failed)?;
    attend(&stream).and_then(|()| give_up_after(&stream, here.patience.alive)).map_err(failed)?;
    call(&mut stream, &here.secret, purpose, patience).await?;
    Ok(stream)
}

/// Makes one connection of a life. The other process may hear of that life later than this one.
async fn dial(here: Arc<Here>, life: Life, end: End, address: Address) -> Dialled {
    let (process, channel) = end;
    let purpose = Purpose::Link(Link { life, from: here.members.me(), channel });
    let mut last = "it does not answer".to_owned();
    let tries = async {
        loop {
            match reach(&here, &address, purpose.clone()).await {
                Ok(stream) => return Ok(stream),
                // It may have let this process in and say it twice.
                Err(NoAnswer::Refused(Refusal::Twice)) => return Err(Refusal::Twice.to_string()),
                Err(why) => last = why.to_string(),
            }
            sleep(here.patience.retry.min(Duration::from_millis(50))).await;
        }
    };
    let dialled = timeout(here.patience.mesh, tries).await;
    let dialled = dialled.unwrap_or_else(|_| Err(last.clone()));
    let told = dialled.map_err(|why| format!("process {process} at {address}: {why}"));
    if told.is_err() {
        // All connect again at once when they hear it.
        sleep(here.patience.retry).await;
    }
    (life, end, told)
}
