//! Reads what is typed in the window "What if".

use bytes::Bytes;

use super::changes::Change;
use super::here::HerePartition;
use super::writing::{What, Writing};
use crate::core::test_driver::{RestoreError, TestDriver};
use crate::core::typed::{self, Typed};
use crate::session::what_if::{MAX_TIMES, Spot, WhatIf};
use crate::workbench::state::Workbench;
use crate::workbench::words;

impl Workbench {
    /// What a typed message means.
    pub(in crate::workbench) fn typed_instead(&self, writing: &Writing) -> Option<Typed> {
        let plan = self.topology.pipelines().get(writing.pipeline()?.0)?;
        Some(typed::read(writing.line.text(), &plan.source, self.frame_limit))
    }

    /// The change that is typed. `anyway` takes a wrong line as a payload.
    ///
    /// # Errors
    ///
    /// What is wrong with the line.
    pub(in crate::workbench::state) fn written(
        &self,
        writing: &Writing,
        anyway: bool,
    ) -> Result<Change, String> {
        let text = writing.line.text().trim().to_owned();
        if let What::State(at, partition) = &writing.what {
            return self.state_written(*at, partition, text);
        }
        let (frame, times) = self.frame_written(writing, anyway)?;
        let shown = words::one_line(&text).into_owned();
        Ok(match &writing.what {
            What::Instead(name) => Change {
                edit: WhatIf::Replace(*name, frame, times),
                text: format!("{} becomes  {shown}", self.name_of(*name)),
                typed: text,
            },
            What::PutIn(at, pipeline) => {
                let of = match self.topology.pipelines() {
                    [_] => String::new(),
                    _ => format!(" to {}", self.pipeline_name(*pipeline)),
                };
                Change {
                    text: format!("{} comes{of}  {shown}", self.spot_in_words(*at)),
                    edit: WhatIf::PutIn { at: *at, pipeline: *pipeline, frame, times },
                    typed: text,
                }
            }
            What::State(..) => unreachable!("a state is no frame"),
        })
    }

    /// The frame that is typed, and how many times.
    fn frame_written(&self, writing: &Writing, anyway: bool) -> Result<(Bytes, usize), String> {
        let typed = self.typed_instead(writing).ok_or("the application has no such pipeline")?;
        let (frame, times) = match typed {
            Typed::Nothing => return Err("nothing is typed: Esc leaves it as it is".to_owned()),
            Typed::Frames { frame, times, .. } => (frame, times),
            // Its bytes would run into the next message, or be several.
            Typed::Raw { note, .. } if note != "1 frame" => {
                return Err(format!("one whole frame can be put in, and this is {note}"));
            }
            Typed::Raw { bytes, times, .. } => (bytes, times),
            Typed::Wrong { anyway: Some(frame), .. } if anyway => (frame, 1),
            Typed::Wrong { reason, .. } => return Err(words::one_line(&reason).into_owned()),
        };
        if times > MAX_TIMES {
            return Err(format!("{MAX_TIMES} times are the most in a branch"));
        }
        Ok((frame, times))
    }

    fn state_written(
        &self,
        at: Spot,
        partition: &HerePartition,
        json: String,
    ) -> Result<Change, String> {
        if json.is_empty() {
            return Err("nothing is typed: Esc leaves it as it is".to_owned());
        }
        let HerePartition { state, key, poisoned, .. } = partition;
        let stays = if *poisoned { ", and it stays poisoned" } else { "" };
        // Its type is the application's: a driver of its own knows it.
        let mut driver = TestDriver::new(&self.topology);
        if let Err(error) = driver.restore(state, key.clone(), &json) {
            let why = match error {
                // What was typed is in the line above it.
                RestoreError::OtherType { reason, .. } => {
                    format!("this is no state of {state}: {reason}")
                }
                other => other.to_string(),
            };
            return Err(words::one_line(&why).into_owned());
        }
        let value =
            serde_json::from_str(&json).map_or_else(|_| json.clone(), |value| words::plain(&value));
        Ok(Change {
            text: format!(
                "{} the state of {} is  {value}{stays}",
                self.spot_in_words(at),
                partition.name()
            ),
            edit: WhatIf::SetState { at, state: state.clone(), key: key.clone(), json },
            typed: String::new(),
        })
    }
}
