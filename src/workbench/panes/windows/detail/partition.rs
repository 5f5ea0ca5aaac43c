//! One partition: its state, how its value has changed, and what recent messages did to it.

use std::sync::Arc;

use ratatui::text::Span;

use super::sheet::{Flow, Part, Row, Sheet, Target};
use super::{changed, sparkline, tree};
use crate::application::Key;
use crate::core::frames::pins::Pin;
use crate::core::frames::trace::{HopEvent, Trace};
use crate::core::numbers::Timestamp;
use crate::core::topology::StepKind;
use crate::telemetry::{ChangeShown, ChangesShown, OpenedPartition, ShownRow};
use crate::workbench::commands::Command;
use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;
use crate::workbench::state::lists::letters::poison;
use crate::workbench::state::windows::detail::folds::Folds;
use crate::workbench::words;

/// The columns of the names.
const NAME: usize = 9;

/// The columns of the message that changed it.
const MESSAGE: usize = 24;

/// What a window about a partition is made with.
struct About<'a> {
    workbench: &'a Workbench,
    state: usize,
    key: &'a Key,
    opened: Option<&'a OpenedPartition>,
}

pub(super) fn sheet<'a>(
    workbench: &'a Workbench,
    state: usize,
    key: &'a Key,
    last: Option<&'a ShownRow>,
    folds: &Folds,
) -> Sheet<'a> {
    let opened = workbench.snapshot.partitions.opened.as_ref();
    let opened = opened.filter(|opened| opened.name.0 == state && opened.name.1 == *key);
    let row = workbench.opened_row(state, key).or(last);
    let about = About { workbench, state, key, opened };
    let mut rows = Vec::new();
    match row {
        None => {
            let text = "There is no such partition yet, or its worker has not answered.";
            rows.push(Row::text(text, workbench.theme.quiet()));
        }
        Some(shown) => {
            rows.extend(about.poisoned(shown, folds));
            rows.extend(about.figures(shown));
            rows.push(Row::empty());
            let value = &shown.row.value;
            rows.extend(tree::of_state(workbench.theme, "state", NAME, value, (folds, "state")));
        }
    }
    rows.extend(about.values());
    rows.push(Row::empty());
    rows.extend(about.history());
    let poisoned = row.is_some_and(|row| row.row.poisoned);
    let commands: &[Command] = if poisoned {
        &[Command::Revive, Command::Fault, Command::Pin, Command::Copy]
    } else {
        &[Command::Fault, Command::Pin, Command::Copy]
    };
    let keys = workbench.keymap.hints(commands, Some(Pane::Partitions));
    let title = format!("Partition {}", words::key(key));
    Sheet { title, keys, live: true, parts: rows.into_iter().map(Part::from).collect() }
}

impl About<'_> {
    fn line(&self, name: &str, text: String) -> Row {
        Row::named(self.workbench.theme, name, NAME, text)
    }

    /// Where it is, how much it has done, and since when there is it.
    fn figures(&self, shown: &ShownRow) -> Vec<Row> {
        let (theme, row) = (self.workbench.theme, &shown.row);
        let mut place = row.worker.to_string();
        if let Some(processes) = &self.workbench.snapshot.processes {
            let process = processes.of(row.worker);
            let named = processes.named.get(process.0);
            place.extend(named.map(|named| format!(" in {named}")));
        }
        let place = Span::styled(place, theme.worker(row.worker.0));
        let head = Span::styled(format!("{:<NAME$} ", "worker"), theme.quiet());
        let mut body = vec![place];
        if let Some((before, at)) = shown.moved {
            let text = format!("  from {before} at {}", words::clock(at.since(Timestamp(0))));
            body.push(Span::styled(text, theme.quiet()));
        }
        let all = self.workbench.snapshot.totals.stateful;
        let mut counts = words::exact(row.messages);
        if all > 0 {
            counts = format!("{counts}, {} of all", words::percent(share(row.messages, all)));
        }
        if let Some(rate) = shown.rate {
            counts = format!("{counts}, {} msg/s", words::measured_rate(rate, usize::MAX));
        }
        let state = self.workbench.topology.states().get(self.state);
        let pin = state.map(|state| Pin { state: Arc::clone(&state.name), key: self.key.clone() });
        if pin.is_some_and(|pin| self.workbench.snapshot.pinned.contains(&pin)) {
            body.push(Span::styled("  pinned: every message is traced", theme.accent()));
        }
        vec![
            Row::new(vec![head], body, Flow::Wrap),
            self.line("messages", counts),
            self.line("created", self.created(shown)).opens(self.creator().map(Target::Message)),
        ]
    }

    fn created(&self, shown: &ShownRow) -> String {
        if !shown.row.dynamic {
            return "declared beforehand".to_owned();
        }
        let by = self.creator().map(|trace| format!(" by {} of {}", trace.sequence, trace.source));
        let by = by.unwrap_or_else(|| " by its first message".to_owned());
        match shown.row.created {
            Some(at) => format!("{} after the start{by}", words::clock(at.since(Timestamp(0)))),
            None => format!(
                "before the last start of the engine{}",
                match self.creator() {
                    Some(_) => by,
                    None => String::new(),
                }
            ),
        }
    }

    /// The message that created it, if that was traced.
    fn creator(&self) -> Option<Arc<Trace>> {
        let opened = self.opened?;
        let creates =
            |trace: &&Arc<Trace>| self.changes(trace).iter().any(|(created, ..)| *created);
        opened.first.iter().chain(&opened.traces).find(creates).map(Arc::clone)
    }

    /// How the first number of the state has changed while it was looked at.
    fn values(&self) -> Vec<Row> {
        let Some(opened) = self.opened.filter(|opened| opened.values.len() > 1) else {
            return Vec::new();
        };
        let theme = self.workbench.theme;
        let name = opened.field.as_deref().filter(|field| !field.is_empty()).unwrap_or("value");
        let now = Timestamp::default().after(self.workbench.snapshot.uptime);
        let mut rows = vec![Row::empty()];
        let title = format!("{name}, the last {} s", sparkline::SECONDS);
        rows.push(Row::text(title, theme.title()));
        rows.extend(sparkline::rows(theme, &opened.values, now));
        rows
    }

    /// What the traced messages did to it, newest first. Each opens.
    fn history(&self) -> Vec<Row> {
        let theme = self.workbench.theme;
        let of = (self.state, self.key);
        let listed = self.workbench.snapshot.changes.as_deref();
        if let Some(listed) = listed.filter(|listed| (listed.of.0, &listed.of.1) == of) {
            return self.changes_listed(listed);
        }
        let traces = self.opened.map(|opened| opened.traces.as_slice()).unwrap_or_default();
        if traces.is_empty() {
            let none = "none of its messages has been traced".to_owned();
            return vec![self.line("history", none), self.all_changes("all that is recorded")];
        }
        let first = self.opened.and_then(|opened| opened.first.as_ref());
        let older = first.filter(|first| !traces.iter().any(|trace| Arc::ptr_eq(first, trace)));
        let mut rows = Vec::new();
        for trace in traces.iter().chain(older) {
            let time = words::clock(trace.read_at.since(Timestamp(0)));
            let changes = self.changes(trace);
            let took = trace.hops().last().map(|hop| words::duration(hop.at.since(trace.read_at)));
            let told = match changes.as_slice() {
                [] => refused(trace).unwrap_or_else(|| "no change".to_owned()),
                changes => changes
                    .iter()
                    .map(|(created, before, after)| {
                        changed::changes(theme, *created, before, after)
                    })
                    .collect::<Vec<_>>()
                    .join("; "),
            };
            let name = if rows.is_empty() { "history" } else { "" };
            let head = vec![
                Span::styled(format!("{name:<NAME$} "), theme.quiet()),
                Span::styled(format!("{:<8} ", trace.sequence.to_string()), theme.title()),
                Span::styled(format!("{time}  {:>8}  ", took.unwrap_or_default()), theme.quiet()),
            ];
            let row = Row::new(head, vec![Span::styled(told, theme.good())], Flow::Scroll);
            rows.push(row.opens(Some(Target::Message(Arc::clone(trace)))));
        }
        rows.push(self.all_changes("all changes that are recorded"));
        rows
    }

    /// A line that lists more changes.
    fn all_changes(&self, text: &str) -> Row {
        let text = format!("{text}{}", self.workbench.theme.symbol("…", ".."));
        self.line("", text).opens(Some(Target::Changes(self.state, self.key.clone())))
    }

    /// The changes that are recorded, newest first. Each leads to its moment.
    fn changes_listed(&self, listed: &ChangesShown) -> Vec<Row> {
        let theme = self.workbench.theme;
        let shown = self.workbench.snapshot.past.as_ref().map(|past| past.message);
        let widest =
            listed.changes.first().map_or(0, |newest| words::exact(newest.change.number).len());
        let mut rows = Vec::new();
        for ChangeShown { change, trace } in &listed.changes {
            let name = if rows.is_empty() { "changes" } else { "" };
            let number = words::exact(change.number);
            let is_shown = shown == Some(change.number);
            let mark = if is_shown { theme.symbol("●", "O") } else { " " };
            let message = trace.hops().into_iter().find_map(|hop| match hop.event {
                HopEvent::Decoded(message) => Some(words::message(&message)),
                _ => None,
            });
            let message = theme.fit(&message.unwrap_or_default(), MESSAGE);
            let head = vec![
                Span::styled(format!("{name:<NAME$} "), theme.quiet()),
                Span::styled(format!("{mark} {number:>widest$}  "), theme.title()),
                Span::styled(format!("{message:<MESSAGE$}  "), theme.quiet()),
            ];
            let before = change.before.as_deref();
            let after = change.after.as_deref().unwrap_or_default();
            let mut told = changed::changes(theme, before.is_none(), before.unwrap_or("{}"), after);
            if change.poisons {
                told = format!("poisoned; {told}");
            }
            let style = if change.poisons { theme.bad() } else { theme.good() };
            let row = Row::new(head, vec![Span::styled(told, style)], Flow::Scroll);
            rows.push(row.opens(Some(Target::Moment(change.number))));
        }
        if rows.is_empty() {
            rows.push(self.line("changes", "none is recorded".to_owned()));
        } else if !listed.is_all {
            rows.push(self.all_changes("older ones"));
        }
        rows
    }

    /// What a message did to the partition: whether it created it, and the state before and after.
    fn changes(&self, trace: &Trace) -> Vec<(bool, String, String)> {
        let topology = &self.workbench.topology;
        let plan = topology.pipelines().iter().find(|plan| plan.name == trace.pipeline);
        let name = topology.states().get(self.state).map(|state| &state.name);
        let of_state = |step: &str| {
            let mut steps = plan.into_iter().flat_map(|plan| &plan.steps);
            steps.any(|plan| {
                let StepKind::State { state } = &plan.kind else { return false };
                &*plan.name == step && Some(state) == name
            })
        };
        let hops = trace.hops().into_iter();
        hops.filter(|hop| of_state(&hop.step))
            .filter_map(|hop| match hop.event {
                HopEvent::StateChanged { key, created, before, after, .. } => {
                    (key == *self.key).then_some((created, before, after))
                }
                _ => None,
            })
            .collect()
    }

    /// Why the partition takes no messages, and what follows from it.
    fn poisoned(&self, shown: &ShownRow, folds: &Folds) -> Vec<Row> {
        if !shown.row.poisoned {
            return Vec::new();
        }
        let (theme, topology) = (self.workbench.theme, &self.workbench.topology);
        let letters = &self.workbench.snapshot.dead_letters;
        let state = topology.states().get(self.state);
        let letter = state.and_then(|state| poison(letters, topology, &state.name, self.key));
        let why = match letter {
            Some(letter) => {
                format!("Poisoned by {} of {}: {}", letter.sequence, letter.pipeline, letter.reason)
            }
            None => {
                "Poisoned: its computation panicked on a message (its dead letter is not kept any \
                     more)"
                    .to_owned()
            }
        };
        let then = "Its messages become dead letters until it is revived. Its state may be half \
                    changed: reviving leaves it as you see it here.";
        let why = Span::styled(why, theme.bad());
        let why = tree::text_row(theme, "", 0, why, (folds, "poison"));
        vec![why, Row::text(then, theme.warning()), Row::empty()]
    }
}

/// Why a message became a dead letter, if it did.
fn refused(trace: &Trace) -> Option<String> {
    trace.hops().into_iter().rev().find_map(|hop| match hop.event {
        HopEvent::DeadLetter(reason) => Some(format!("dead letter: {reason}")),
        _ => None,
    })
}

#[expect(clippy::cast_precision_loss, reason = "a share need not be exact")]
fn share(part: u64, all: u64) -> f64 {
    part as f64 / all.max(1) as f64
}
