//! What is copied and saved: the selected thing as JSON, the screen as text or as a picture, and all that
//! was sent from here.

use ratatui::buffer::Buffer;
use serde_json::{Value, json};

use super::windows::detail::Subject;
use super::windows::overlay::Overlay;
use super::{Effect, Workbench};
use crate::application::text_of_bytes;
use crate::core::frames::trace::{Hop, HopEvent, Trace};
use crate::core::json::escaped;
use crate::core::replay::branch::Only;
use crate::core::text::hex;
use crate::telemetry::{BranchDiffers, CutBytes, LetterShown, LogLine, OutputShown, StateShown};
use crate::workbench::layout::Pane;
use crate::workbench::svg;

impl Workbench {
    /// What is open or selected, as JSON; `None` if nothing is.
    #[must_use]
    pub(in crate::workbench) fn selected_json(&self) -> Option<String> {
        let value = match &self.overlay {
            Some(Overlay::Detail(detail)) => match &detail.subject {
                Subject::Message(trace) => of_trace(trace),
                Subject::DeadLetter(letter) => serde_json::to_value(&**letter).ok()?,
                Subject::LogLine(line) => of_log(line),
                Subject::Output(output) => self.of_output(output),
                Subject::Branch => of_branch(self.snapshot.branch.as_ref()?.differs()?),
                Subject::Partition { .. } => {
                    serde_json::to_value(&self.partition_at_hand()?.row).ok()?
                }
            },
            Some(Overlay::Shrink(_)) => self.of_found()?,
            _ => self.row_json()?,
        };
        let text = serde_json::to_string_pretty(&value).ok()?;
        Some(escaped(&text).into_owned())
    }

    fn row_json(&self) -> Option<Value> {
        match self.pane {
            Pane::Partitions => serde_json::to_value(&self.partition_at_hand()?.row).ok(),
            Pane::Messages => self.trace.of(&self.shown_traces()).map(|trace| of_trace(trace)),
            Pane::DeadLetters => serde_json::to_value(&*self.selected_letter()?).ok(),
            Pane::Log => self.log_line.of(&self.shown_log()).map(|line| of_log(line)),
            Pane::Outputs => {
                self.output.of(&self.shown_outputs()).map(|output| self.of_output(output))
            }
            Pane::Input | Pane::Flow | Pane::Throughput | Pane::Latency => None,
        }
    }

    fn of_output(&self, output: &OutputShown) -> Value {
        let pipeline = self.topology.pipelines().get(output.pipeline.0);
        json!({
            "pipeline": pipeline.map(|pipeline| pipeline.name.to_string()),
            "sink": output.sink.0,
            "text": text_of_bytes(&output.bytes),
            "bytes_hex": hex(&output.bytes),
        })
    }

    pub(super) fn copy(&mut self) -> Option<Effect> {
        let text = self.selected_json()?;
        Some(Effect::Copy { text, name: "copy.json" })
    }

    pub(super) fn copy_screen(&self) -> Effect {
        let buffer = self.screen();
        let row = |cells: &[ratatui::buffer::Cell]| {
            let text: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
            text.trim_end().to_owned() + "\n"
        };
        let width = usize::from(buffer.area.width).max(1);
        let text = buffer.content.chunks(width).map(row).collect();
        Effect::Copy { text, name: "screen.txt" }
    }

    pub(super) fn picture(&self) -> Effect {
        let title = format!("wallaroo-tui --app {}", self.topology.name());
        let picture = svg::svg(&self.screen(), &title);
        Effect::Save { files: vec![("screen.svg".to_owned(), picture.into_bytes())] }
    }

    /// The screen as it is now.
    fn screen(&self) -> Buffer {
        let mut buffer = Buffer::empty(self.area);
        self.draw(self.area, &mut buffer);
        buffer
    }
}

fn of_log(line: &LogLine) -> Value {
    json!({
        "at": humantime::format_rfc3339_millis(line.at).to_string(),
        "level": line.level.to_string(),
        "text": line.text,
    })
}

/// A trace: the frame, and every hop with the nanoseconds since the frame was read.
/// What a branch makes different.
fn of_branch(differs: &BranchDiffers) -> Value {
    let state = |state: &Option<StateShown>| {
        state.as_ref().map(|StateShown { messages, poisoned, value }| {
            json!({ "messages": messages, "poisoned": poisoned, "value": value })
        })
    };
    let partitions = differs.partitions.iter().map(|one| {
        json!({
            "state": *one.state,
            "key": one.key.to_string(),
            "happened": state(&one.happened),
            "branch": state(&one.branch),
        })
    });
    let outputs = differs.outputs.iter().map(|sink| {
        let all = |only: &Only<CutBytes>| {
            let first = only.first.iter().map(|(bytes, times)| {
                let CutBytes { first, length } = bytes;
                json!({
                    "text": text_of_bytes(first), "bytes_hex": hex(first), "bytes": length, "times": times,
                })
            });
            json!({ "count": only.count, "first": first.collect::<Value>() })
        };
        let (happened, branch) = (all(&sink.outputs.happened), all(&sink.outputs.branch));
        json!({
            "pipelines": sink.pipelines, "sink": sink.sink, "happened": happened, "branch": branch,
        })
    });
    let letters = |only: &Only<LetterShown>| {
        let first = only.first.iter().map(|(letter, times)| {
            json!({
                "pipeline": *letter.pipeline,
                "step": *letter.step,
                "reason": letter.reason,
                "bytes_hex": hex(&letter.payload.first),
                "bytes": letter.payload.length,
                "times": times,
            })
        });
        json!({ "count": only.count, "first": first.collect::<Value>() })
    };
    json!({
        "partition_count": differs.partition_count,
        "partitions": partitions.collect::<Value>(),
        "outputs": outputs.collect::<Value>(),
        "dead_letters": {
            "happened": letters(&differs.dead_letters.happened),
            "branch": letters(&differs.dead_letters.branch),
        },
    })
}

fn of_trace(trace: &Trace) -> Value {
    let hops: Vec<Value> = trace.hops().iter().map(|hop| of_hop(trace, hop)).collect();
    json!({
        "pipeline": &*trace.pipeline,
        "source": &*trace.source,
        "sequence": trace.sequence.0,
        "frame_hex": hex(&trace.frame),
        "frame_bytes": trace.frame_length,
        "hops": hops,
    })
}

fn of_hop(trace: &Trace, hop: &Hop) -> Value {
    let value =
        |text: &String| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()));
    let mut json = match &hop.event {
        HopEvent::Decoded(message) => json!({ "decoded": value(message) }),
        HopEvent::Filtered => json!({ "filtered": true }),
        HopEvent::Computed(made) => {
            json!({ "computed": made.iter().map(value).collect::<Vec<_>>() })
        }
        HopEvent::Partitioned { key, owner } => json!({ "key": key, "owner": owner.0 }),
        HopEvent::StateChanged { key, created, before, after, saved, messages } => json!({
            "key": key,
            "created": created,
            "before": value(before),
            "after": value(after),
            "saved": saved,
            "messages": messages,
        }),
        HopEvent::Encoded(bytes) => {
            json!({ "output": text_of_bytes(bytes), "output_hex": hex(bytes) })
        }
        HopEvent::Written(sink) => json!({ "sink": &**sink }),
        HopEvent::DeadLetter(reason) => json!({ "dead_letter": reason }),
    };
    if let Some(fields) = json.as_object_mut() {
        let after = hop.at.0.saturating_sub(trace.read_at.0);
        fields.insert("step".to_owned(), json!(&*hop.step));
        fields.insert("worker".to_owned(), json!(hop.worker.0));
        fields.insert("after_ns".to_owned(), json!(after));
    }
    json
}
