//! What becomes of a message that is held, as a person wants it.

use std::sync::Arc;

use super::holding::desk::Decision;
use crate::core::foresight::one_frame;
use crate::session::Session;
use crate::session::orders::HeldOrder;
use crate::telemetry::HeldShown;

/// What is said if the message is not held any more.
const GONE: &str = "this message is not held any more";

impl Session {
    /// Does what is wanted of the message that is held.
    ///
    /// # Errors
    ///
    /// That cannot be. The error is a sentence for a person.
    pub(in crate::session) fn order_held(&mut self, order: HeldOrder) -> Result<(), String> {
        let (number, decision) = match order {
            HeldOrder::LetGo(number) => (number, Decision::LetGo),
            HeldOrder::Drop(number) => (number, Decision::Drop),
            HeldOrder::Edit(number, bytes) => {
                let held = self.held().filter(|held| held.number == number).ok_or(GONE)?;
                let plan = self.engine.topology().pipelines().get(held.pipeline.0).ok_or(GONE)?;
                let frame = one_frame(plan, self.settings.frame_limit, &bytes)?;
                (number, Decision::Exchange(frame))
            }
        };
        let said = self.breakpoints.decide(number, decision).ok_or(GONE)?;
        self.say(&said);
        // The snapshot is another one.
        self.collector.news.notify_one();
        Ok(())
    }

    fn held(&self) -> Option<Arc<HeldShown>> {
        self.breakpoints.held()
    }
}
