//! What a row of the messages says: the texts of its columns.

use std::sync::Arc;

use serde_json::Value;

use crate::application::text_of_bytes;
use crate::core::frames::trace::{Hop, HopEvent, Trace};
use crate::core::frames::wrapping::Wrapping;
use crate::core::numbers::WorkerIndex;
use crate::workbench::theme::Theme;
use crate::workbench::words;

/// No text of a row is longer: what is longer is cut on every screen.
const LONGEST: usize = 200;

/// What became of a message.
pub(super) enum End {
    /// It went its way.
    Output(String),
    /// It could not be processed: at which step, and why.
    Refused(String),
    /// A decoder dropped it on purpose.
    Filtered(String),
}

/// The texts of a row.
pub(super) struct Cells {
    pub number: String,
    pub pipeline: Arc<str>,
    pub source: String,
    pub frame: String,
    pub message: String,
    pub key: String,
    pub worker: Option<WorkerIndex>,
    /// The state before, and the state after; or what a computation gave, alone.
    pub state: (String, String),
    pub change: String,
    pub end: End,
    /// `None` while it is on its way.
    pub time: Option<String>,
}

impl Cells {
    pub fn new(theme: Theme, trace: &Trace, wrapping: Wrapping) -> Self {
        let hops = trace.hops();
        let last = hops.last().filter(|hop| hop.event.is_end());
        let mut cells = Self {
            number: trace.sequence.to_string(),
            pipeline: Arc::clone(&trace.pipeline),
            source: port(&trace.source).to_owned(),
            frame: words::frame(trace.frame.get(..LONGEST).unwrap_or(&trace.frame), wrapping),
            message: String::new(),
            key: String::new(),
            worker: None,
            state: (String::new(), String::new()),
            change: String::new(),
            end: End::Output(String::new()),
            time: last.map(|last| words::duration(last.at.since(trace.read_at))),
        };
        cells.go(theme, &hops);
        cells
    }

    fn go(&mut self, theme: Theme, hops: &[Hop]) {
        let keys =
            hops.iter().filter(|hop| matches!(hop.event, HopEvent::Partitioned { .. })).count();
        for hop in hops {
            match &hop.event {
                HopEvent::Decoded(message) => self.message = text_of(theme, message),
                HopEvent::Filtered => self.end = End::Filtered(format!("filtered by {}", hop.step)),
                HopEvent::Partitioned { .. } if keys > 1 => self.key = format!("{keys} keys"),
                HopEvent::Partitioned { key, owner } => {
                    self.key = theme.fit(&words::key(key), LONGEST);
                    self.worker = Some(*owner);
                }
                HopEvent::StateChanged { created, before, after, .. } if keys < 2 => {
                    (self.state, self.change) = change(theme, *created, before, after);
                }
                HopEvent::Encoded(bytes) => {
                    let beginning = bytes.get(..LONGEST * 4).unwrap_or(bytes);
                    let text = text_of_bytes(beginning.strip_suffix(b"\n").unwrap_or(beginning));
                    self.end = End::Output(text);
                }
                HopEvent::DeadLetter(reason) => {
                    let mark = theme.symbol("✗", "!");
                    let reason = theme.fit(reason, LONGEST);
                    self.end = End::Refused(format!("{mark} {}: {reason}", hop.step));
                }
                // What a state computation sends on is nearly always its state: the change says it.
                HopEvent::Computed(given) if keys == 0 => {
                    self.state.0 = match given.as_slice() {
                        [] => "nothing".to_owned(),
                        [message] => text_of(theme, message),
                        messages => words::counted(messages.len() as u64, "message"),
                    };
                }
                HopEvent::StateChanged { .. } | HopEvent::Computed(_) | HopEvent::Written(_) => {}
            }
        }
    }
}

fn text_of(theme: Theme, json: &str) -> String {
    theme.fit(&words::message(json), LONGEST)
}

/// A peer is known by its port.
fn port(source: &str) -> &str {
    let port = source.rfind(':').and_then(|at| source.get(at..));
    port.filter(|port| port.len() > 1 && port.chars().skip(1).all(|digit| digit.is_ascii_digit()))
        .unwrap_or(source)
}

/// The state before and after, and by how much a number has changed. If one field has changed, its value
/// says enough: its name is in the partitions.
fn change(theme: Theme, created: bool, before: &str, after: &str) -> ((String, String), String) {
    let parse = |json: &str| serde_json::from_str::<Value>(json).ok();
    let changed = match (parse(before), parse(after)) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let mut changed = new
                .into_iter()
                .filter_map(|(name, new)| {
                    let old = old.get(&name).cloned().unwrap_or(Value::Null);
                    (old != new).then_some((old, new))
                })
                .collect::<Vec<_>>();
            if changed.len() > 1 { None } else { Some(changed.pop()) }
        }
        (Some(old), Some(new)) => Some((old != new).then_some((old, new))),
        _ => None,
    };
    match changed {
        Some(Some((old, new))) => {
            let text = |value: &Value| theme.fit(&words::plain(value), LONGEST);
            let old_text = if created { "new".to_owned() } else { text(&old) };
            ((old_text, text(&new)), difference(&old, &new))
        }
        Some(None) => {
            let text = if created { "new" } else { words::UNCHANGED };
            ((text.to_owned(), String::new()), String::new())
        }
        None => {
            let text = words::change(before, after, theme.symbol("→", ">"));
            let text = if created { format!("new: {text}") } else { text };
            ((theme.fit(&text, LONGEST), String::new()), String::new())
        }
    }
}

fn difference(old: &Value, new: &Value) -> String {
    match (old.as_i64(), new.as_i64()) {
        (Some(old), Some(new)) => {
            new.checked_sub(old).map(|by| format!("{by:+}")).unwrap_or_default()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_the_value_before_and_after_and_the_difference() {
        let theme = Theme::new(false, true);
        let state = |votes: u32| format!(r#"{{"letter":"a","votes":{votes}}}"#);
        let of = |created, before: &str, after: &str| {
            let ((before, after), by) = change(theme, created, before, after);
            [before, after, by]
        };
        assert_eq!(of(false, &state(1), &state(3)), ["1", "3", "+2"]);
        assert_eq!(of(true, &state(0), &state(3)), ["new", "3", "+3"]);
        assert_eq!(of(false, &state(1), &state(1)), ["unchanged", "", ""]);
        assert_eq!(of(true, &state(0), &state(0)), ["new", "", ""]);
        let both = of(false, r#"{"a":1,"b":"x"}"#, r#"{"a":2,"b":"y"}"#);
        assert_eq!(both, ["a 1 → 2, b x → y", "", ""]);
    }

    #[test]
    fn a_peer_is_known_by_its_port() {
        assert_eq!(
            [port("127.0.0.1:51662"), port("[::1]:7"), port("input")],
            [":51662", ":7", "input"]
        );
        assert_eq!([port("file:votes"), port("a:")], ["file:votes", "a:"]);
    }
}
