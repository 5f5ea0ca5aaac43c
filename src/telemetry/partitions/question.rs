//! A question to all workers, whose answers come one after another.

use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use crate::core::numbers::Timestamp;

/// How often it is looked whether workers have answered.
pub(in crate::telemetry) const LOOK: Duration = Duration::from_millis(2);

/// A question that not all workers have answered.
pub(in crate::telemetry) struct Question<T> {
    pub asked: Timestamp,
    /// The count of work when it was asked.
    pub work: u64,
    replies: Receiver<T>,
    pub answers: Vec<T>,
}

impl<T> Question<T> {
    pub fn new(asked: Timestamp, work: u64, replies: Receiver<T>) -> Self {
        Self { asked, work, replies, answers: Vec::new() }
    }

    /// Takes the answers that have come. True if no more will come: all workers have answered, or one has ended.
    pub fn is_answered(&mut self, workers: usize) -> bool {
        while self.answers.len() < workers {
            match self.replies.try_recv() {
                Ok(answer) => self.answers.push(answer),
                Err(error) => return error == TryRecvError::Disconnected,
            }
        }
        true
    }
}
