//! One output: which message made it, when, for which sink, and all of its bytes that are kept.

use super::hex::Hex;
use super::sheet::{Part, Row, Sheet, Target};
use crate::application::text_of_bytes;
use crate::core::numbers::Timestamp;
use crate::telemetry::OutputShown;
use crate::workbench::commands::Command;
use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;
use crate::workbench::words;

/// The columns of the names.
const NAME: usize = 8;

pub(super) fn sheet<'a>(workbench: &Workbench, output: &'a OutputShown) -> Sheet<'a> {
    let theme = workbench.theme;
    let line = |name: &str, text: String| Row::named(theme, name, NAME, text);
    let pipeline = workbench.topology.pipelines().get(output.pipeline.0);
    let name = pipeline.map(|plan| plan.name.to_string()).unwrap_or_default();
    let [first, last] = [output.first, output.last];
    let made = if first == last {
        format!("{first} of {}", output.source)
    } else {
        format!("one of {first} to {last} of {}, which were read together", output.source)
    };
    let trace = workbench
        .snapshot
        .traces
        .iter()
        .find(|trace| first == last && trace.sequence == first && *trace.pipeline == *name);
    let start = Timestamp(0);
    let mut parts: Vec<Part<'a>> = vec![
        line("message", made)
            .opens(trace.map(|trace| Target::Message(std::sync::Arc::clone(trace))))
            .into(),
        line("pipeline", name).into(),
        line("sink", output.endpoint.to_string()).into(),
        line(
            "written",
            format!(
                "{} after the start, {} after its frame was read",
                words::moment(output.at.since(start)),
                words::duration(output.at.since(output.read_at)),
            ),
        )
        .into(),
        line("length", length(output)).into(),
        Row::empty().into(),
    ];
    for (at, text) in output.bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let name = if at == 0 { "text" } else { "" };
        let text = text_of_bytes(text).replace("\\x0a", "\\n");
        parts.push(line(name, text).into());
    }
    parts.push(Row::empty().into());
    parts.push(Part::Hex(Hex::plain(&output.bytes)));
    let keys = workbench.keymap.hints(&[Command::Copy], Some(Pane::Outputs));
    Sheet { title: "Output".to_owned(), keys, live: false, parts }
}

fn length(output: &OutputShown) -> String {
    if output.bytes.len() < output.length {
        format!(
            "{}, of which the first {} are kept",
            words::counted(output.length as u64, "byte"),
            words::exact(output.bytes.len() as u64)
        )
    } else {
        words::counted(output.length as u64, "byte")
    }
}
