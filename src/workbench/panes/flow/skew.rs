//! How unequal the work is, in words.

use ratatui::text::Line;

use super::lanes::Shares;
use crate::core::partitions::query::SortBy;
use crate::workbench::state::Workbench;
use crate::workbench::words;

/// From this ratio of the most to the least work on, it is unequal, and it needs a look.
const UNEQUAL: f64 = 1.2;
const VERY_UNEQUAL: f64 = 1.5;

/// The longest text that fits; nothing while there is nothing to say.
pub(super) fn sentence(workbench: &Workbench, room: usize) -> Line<'static> {
    if workbench.is_past() {
        return Line::default();
    }
    let (workers, ratio) = workers(workbench).unzip();
    let ratio = ratio.unwrap_or(1.0);
    let key = hot_key(workbench);
    let both = key.iter().chain(&workers).cloned().collect::<Vec<_>>().join("; ");
    let short = key.as_deref().map(|key| key.replace(" of the messages", ""));
    let texts = [Some(both), workers, key, short].into_iter().flatten();
    let Some(text) =
        texts.filter(|text| !text.is_empty()).find(|text| text.chars().count() <= room)
    else {
        return Line::default();
    };
    let theme = workbench.theme;
    let style = if ratio >= VERY_UNEQUAL { theme.warning() } else { theme.quiet() };
    Line::styled(format!(" {text} "), style)
}

/// The key with the most messages of those that are shown, if the rows begin with the greatest.
#[expect(clippy::cast_precision_loss, reason = "a share need not be exact")]
fn hot_key(workbench: &Workbench) -> Option<String> {
    let shown = &workbench.snapshot.partitions;
    let query = &shown.view.query;
    let by_messages = matches!(query.sort, SortBy::Messages | SortBy::Rate) && query.descending;
    if !by_messages || query.offset > 0 || !query.filter.is_empty() || shown.total < 2 {
        return None;
    }
    let first = &shown.rows.iter().max_by_key(|row| row.row.messages)?.row;
    let share = first.messages as f64 / workbench.snapshot.totals.stateful.max(1) as f64;
    let key = workbench.theme.fit(&words::key(&first.key), 16);
    Some(format!("`{key}` takes {} of the messages", words::percent(share.min(1.0))))
}

/// Which worker does how much more than which other one, and how many times.
fn workers(workbench: &Workbench) -> Option<(String, f64)> {
    let workers = &workbench.snapshot.workers;
    let shares = Shares::of(workers);
    let by_share = |one: &&_, other: &&_| shares.share(one).total_cmp(&shares.share(other));
    let (most, least) = (workers.iter().max_by(by_share)?, workers.iter().min_by(by_share)?);
    if most.worker == least.worker || shares.share(most) <= 0.0 {
        return None;
    }
    if shares.share(least) <= 0.0 {
        return Some((format!("worker {} has nothing to do", least.worker), f64::INFINITY));
    }
    let ratio = shares.share(most) / shares.share(least);
    let text = if ratio < UNEQUAL {
        "the workers share the work evenly".to_owned()
    } else {
        format!("worker {} does {ratio:.1} times the work of worker {}", most.worker, least.worker)
    };
    Some((text, ratio))
}
