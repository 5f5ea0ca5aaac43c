//! The cluster that this process is one of.

use std::fmt;
use std::net::TcpListener;

use tokio::sync::watch;

use super::children::Children;
use super::meeting::{Identity, MeetError, Meeting, Met, Notice, Patience};
use super::members::Members;
use crate::core::numbers::ProcessIndex;
use crate::wire::secret::Secret;

/// The cluster that this process is one of. It is made once, and its processes may meet again and again.
pub struct Cluster {
    /// From the start, so that an address that cannot be had is an error then.
    listener: TcpListener,
    members: Members,
    identity: Identity,
    secret: Secret,
    patience: Patience,
    children: Option<Children>,
    /// Whether nobody is to be met any more.
    called_off: watch::Sender<bool>,
    says: Box<dyn Fn(&Notice) + Send + Sync>,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Cluster")
            .field("members", &self.members)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

impl Cluster {
    /// Listens for the other processes.
    ///
    /// # Errors
    ///
    /// It cannot listen at the address.
    pub fn bind(
        members: Members,
        identity: Identity,
        secret: Secret,
        patience: Patience,
    ) -> Result<Self, MeetError> {
        let address = members.bind();
        let listener = TcpListener::bind(address.as_str())
            .map_err(|error| MeetError::Listen(address.clone(), error))?;
        Ok(Self {
            listener,
            members,
            identity,
            secret,
            patience,
            children: None,
            called_off: watch::Sender::new(false),
            says: Box::new(|_| {}),
        })
    }

    /// The same with the other processes as children of this one.
    #[must_use]
    pub fn with_children(self, children: Children) -> Self {
        Self { children: Some(children), ..self }
    }

    /// The same, and what happens in meetings is said here too, at once.
    #[must_use]
    pub fn saying(self, says: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        Self { says: Box::new(says), ..self }
    }

    /// Which process this is.
    pub fn me(&self) -> ProcessIndex {
        self.members.me()
    }

    /// The processes.
    pub fn members(&self) -> &Members {
        &self.members
    }

    /// What all of them know.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// How long they wait for each other. `alive` is also for those that have met.
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// The other processes, if this one has started them.
    pub fn children(&self) -> Option<&Children> {
        self.children.as_ref()
    }

    /// The port at which this process listens.
    ///
    /// # Errors
    ///
    /// The system does not tell.
    pub fn port(&self) -> Result<u16, MeetError> {
        let failed = |error| MeetError::Listen(self.members.bind().clone(), error);
        Ok(self.listener.local_addr().map_err(failed)?.port())
    }

    /// Where the processes meet. To be called where there is a runtime of tokio, which may be another one each time.
    ///
    /// # Errors
    ///
    /// The system gives no descriptor for it.
    pub fn meeting(&self) -> Result<Meeting, MeetError> {
        let failed = |error| MeetError::Listen(self.members.bind().clone(), error);
        let listener = self.listener.try_clone().map_err(failed)?;
        let (members, identity) = (self.members.clone(), self.identity.clone());
        Meeting::at(listener, members, identity, self.secret.clone(), self.patience)
    }

    /// Ends the meeting that there is, and lets nobody meet any more: the run is stopped. Those that have come are told so.
    pub fn call_off(&self) {
        self.called_off.send_replace(true);
    }

    /// Meets all other processes, as [`Meeting::meet`] does, unless a child ends meanwhile. If the others are children, what
    /// always happens is not told.
    ///
    /// # Errors
    ///
    /// Process 0 turns this process away, another one has its index, a child has ended, or the run is stopped.
    pub async fn meet(&self, tell: impl Fn(Notice)) -> Result<Met, MeetError> {
        let meeting = self.meeting()?;
        let told = |notice: Notice| {
            (self.says)(&notice);
            tell(notice);
        };
        let mut changes = self.called_off.subscribe();
        let called_off = async move {
            let _ = changes.wait_for(|called_off| *called_off).await;
        };
        let Some(children) = &self.children else {
            return meeting.meet_unless(told, called_off).await;
        };
        let unusual = |notice: Notice| {
            if !notice.is_usual() {
                told(notice);
            }
        };
        tokio::select! {
            met = meeting.meet_unless(unusual, called_off) => met,
            (process, how) = children.one_has_ended() => Err(MeetError::ChildEnded(process, how)),
        }
    }
}
