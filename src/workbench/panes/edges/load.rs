//! The load in few words, for the header.

use std::time::Duration;

use crate::telemetry::LoadShown;
use crate::workbench::words;

/// Messages that are less late than this are not worth a word.
const WORTH_A_WORD: Duration = Duration::from_millis(100);

/// How late messages are; `None` if that is not worth a word.
pub(in crate::workbench::panes) fn late(load: &LoadShown) -> Option<String> {
    (load.behind >= WORTH_A_WORD).then(|| words::duration(load.behind))
}

/// The load in few words.
pub(super) fn in_few_words(load: &LoadShown) -> String {
    let rate = words::short(load.settings.pace.rate);
    match late(load) {
        None => format!("load {rate}/s"),
        Some(late) => format!("load {rate}/s, {late} late"),
    }
}
