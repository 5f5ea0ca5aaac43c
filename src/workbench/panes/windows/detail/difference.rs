//! What a branch of the recording makes different: partitions, outputs and dead letters, or how far it is.

use ratatui::style::Style;
use ratatui::text::Span;

use super::sheet::{Flow, Part, Row, Sheet};
use super::tree;
use crate::application::text_of_bytes;
use crate::core::replay::branch::Only;
use crate::core::text::plural;
use crate::telemetry::{
    BranchDiffers, BranchShown, CutBytes, LetterShown, PartitionDiffersShown, SinkDiffersShown,
};
use crate::workbench::commands::Command;
use crate::workbench::state::Workbench;
use crate::workbench::state::windows::detail::folds::Folds;
use crate::workbench::theme::Theme;
use crate::workbench::words;

/// How many things of one kind are shown: `y` copies all that are known.
const MOST: usize = 200;

/// After how many rows no further partition is shown: all are made at each draw.
const MOST_ROWS: usize = 2_000;

/// The columns before the fields of a state.
const NAME: usize = 2;

pub(super) fn sheet<'a>(workbench: &Workbench, folds: &Folds) -> Sheet<'a> {
    let theme = workbench.theme;
    let rows = match (&workbench.snapshot.branch, &workbench.refused) {
        (None, Some(why)) => vec![Row::text(why.clone(), theme.bad())],
        // It is asked for, and its thread has not begun.
        (None, None) => vec![Row::text("Nothing is known of the branch yet.", theme.quiet())],
        (Some(branch), _) => of_branch(theme, branch, folds),
    };
    let keys = workbench.keymap.hints(&[Command::Copy], None);
    let title = "What if: what would differ".to_owned();
    Sheet { title, keys, live: true, parts: rows.into_iter().map(Part::from).collect() }
}

fn of_branch(theme: Theme, branch: &BranchShown, folds: &Folds) -> Vec<Row> {
    let mut rows = Vec::new();
    if branch.without_newest {
        let text = "The newest messages are not in the recording yet, because a checkpoint waits: this is without them.";
        rows.push(Row::text(text, theme.warning()));
    }
    match &branch.outcome {
        None => {
            let (done, all) = (words::exact(branch.done), words::exact(branch.all));
            let text = format!(
                "{done} of {all} messages are done again: what happened, and the branch, from the first change on."
            );
            rows.push(Row::text(text, theme.text()));
            let share = u128::from(branch.done) * 40 / u128::from(branch.all.max(1));
            let share = usize::try_from(share).unwrap_or(40).min(40);
            let (full, empty) = (theme.symbol("█", "#"), theme.symbol("░", "."));
            let bar = format!("{}{}", full.repeat(share), empty.repeat(40 - share));
            rows.push(Row::text(bar, theme.bar()));
        }
        Some(Err(why)) => {
            rows.push(Row::text(format!("The branch cannot be done: {why}"), theme.bad()));
        }
        Some(Ok(differs)) => rows.extend(of_difference(theme, differs, folds)),
    }
    rows
}

fn of_difference(theme: Theme, differs: &BranchDiffers, folds: &Folds) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(why) = &differs.unfaithful {
        let text = format!(
            "What happened ends otherwise when it is done again ({why}): so not all of this comes of the changes. The code \
             reads a clock, uses randomness or goes through a HashMap in its order; or messages of several sources meet \
             in one state, and came in another order."
        );
        rows.extend([Row::text(text, theme.warning()), Row::empty()]);
    }
    if let Some(until) = differs.compared_until {
        let text = format!(
            "So much differs that outputs and dead letters are compared until message {} of {} only.",
            words::exact(until),
            words::exact(differs.last)
        );
        rows.extend([Row::text(text, theme.warning()), Row::empty()]);
    }
    if differs.is_none() {
        let text = format!(
            "Nothing differs: with these changes, partitions, outputs and dead letters are the same after message {}.",
            words::exact(differs.last)
        );
        rows.push(Row::text(text, theme.good()));
        return rows;
    }
    let text =
        format!("After message {}, as it happened and in the branch:", words::exact(differs.last));
    rows.push(Row::text(text, theme.quiet()));
    rows.extend(partitions(theme, differs, folds));
    differs.outputs.iter().for_each(|sink| rows.extend(outputs(theme, sink)));
    let letters = &differs.dead_letters;
    if !letters.is_empty() {
        rows.extend(head(
            theme,
            "dead letters",
            "letter",
            letters.happened.count,
            letters.branch.count,
        ));
        rows.extend(sides(theme, (&letters.happened, &letters.branch), letter));
    }
    rows
}

fn partitions(theme: Theme, differs: &BranchDiffers, folds: &Folds) -> Vec<Row> {
    let count = differs.partition_count;
    if count == 0 {
        let text = "all partitions are the same".to_owned();
        return vec![Row::empty(), Row::text(text, theme.quiet())];
    }
    let differ = if count == 1 { "differs" } else { "differ" };
    let title = format!("{} {differ}", words::counted(count, "partition"));
    let mut rows = vec![Row::empty(), Row::text(title, theme.title())];
    let mut shown = 0;
    for (at, one) in differs.partitions.iter().take(MOST).enumerate() {
        if rows.len() >= MOST_ROWS {
            break;
        }
        rows.extend(partition(theme, at, one, folds));
        shown += 1;
    }
    rows.extend(more(theme, count, shown));
    rows
}

fn partition(theme: Theme, at: usize, one: &PartitionDiffersShown, folds: &Folds) -> Vec<Row> {
    let name = Span::styled(format!("{}  ", words::key(&one.key)), theme.accent());
    let of = Span::styled(format!("of {}  ", one.state), theme.quiet());
    let arrow = theme.symbol("→", "->");
    let (told, style) = match (&one.happened, &one.branch) {
        (Some(happened), Some(branch)) => {
            let mut told = match (happened.messages, branch.messages) {
                (one, other) if one == other => words::counted(one, "message"),
                (one, other) => {
                    format!("messages {} {arrow} {}", words::exact(one), words::exact(other))
                }
            };
            match (happened.poisoned, branch.poisoned) {
                (true, false) => told.push_str(", not poisoned in the branch"),
                (false, true) => told.push_str(", poisoned in the branch"),
                (true, true) => told.push_str(", poisoned"),
                (false, false) => {}
            }
            (told, theme.quiet())
        }
        (Some(_), None) => ("is not there in the branch".to_owned(), theme.bad()),
        (None, _) => ("is there only in the branch".to_owned(), theme.good()),
    };
    let mut rows = vec![Row::new(vec![name, of], vec![Span::styled(told, style)], Flow::Wrap)];
    let before = one.happened.as_ref().map(|state| &state.value);
    let root = format!("differs {at}");
    let (value, before) = match &one.branch {
        Some(branch) => (Some(&branch.value), before),
        None => (before, None),
    };
    if let Some(value) = value {
        rows.extend(tree::rows(theme, "", NAME, value, before, (folds, &root)));
    }
    rows
}

fn outputs(theme: Theme, sink: &SinkDiffersShown) -> Vec<Row> {
    let SinkDiffersShown { pipelines, sink, outputs } = sink;
    let name = if sink.is_empty() { String::new() } else { format!(", {sink}") };
    let title = format!("outputs of {pipelines}{name}");
    let mut rows = head(theme, &title, "output", outputs.happened.count, outputs.branch.count);
    rows.extend(sides(theme, (&outputs.happened, &outputs.branch), |bytes| {
        text_of(bytes).replace("\\x0a", "\\n")
    }));
    rows
}

fn head(theme: Theme, title: &str, unit: &str, happened: u64, branch: u64) -> Vec<Row> {
    let happened =
        format!("{} {} only as it happened", words::exact(happened), plural(happened, unit));
    let branch = format!("{} only in the branch", words::exact(branch));
    let title = Span::styled(format!("{title}  "), theme.title());
    let told = Span::styled(format!("{happened}, {branch}"), theme.quiet());
    vec![Row::empty(), Row::new(vec![title], vec![told], Flow::Wrap)]
}

/// What only one of the sides has: that of what happened first.
fn sides<T>(
    theme: Theme,
    (happened, branch): (&Only<T>, &Only<T>),
    text: impl Fn(&T) -> String,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for (only, mark, style) in [(happened, "- ", theme.bad()), (branch, "+ ", theme.good())] {
        let shown = only.first.iter().take(MOST);
        rows.extend(
            shown.clone().map(|(value, times)| one_of(theme, mark, style, text(value), *times)),
        );
        let shown: u64 = shown.map(|(_, times)| times).sum();
        rows.extend(more(theme, only.count, usize::try_from(shown).unwrap_or(usize::MAX)));
    }
    rows
}

fn one_of(theme: Theme, mark: &'static str, style: Style, text: String, times: u64) -> Row {
    let mut body = vec![Span::styled(text, style)];
    if times > 1 {
        body.push(Span::styled(format!("  {} times", words::exact(times)), theme.quiet()));
    }
    Row::new(vec![Span::styled(mark, style)], body, Flow::Scroll)
}

/// How many are not shown.
fn more(theme: Theme, count: u64, shown: usize) -> Option<Row> {
    let left = count.saturating_sub(shown as u64);
    (left > 0).then(|| Row::text(format!("and {} more", words::exact(left)), theme.quiet()))
}

/// The beginning of some bytes, and how many there are if that is not all.
fn text_of(CutBytes { first, length }: &CutBytes) -> String {
    let text = text_of_bytes(first);
    if first.len() == *length {
        return text;
    }
    format!("{text} and so on: {}", words::counted(*length as u64, "byte"))
}

fn letter(letter: &LetterShown) -> String {
    let LetterShown { pipeline, step, reason, payload } = letter;
    let payload = text_of(payload);
    format!("{pipeline}, {step}: {}  \"{payload}\"", words::one_line(reason))
}
