//! Where a worker's answers go.

use std::sync::mpsc;

use tokio::sync::oneshot;

/// Where an answer goes: to a channel, or to another process. Nobody gets an answer if it is dropped.
pub(crate) struct Reply<T>(Box<dyn FnOnce(T) + Send>);

impl<T> Reply<T> {
    pub fn new(send: impl FnOnce(T) + Send + 'static) -> Self {
        Self(Box::new(send))
    }

    pub fn send(self, answer: T) {
        (self.0)(answer);
    }
}

impl<T: Send + 'static> From<mpsc::Sender<T>> for Reply<T> {
    fn from(sender: mpsc::Sender<T>) -> Self {
        // If the receiver is gone, nobody wants the answer.
        Self::new(move |answer| drop(sender.send(answer)))
    }
}

impl<T: Send + 'static> From<oneshot::Sender<T>> for Reply<T> {
    fn from(sender: oneshot::Sender<T>) -> Self {
        Self::new(move |answer| drop(sender.send(answer)))
    }
}
