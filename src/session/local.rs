//! The session of an engine in this process.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::Session;
use super::orders::{Answer, Order};
use super::past::Travel;
use super::watched::Watched;
use crate::runtime::EngineError;
use crate::telemetry::{Draft, PartitionView, Snapshot};

/// The session of an engine in this process.
pub struct Local {
    session: Session,
    answers: Vec<Answer>,
}

impl From<Session> for Local {
    fn from(session: Session) -> Self {
        Self { session, answers: Vec::new() }
    }
}

impl Watched for Local {
    fn order(&mut self, order: Order) -> Result<(), EngineError> {
        self.answers.extend(self.session.obey(order)?);
        Ok(())
    }

    fn travel(&mut self, travel: Travel) {
        self.session.travel(travel);
    }

    fn answers(&mut self) -> Vec<Answer> {
        self.answers.append(&mut self.session.told());
        std::mem::take(&mut self.answers)
    }

    fn look(&mut self, view: &PartitionView, draft: Option<Draft>) -> bool {
        self.session.look_ahead(draft);
        self.session.refresh(view)
    }

    fn next_look(&self) -> Option<Duration> {
        self.session.next_refresh()
    }

    fn snapshot(&self) -> Snapshot {
        self.session.snapshot()
    }

    fn news(&self) -> Arc<Notify> {
        self.session.news()
    }

    fn say(&self, text: &str) {
        self.session.say(text);
    }

    fn letters_trouble(&self) -> Option<String> {
        self.session.dead_letters_lost().map(|lost| lost.to_string())
    }

    fn end(&mut self) {
        self.session.end();
    }

    fn here(&self) -> Option<&Session> {
        Some(&self.session)
    }

    fn place(&self) -> Option<String> {
        None
    }
}
