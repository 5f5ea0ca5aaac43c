//! What is saved, what would be lost, and the story of the last crash.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::core::event::Recovered;
use crate::core::numbers::Epoch;
use crate::runtime::RunState;
use crate::telemetry::{Crash, SafetyShown};
use crate::workbench::commands::Command;
use crate::workbench::panes::frame::{field, window};
use crate::workbench::state::Workbench;
use crate::workbench::theme::Theme;
use crate::workbench::words::{self, counted};

pub(super) fn render(workbench: &Workbench, crashing: bool, area: Rect, buffer: &mut Buffer) {
    let theme = workbench.theme;
    let lines = match &workbench.snapshot.safety {
        None => vec![Line::raw("Nothing is saved: what is in memory is lost with the process.")],
        Some(_) if crashing => {
            vec![Line::styled(
                "Everything in memory is lost. It is coming back ..",
                theme.warning(),
            )]
        }
        Some(safety) => Story { workbench, theme, safety }.lines(),
    };
    let keys = format!("{}   Esc closes", workbench.keymap.hints(&[Command::Crash], None));
    window(theme, "Crash and recovery", &keys, lines, area, buffer);
}

/// The lines of the window.
struct Story<'a> {
    workbench: &'a Workbench,
    theme: Theme,
    safety: &'a SafetyShown,
}

impl Story<'_> {
    /// First a sentence about what happened; then what was lost, what came back, and what is saved now.
    fn lines(&self) -> Vec<Line<'static>> {
        let SafetyShown { crash, recovered, recovering, .. } = self.safety;
        let (good, warning) = (self.theme.good(), self.theme.warning());
        let mut lines = vec![match (crash, recovered) {
            _ if *recovering => {
                let waits = self.workbench.snapshot.run_state != RunState::Running;
                let wait = if waits { "; the rest comes when the engine is resumed" } else { "" };
                Line::styled(format!("What was saved is coming back{wait} .."), warning)
            }
            (Some(Crash { took, .. }), Some(_)) => Line::styled(
                format!("All memory was lost. It was back after {}.", words::duration(*took)),
                good,
            ),
            (Some(Crash { partitions: 0, messages: 0, .. }), None) => {
                Line::raw("All memory was lost, and there was nothing in it.")
            }
            (Some(_), None) => {
                Line::styled("Memory was lost, and nothing had been saved yet.", warning)
            }
            (None, Some(Recovered { took, .. })) => Line::styled(
                format!("Went on where an earlier run had ended, in {}.", words::duration(*took)),
                good,
            ),
            (None, None) => Line::raw("A crash loses all memory; what was saved comes back."),
        }];
        lines.push(Line::default());
        let told = lines.len();
        if let Some(crash) = crash {
            lines.extend(self.fields("lost", lost(crash)));
        }
        if let Some(recovered) = recovered {
            lines.extend(self.fields("came back", self.came_back(recovered)));
        }
        if lines.len() > told {
            lines.push(Line::default());
        }
        lines.extend(self.fields("saved now", self.saved()));
        let processes = self.workbench.snapshot.processes.as_ref();
        if let Some(process) = processes.and_then(|processes| processes.holds_checkpoint) {
            let text = format!("process {process}: a checkpoint needs what it still processes");
            lines.extend(self.fields("waits for", vec![text]));
        }
        let until = if self.workbench.saved_for_now { ", until you quit" } else { "" };
        lines
            .extend(self.fields("in", vec![format!("{}{until}", self.safety.directory.display())]));
        lines
    }

    /// Lines under one name.
    fn fields(&self, name: &str, texts: Vec<String>) -> impl Iterator<Item = Line<'static>> {
        texts
            .into_iter()
            .enumerate()
            .map(move |(at, text)| field(self.theme, if at == 0 { name } else { "" }, 10, text))
    }

    fn came_back(&self, recovered: &Recovered) -> Vec<String> {
        let Recovered { epoch, partitions, frames, .. } = recovered;
        let mut texts = Vec::new();
        if epoch.0 > 0 {
            texts.push(format!(
                "{} from {}",
                counted(*partitions as u64, "partition"),
                checkpoint(*epoch)
            ));
        }
        if *frames > 0 {
            let paused = self.workbench.snapshot.run_state != RunState::Running;
            let then =
                if paused { "from the journal, when resumed" } else { "again, from the journal" };
            texts.push(format!("{} {then}", counted(*frames, "message")));
        }
        if self.safety.files {
            texts.push("files go on from where that had ended".to_owned());
        }
        texts
    }

    fn saved(&self) -> Vec<String> {
        let SafetyShown { epoch, unsaved, files, recovered, .. } = self.safety;
        let place = if *files { "the journal and the files" } else { "the journal" };
        let mut texts = match (epoch.0, *unsaved) {
            (0, 0) if recovered.is_some() => vec![format!("the messages in {place}")],
            (0, 0) => vec!["nothing: no message has been processed".to_owned()],
            (0, newer) => vec![format!("{}, in {place}", counted(newer, "message"))],
            (_, 0) => vec![format!("all that was processed, in {}", checkpoint(*epoch))],
            (_, newer) => {
                vec![checkpoint(*epoch), format!("{} newer, in {place}", words::exact(newer))]
            }
        };
        let waits = self.workbench.snapshot.waits.unwrap_or_default();
        if waits.journaled > 0 {
            texts.push(format!(
                "{} only in the journal, when resumed",
                counted(waits.journaled, "message")
            ));
        }
        texts
    }
}

fn lost(crash: &Crash) -> Vec<String> {
    let Crash { workers, partitions, epoch, messages, .. } = crash;
    let workers = counted(*workers as u64, "worker");
    let memory = match *partitions {
        0 => format!("all that was in the memory of {workers}"),
        some => format!("{} in the memory of {workers}", counted(some as u64, "partition")),
    };
    let newer = match (epoch.0, *messages) {
        (0, messages) => format!("{}, and there was no checkpoint", counted(messages, "message")),
        (_, 0) => format!("no message newer than {}", checkpoint(*epoch)),
        (_, messages) => {
            format!("{} newer than {}", counted(messages, "message"), checkpoint(*epoch))
        }
    };
    vec![memory, newer]
}

fn checkpoint(epoch: Epoch) -> String {
    format!("checkpoint {epoch}")
}
