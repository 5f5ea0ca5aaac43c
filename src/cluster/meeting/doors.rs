//! All that connect to this process while it meets others.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::door::{NoAnswer, Visitor, accept, receive, refuse};
use super::here::Here;
use super::messages::{Hello, Link, Purpose};
use super::notice::Notice;
use super::refusal::Refusal;
use crate::core::numbers::ProcessIndex;
use crate::wire::places::{Place, Places};
use crate::wire::tcp::{attend, give_up_after};

/// How many may be asked at once who they are.
const STRANGERS: usize = 64;

/// How long one may take to answer that while others wait to be asked.
const STRANGER: Duration = Duration::from_millis(500);

/// The pause after a connection could not be accepted: there may be no open file left.
const NOT_ACCEPTED: Duration = Duration::from_millis(100);

/// What is heard at the doors.
pub(super) enum Heard {
    /// A process has come, and has been let in.
    Came(Box<Hello>, TcpStream),
    /// One wants to be connected: may it?
    Knock(Link, oneshot::Sender<Result<(), Refusal>>),
    /// It has been let in.
    Linked(Link, TcpStream),
    /// Somebody has been turned away.
    Notice(Notice),
}

/// Receives all that come, for ever.
pub(super) async fn serve(
    listener: &TcpListener,
    here: &Arc<Here>,
    heard: mpsc::Sender<Heard>,
) -> Infallible {
    let mut places = Places::new(STRANGERS, STRANGER);
    let mut visitors = JoinSet::new();
    loop {
        while visitors.try_join_next().is_some() {}
        let place = places.next().await;
        match listener.accept().await {
            Ok((stream, from)) => {
                let held = Arc::downgrade(&place);
                let visit = visit(stream, from, place, Arc::clone(here), heard.clone());
                let task = visitors.spawn(visit);
                places.take(held, task);
            }
            Err(_) => sleep(NOT_ACCEPTED).await,
        }
    }
}

async fn visit(
    mut stream: TcpStream,
    from: SocketAddr,
    place: Place,
    here: Arc<Here>,
    heard: mpsc::Sender<Heard>,
) {
    let patience = here.patience.answer;
    let prepared = attend(&stream).and_then(|()| give_up_after(&stream, here.patience.alive));
    let received = match prepared {
        Ok(()) => receive(&mut stream, &here.secret, patience).await,
        Err(error) => Err(NoAnswer::Connection(error.to_string())),
    };
    let notice = match received {
        Ok(visitor) => {
            // It knows the secret: it is no stranger any more.
            drop(place);
            let index = match &visitor.purpose {
                Purpose::Meet(hello) => hello.index,
                Purpose::Link(link) => link.from,
            };
            match let_in(&mut stream, &visitor, &here, &heard).await {
                Ok(()) => {
                    let linked = match visitor.purpose {
                        Purpose::Meet(hello) => Heard::Came(hello, stream),
                        Purpose::Link(link) => Heard::Linked(link, stream),
                    };
                    let _ = heard.send(linked).await;
                    return;
                }
                Err(NoAnswer::Refused(refusal)) => {
                    refuse(&mut stream, refusal.clone(), patience).await;
                    // It tries again until it has heard of the life of all.
                    if refusal == Refusal::OtherLife {
                        return;
                    }
                    Notice::TurnedAway(from, Some(index), refusal)
                }
                // One that goes while it is let in comes again.
                Err(_) => return,
            }
        }
        Err(NoAnswer::Refused(refusal)) => Notice::TurnedAway(from, None, refusal),
        Err(NoAnswer::Silent) => Notice::Stranger(from, "it says nothing".to_owned()),
        Err(NoAnswer::Stranger) => Notice::Stranger(from, "it says something else".to_owned()),
        Err(why) => Notice::Stranger(from, why.to_string()),
    };
    let _ = heard.send(Heard::Notice(notice)).await;
}

/// Lets one in, unless there is a reason not to.
async fn let_in(
    stream: &mut TcpStream,
    visitor: &Visitor,
    here: &Here,
    heard: &mpsc::Sender<Heard>,
) -> Result<(), NoAnswer> {
    match &visitor.purpose {
        Purpose::Meet(hello) => admit(here, hello).map_err(NoAnswer::Refused)?,
        Purpose::Link(link) => {
            let (verdict, judged) = oneshot::channel();
            let _ = heard.send(Heard::Knock(*link, verdict)).await;
            // If nobody judges, the meeting is over.
            judged.await.unwrap_or(Err(Refusal::OtherLife)).map_err(NoAnswer::Refused)?;
        }
    }
    accept(stream, visitor, here.patience.answer).await
}

/// Whether a process may meet the others.
fn admit(here: &Here, hello: &Hello) -> Result<(), Refusal> {
    let members = &here.members;
    if members.me() != ProcessIndex(0) {
        return Err(Refusal::NotProcess0);
    }
    here.identity.compare(&hello.identity)?;
    if hello.processes != members.count() {
        let (theirs, ours) = (hello.processes, members.count());
        return Err(Refusal::Processes { theirs, ours });
    }
    let Some(ours) = members.address(hello.index).filter(|_| hello.index != members.me()) else {
        return Err(Refusal::Index(hello.index));
    };
    if hello.listed != *ours {
        let (theirs, ours) = (hello.listed.clone(), ours.clone());
        return Err(Refusal::Address { theirs, ours });
    }
    Ok(())
}
