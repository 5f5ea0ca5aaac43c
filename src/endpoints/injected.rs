//! The input that a program gives by hand: what the workbench's input pane sends.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedReceiver;

use super::intake::Intake;
use crate::core::assembler::SourceEnd;

/// The name of this source in traces and dead letters.
const NAME: &str = "input";

/// How many messages that are injected together are all traced; of more, only samples.
const TRACED: usize = 1000;

/// Reads injected bytes until the last sender is gone. Each injection stands for itself: bytes at its
/// end that are no whole frame are a dead letter.
pub async fn read_injected(mut injected: UnboundedReceiver<Bytes>, intake: Arc<Intake>) {
    let name: Arc<str> = NAME.into();
    let connection = intake.connect();
    while let Some(bytes) = injected.recv().await {
        let mut assembler = intake.assembler();
        assembler.buffer().extend_from_slice(&bytes);
        let read_at = intake.clock.now();
        // Who sends many messages at once does not want to see each of them.
        let mut few = true;
        let left = loop {
            match assembler.cut() {
                Ok(Some(cut)) => {
                    few &= cut.ends.len() <= TRACED;
                    intake.deliver(&name, connection, cut, read_at, few).await;
                }
                Ok(None) => break assembler.finish(SourceEnd::Ended),
                Err(broken) => break Some(broken),
            }
        };
        if let Some(broken) = left {
            intake.broken(&name, broken);
        }
    }
}
