//! What leaves the window of the smallest input: frames, a test, JSON.

use serde_json::{Value, json};

use crate::core::replay::smallest::FramesOf;
use crate::core::text::hex;
use crate::session::orders::{Order, TestMade, TestOf};
use crate::workbench::layout::Pane;
use crate::workbench::state::lists::frame_at_hand::AtHand;
use crate::workbench::state::windows::detail::Subject;
use crate::workbench::state::windows::overlay::Overlay;
use crate::workbench::state::{Effect, Workbench};

impl Workbench {
    /// Saves the smallest input as frames, which `--in` reads.
    pub(super) fn save_input(&mut self) -> Option<Effect> {
        let found = self.found_input()?;
        let all = match found.input.frames(&self.topology) {
            Ok(all) => all,
            Err(error) => {
                self.notify(format!("not saved: {error}"), true);
                return None;
            }
        };
        let several = self.topology.pipelines().len() > 1;
        let file = |FramesOf { pipeline, bytes, .. }: FramesOf| {
            let plan = self.topology.pipelines().get(pipeline.0);
            let name = plan.filter(|_| several).map(|plan| format!("{}.", plan.name));
            (format!("{}shrunk.frames", name.unwrap_or_default()), bytes)
        };
        Some(Effect::Save { files: all.into_iter().map(file).collect() })
    }

    /// Why no test can be made of what is at hand; `None` if one can.
    pub(in crate::workbench::state) fn no_test(&self) -> Option<String> {
        match &self.overlay {
            Some(Overlay::Shrink(_)) => {
                self.found_input().is_none().then(|| "nothing is found yet".to_owned())
            }
            Some(Overlay::Palette(_)) => None,
            None | Some(Overlay::Detail(_)) => {
                self.test_of().is_none().then(|| "there is nothing to make a test of".to_owned())
            }
            Some(_) => Some(
                "no test is made of this window: close it first, and choose what is to be tested"
                    .to_owned(),
            ),
        }
    }

    /// Makes a test: of the smallest input if its window is open, else of what is open or selected.
    pub(in crate::workbench::state) fn make_test(&mut self) -> Option<Effect> {
        if matches!(self.overlay, Some(Overlay::Shrink(_))) {
            let (found, shrinking) = (self.found_input()?, self.snapshot.shrinking.as_ref()?);
            let test = found.test(&self.topology, &shrinking.when, self.topology.name());
            return Some(Effect::SaveTest(Box::new(TestMade::of(&test))));
        }
        let of = self.test_of()?;
        self.notify("the test is being made".to_owned(), false);
        Some(Effect::Order(Order::Test(of)))
    }

    /// What a test is made of.
    fn test_of(&self) -> Option<TestOf> {
        match &self.overlay {
            None => {}
            Some(Overlay::Detail(detail)) => match &detail.subject {
                Subject::LogLine(_) | Subject::Output(_) | Subject::Branch => return None,
                Subject::Partition { .. } | Subject::Message(_) | Subject::DeadLetter(_) => {}
            },
            // They are of nothing that a test could be made of.
            Some(_) => return None,
        }
        let is_partition = |subject: &Subject| matches!(subject, Subject::Partition { .. });
        if self.is_open(is_partition) || (self.overlay.is_none() && self.pane == Pane::Partitions) {
            let state = self.state_at_hand()?;
            let at = self.topology.states().iter().position(|plan| plan.name == *state)?;
            return Some(TestOf::Partition((at, self.partition_at_hand()?.row.key.clone())));
        }
        let is_frame =
            |subject: &Subject| matches!(subject, Subject::Message(_) | Subject::DeadLetter(_));
        let in_list = matches!(self.pane, Pane::Messages | Pane::DeadLetters);
        if self.is_open(is_frame) || (self.overlay.is_none() && in_list) {
            let (pipeline, number) = match self.frame_at_hand()? {
                AtHand::Letter(letter) => (letter.pipeline.to_string(), letter.sequence),
                AtHand::Message(trace) => (trace.pipeline.to_string(), trace.sequence),
                AtHand::Shrunk { .. } => return None,
            };
            return Some(TestOf::Message(self.topology.pipeline_index(&pipeline)?, number));
        }
        Some(TestOf::Moment)
    }

    /// The smallest input as JSON.
    pub(in crate::workbench::state) fn of_found(&self) -> Option<Value> {
        let (found, shrinking) = (self.found_input()?, self.snapshot.shrinking.as_ref()?);
        let messages =
            found.input.messages.iter().zip(&found.again.decoded).map(|(message, json)| {
                let plan = self.topology.pipelines().get(message.pipeline.0);
                let decoded = json.as_ref().map(|json| {
                    serde_json::from_str(json).unwrap_or_else(|_| Value::String(json.clone()))
                });
                json!({
                    "number": message.number,
                    "pipeline": plan.map(|plan| plan.name.to_string()),
                    "message": decoded,
                    "bytes_hex": hex(&message.payload),
                    "is_simpler": message.is_simpler,
                })
            });
        let base = found.again.base.iter().map(|partition| {
            let value = serde_json::from_str::<Value>(&partition.value).ok();
            json!({
                "state": partition.state,
                "key": partition.key,
                "value": value,
                "poisoned": partition.poisoned,
            })
        });
        Some(json!({
            "when": &*shrinking.when,
            "messages": messages.collect::<Vec<_>>(),
            "partitions_before": base.collect::<Vec<_>>(),
            "happens": found.happened(),
            "messages_before": found.recorded,
            "probes": found.input.probes,
            "complete": found.input.complete,
        }))
    }
}
