//! The connection to a run in another process: a thread that keeps it, and makes it again when it breaks.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use thiserror::Error;
use tokio::io::AsyncWriteExt;
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};

use super::seen::Seen;
use crate::endpoints::Backoff;
use crate::session::orders::Answer;
use crate::session::past::Travel;
use crate::session::wire::address::ControlAddress;
use crate::session::wire::handshake::{Host, NoWelcome, Purpose, SAME_PROGRAM, greet};
use crate::session::wire::messages::{Looked, ToRun, ToViewer, Update};
use crate::session::wire::stream::{Reader, Writer, connect};
use crate::wire::build::build;
use crate::wire::frame::{MAX_FRAME, WireError, encode, read};
use crate::wire::secret::Secret;

/// How long a run may say nothing: it says every two seconds at least that it is there.
const SILENCE: Duration = Duration::from_secs(10);

/// How long a message to a run may take.
const STUCK: Duration = Duration::from_secs(10);

/// How long connecting may take.
const CONNECTING: Duration = Duration::from_secs(10);

/// Why a run in another process is not reached.
#[derive(Debug, Error)]
pub enum Unreachable {
    /// Nothing listens there.
    #[error("no run is reached at {0}: {1}; `run --control {0}` makes one that is")]
    NotThere(String, std::io::Error),
    /// What listens there does not let this program in.
    #[error("{0}: {1}")]
    TurnedAway(String, String),
    /// The run has ended.
    #[error("the run at {0} has ended{1}")]
    Ended(String, String),
}

/// How a run is reached.
#[derive(Debug, Clone)]
pub struct Reach {
    /// Where.
    pub address: ControlAddress,
    /// The secret, if it asks for one.
    pub secret: Option<Secret>,
    /// Only to look.
    pub read_only: bool,
}

impl Reach {
    /// Connects, and says what for.
    pub(in crate::session) async fn connect(
        &self,
        purpose: Purpose,
    ) -> Result<(Reader, Writer, Host), Unreachable> {
        let place = self.address.to_string();
        let connected = timeout(CONNECTING, connect(&self.address)).await;
        let connected = connected.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
        let (mut reader, mut writer) =
            connected.map_err(|error| Unreachable::NotThere(place.clone(), error))?;
        let host = greet((&mut reader, &mut writer), self.secret.as_ref(), purpose).await;
        let host = host.map_err(|why| match why {
            NoWelcome::Connection(WireError::Connection(error)) => {
                Unreachable::NotThere(place, error)
            }
            why => Unreachable::TurnedAway(place, why.to_string()),
        })?;
        Ok((reader, writer, host))
    }

    /// Connects to look.
    pub(super) async fn watch(&self) -> Result<(Reader, Writer, Host), Unreachable> {
        let (read_only, build) = (self.read_only, build().to_owned());
        self.connect(Purpose::Watch { read_only, build }).await
    }

    /// The next thing that the run says.
    pub(in crate::session) async fn hear(
        &self,
        reader: &mut Reader,
    ) -> Result<ToViewer, Unreachable> {
        let place = || self.address.to_string();
        let silent = || Unreachable::TurnedAway(place(), "it does not answer any more".to_owned());
        let heard = timeout(SILENCE, read(reader, MAX_FRAME)).await.map_err(|_| silent())?;
        match heard {
            Ok(Some(ToViewer::Ended(why))) => {
                let why = why.map(|why| format!(": {why}")).unwrap_or_default();
                Err(Unreachable::Ended(place(), why))
            }
            Ok(Some(ToViewer::TooMany)) => {
                let why = "too many are connected to this run already: try again later";
                Err(Unreachable::TurnedAway(place(), why.to_owned()))
            }
            Ok(Some(said)) => Ok(said),
            Ok(None) => {
                Err(Unreachable::NotThere(place(), std::io::ErrorKind::UnexpectedEof.into()))
            }
            Err(WireError::Connection(error)) => Err(Unreachable::NotThere(place(), error)),
            Err(error) => Err(Unreachable::TurnedAway(place(), error.to_string())),
        }
    }
}

/// The first update of a run, which comes without being asked for.
pub(super) async fn first_update(
    reach: &Reach,
    reader: &mut Reader,
) -> Result<Update, Unreachable> {
    loop {
        if let ToViewer::Update(update) = reach.hear(reader).await? {
            return Ok(*update);
        }
    }
}

/// What the connection and the front end share.
pub(super) struct Shared {
    pub seen: Mutex<Seen>,
    /// What is looked at.
    pub looked: Mutex<Option<Looked>>,
    pub news: Arc<Notify>,
}

/// Keeps a connection, and makes it again when it breaks.
pub(super) struct Link {
    pub reach: Reach,
    /// What must be there again.
    pub host: Host,
    pub shared: Arc<Shared>,
    /// What is to be said. The front end is gone when it ends.
    pub says: mpsc::UnboundedReceiver<ToRun>,
    /// How many orders were given on this connection.
    pub given: u64,
    /// How many of them the run has said that it had heard.
    pub heard: u64,
}

impl Link {
    /// Keeps this connection and those that come after it, until the front end is gone.
    pub async fn keep(mut self, mut ends: (Reader, Writer)) {
        let mut backoff = Backoff::default();
        loop {
            let Some(why) = self.serve(&mut ends, &mut backoff).await else { return };
            match self.given.saturating_sub(self.heard) {
                0 => {}
                1 => self.unknown("the last order was"),
                orders => self.unknown(&format!("the last {orders} orders were")),
            }
            let ended = matches!(why, Unreachable::Ended(..));
            self.away(&why.to_string());
            ends = loop {
                tokio::select! {
                    () = sleep(backoff.delay()) => {}
                    () = self.refuse_orders() => return,
                }
                match self.again().await {
                    Ok(ends) => {
                        // To the run, this is one more that looks.
                        if self.leave_past() {
                            let why = "this is now again: the connection to the run had broken";
                            self.answer(Answer::Told(why.to_owned()));
                        }
                        break ends;
                    }
                    // That it has ended says more than that nothing is there.
                    Err(Unreachable::NotThere(..)) if ended => {}
                    Err(why) => self.away(&why.to_string()),
                }
            };
        }
    }

    /// Connects again, if the same application runs there.
    async fn again(&self) -> Result<(Reader, Writer), Unreachable> {
        let (reader, writer, host) = self.reach.watch().await?;
        if host.is_like(&self.host) {
            Ok((reader, writer))
        } else {
            let why = format!("another application runs there now: {SAME_PROGRAM}");
            Err(Unreachable::TurnedAway(self.reach.address.to_string(), why))
        }
    }

    fn away(&self, why: &str) {
        let mut seen = self.shared.seen.lock();
        (seen.away, seen.changed) = (Some(why.into()), true);
        drop(seen);
        self.shared.news.notify_one();
    }

    /// Shows what was last known of now. True if it was the past that was shown.
    fn leave_past(&self) -> bool {
        let left = self.shared.seen.lock().leave_past();
        self.shared.news.notify_one();
        left
    }

    fn answer(&self, answer: Answer) {
        let mut seen = self.shared.seen.lock();
        seen.answers.push(answer);
        seen.changed = true;
        drop(seen);
        self.shared.news.notify_one();
    }

    fn unknown(&self, orders: &str) {
        let why = format!("the run does not answer: whether {orders} done is not known");
        self.answer(Answer::Refused(why));
    }

    /// While there is no connection, nothing is done. Returns when the front end is gone.
    async fn refuse_orders(&mut self) {
        while let Some(said) = self.says.recv().await {
            let is_wanted = match said {
                ToRun::Look(_) | ToRun::Travel(Travel::Stay) => false,
                ToRun::Travel(Travel::Live) => {
                    self.leave_past();
                    false
                }
                ToRun::Order(_) | ToRun::Travel(_) => true,
            };
            if is_wanted {
                self.answer(Answer::Refused(
                    "the run does not answer: nothing was done".to_owned(),
                ));
            }
        }
    }

    /// Passes on what is said, until the connection breaks: why, or `None` if the front end is gone.
    async fn serve(
        &mut self,
        (reader, writer): &mut (Reader, Writer),
        backoff: &mut Backoff,
    ) -> Option<Unreachable> {
        (self.given, self.heard) = (0, 0);
        let looked = self.shared.looked.lock().clone();
        if let Some(looked) = looked
            && let Err(why) = self.say(writer, ToRun::Look(Box::new(looked))).await
        {
            return Some(why);
        }
        let (pass_on, mut passed_on) = mpsc::channel(1);
        let reach = self.reach.clone();
        // Apart from what is said: a message that has come in part must not be dropped.
        let listening = async move {
            loop {
                let said = reach.hear(reader).await;
                let over = said.is_err();
                if pass_on.send(said).await.is_err() || over {
                    return std::future::pending::<()>().await;
                }
            }
        };
        let mut listening = std::pin::pin!(listening);
        loop {
            tokio::select! {
                () = &mut listening => {}
                Some(heard) = passed_on.recv() => match heard {
                    Ok(heard) => {
                        backoff.reset();
                        self.take(heard);
                    }
                    Err(why) => return Some(why),
                },
                said = self.says.recv() => {
                    if let Err(why) = self.say(writer, said?).await {
                        return Some(why);
                    }
                }
            }
        }
    }

    fn take(&mut self, heard: ToViewer) {
        match heard {
            ToViewer::Update(update) => {
                self.heard = update.orders_heard;
                self.shared.seen.lock().take(*update);
                self.shared.news.notify_one();
            }
            ToViewer::Then(then) => self.shared.seen.lock().expect_then(*then),
            ToViewer::Changes(changes) => self.shared.seen.lock().changes = changes,
            ToViewer::Answer(answer) => self.answer(answer),
            ToViewer::Status(_) | ToViewer::Alive | ToViewer::Ended(_) | ToViewer::TooMany => {}
        }
    }

    async fn say(&mut self, writer: &mut Writer, said: ToRun) -> Result<(), Unreachable> {
        let frame = match encode(&said) {
            Ok(frame) => frame,
            Err(error) => {
                self.answer(Answer::Refused(format!("not sent: {error}; send fewer at a time")));
                return Ok(());
            }
        };
        self.given += u64::from(matches!(said, ToRun::Order(_)));
        let written = timeout(STUCK, writer.write_all(&frame)).await;
        let written = written.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
        written.map_err(|error| Unreachable::NotThere(self.reach.address.to_string(), error))
    }
}
