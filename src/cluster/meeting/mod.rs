//! How the processes of a cluster meet.
//!
//! Process 0 is called by all others, and waits until all of them are there. Then it makes a *life*, a random number,
//! and tells it to all. Of each two processes the one with the greater index connects to the other one, twice, and
//! shows the life. If each has told process 0 that it has all its connections, process 0 lets all of them begin.
//!
//! ```text
//! calls process 0          process 0            each j, of each i > j
//! ---- Meet(Hello) ----->
//!                 <---- Waiting ----            (each second, answered by Alive)
//!                 <- Welcome(life) --
//! ------------------------------- Link(life, i, data), Link(life, i, side) ------>
//! ---- Ready(life) ----->
//!                 <-- Start(life) ---
//! ```
//!
//! If the run is stopped before, process 0 says `CalledOff` to those that have come.
//!
//! Each connection begins with a challenge, and both ends prove that they know the secret.
//!
//! `round` and `member` are what process 0 and what each process decides: pure, so that every order of events can
//! be tried. `door` is one connection, `doors` all that come in, `hosting` process 0 and `joining` any other.
//!
//! Invariants: processes that begin together have the same life, and so have the connections between them. A process
//! that is started again, or that comes a second time, begins a new round with a new life; what is left of an earlier
//! one can neither join nor be joined. No read is without a deadline. A stranger costs a few kilobytes, and not for
//! long, and never keeps a process out.

mod door;
mod doors;
mod here;
mod hosting;
mod identity;
mod joining;
mod life;
mod member;
mod messages;
mod met;
mod notice;
mod patience;
mod refusal;
mod round;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::members::{Address, Members};
use crate::core::numbers::ProcessIndex;
use crate::wire::secret::Secret;
use here::Here;

pub use identity::{Difference, Identity};
pub use life::Life;
pub use met::{MeetError, Met, Peer};
pub use notice::Notice;
pub use patience::Patience;
pub use refusal::Refusal;

/// A place where processes meet, again and again: this process listens.
#[derive(Debug)]
pub struct Meeting {
    listener: TcpListener,
    here: Arc<Here>,
    reached: Address,
}

impl Meeting {
    /// A place at this socket, which listens. To be called where there is a runtime of tokio.
    ///
    /// # Errors
    ///
    /// The runtime cannot use it.
    pub fn at(
        listener: std::net::TcpListener,
        members: Members,
        identity: Identity,
        secret: Secret,
        patience: Patience,
    ) -> Result<Self, MeetError> {
        let bind = members.bind();
        let failed = |error| MeetError::Listen(bind.clone(), error);
        listener.set_nonblocking(true).map_err(failed)?;
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        let own = members.address(members.me()).unwrap_or(bind);
        let reached = if own.is_open() {
            own.with_port(listener.local_addr().map_err(failed)?.port())
        } else {
            own.clone()
        };
        Ok(Self { listener, here: Arc::new(Here { members, identity, secret, patience }), reached })
    }

    /// Where this process is reached, also if the system has chosen the port.
    pub fn address(&self) -> &Address {
        &self.reached
    }

    /// Meets all other processes, and waits for them as long as it takes. What happens meanwhile is told. After the
    /// life has ended, it can be called again.
    ///
    /// # Errors
    ///
    /// Process 0 turns this process away, or another one has its index.
    pub async fn meet(&self, tell: impl Fn(Notice)) -> Result<Met, MeetError> {
        self.meet_unless(tell, pending()).await
    }

    /// The same, unless `called_off` resolves before all have met. Then process 0 tells all that have come.
    ///
    /// # Errors
    ///
    /// The same, or it is called off.
    pub async fn meet_unless(
        &self,
        tell: impl Fn(Notice),
        called_off: impl Future<Output = ()>,
    ) -> Result<Met, MeetError> {
        let members = &self.here.members;
        let all = (0..members.count()).filter_map(|index| members.address(ProcessIndex(index)));
        let mut addresses: Vec<Address> = all.cloned().collect();
        if members.count() == 1 {
            return Met::of(Life::random(), BTreeMap::new(), addresses);
        }
        if members.me() != ProcessIndex(0) {
            return tokio::select! {
                met = joining::join(&self.listener, &self.here, &self.reached, &tell) => met,
                () = called_off => Err(MeetError::CalledOff),
            };
        }
        if let Some(own) = addresses.first_mut() {
            *own = self.reached.clone();
        }
        hosting::host(&self.listener, &self.here, addresses, &tell, called_off).await
    }
}
