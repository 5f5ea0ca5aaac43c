//! The text of a Rust test, made of what was seen.
//!
//! It compiles whatever the messages, keys and states are, as long as the expression of the topology does.

mod literal;
#[cfg(test)]
mod tests;

use std::fmt::Write;

use crate::application::Key;
use crate::core::frames::preview::{one_line, shortened};

/// The expression with which a test that is written makes the topology.
pub const TOPOLOGY: &str = "crate::topology()?";

/// What a file with a test begins with.
pub const HEADER: &str = "\
// Written by wallaroo-tui. It needs a function `topology` in the root of the crate, which builds the application: if
// yours is elsewhere or takes options, write its call in place of `crate::topology()`. The file belongs into `src`,
// with `#[cfg(test)] mod NAME;` where it is declared.
";

/// A test that is to be written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Test {
    /// What it is about. Its function's name is made of it.
    pub title: String,
    /// The application's name and options, for a comment.
    pub application: String,
    /// The Rust expression that makes the application's `Topology`, for example `crate::topology()?`. It stands in the
    /// text as it is.
    pub topology: String,
    /// The partitions that there are before the first message.
    pub base: Vec<TestPartition>,
    /// The messages, in the order in which they enter.
    pub messages: Vec<TestMessage>,
    /// What was seen at the end.
    pub seen: Seen,
    /// What the test is to say of it.
    pub expected: Expected,
}

/// A partition in a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestPartition {
    /// The name of its state.
    pub state: String,
    /// The key.
    pub key: Key,
    /// The state as JSON, as the `to_string` of a row's `value` writes it.
    pub value: String,
    /// Whether a computation panicked on it.
    pub poisoned: bool,
}

/// A message in a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestMessage {
    /// The name of its pipeline.
    pub pipeline: String,
    /// The payload of its frame.
    pub payload: Vec<u8>,
    /// The decoded message as JSON, for a comment, if it could be decoded.
    pub decoded: Option<String>,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// What sinks received.
    pub outputs: Vec<SeenOutputs>,
    /// Partitions.
    pub partitions: Vec<TestPartition>,
    /// The states of which `partitions` has all partitions.
    pub whole_states: Vec<String>,
    /// All dead letters, as step and reason.
    pub dead_letters: Vec<(String, String)>,
}

/// What a sink received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenOutputs {
    /// The name of its pipeline.
    pub pipeline: String,
    /// Which of the sinks of the pipeline, from 0.
    pub sink: usize,
    /// The outputs, in order.
    pub outputs: Vec<Vec<u8>>,
}

/// What a test says of what was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Expected {
    /// It is right: the test passes.
    #[default]
    AsSeen,
    /// It is wrong: the test fails until the application is mended. There must be no dead letters and no poisoned
    /// partitions; if there were none, every partition and output that was seen must be another.
    Otherwise,
}

impl Test {
    /// The text of a file with it.
    pub fn file(&self) -> String {
        format!("{HEADER}\n{}", self.text())
    }

    /// The text: one function with `#[test]`, which needs nothing around it.
    pub fn text(&self) -> String {
        let mut lines = Lines::default();
        lines.comment(0, &format!("{}: {}", self.application, self.title));
        lines.line(0, "#[test]");
        let name = literal::name(&self.title);
        lines.line(0, &format!("fn {name}() -> Result<(), Box<dyn std::error::Error>> {{"));
        lines.line(1, &format!("let topology = {};", self.topology));
        lines.line(1, "let mut driver = wallaroo::TestDriver::new(&topology);");
        self.begin(&mut lines);
        for TestMessage { pipeline, payload, decoded } in &self.messages {
            if let Some(decoded) = decoded {
                lines.comment(1, decoded);
            }
            let (pipeline, payload) = (literal::text(pipeline), literal::bytes(payload));
            lines.line(1, &format!("driver.push_message({pipeline}, {payload})?;"));
        }
        lines.line(1, "driver.run();");
        lines.line(0, "");
        let says_something = match self.expected {
            Expected::AsSeen => {
                self.seen.as_seen(&mut lines);
                true
            }
            Expected::Otherwise => self.seen.otherwise(&mut lines),
        };
        if says_something {
            lines.line(1, "Ok(())");
        } else {
            lines.line(1, "Err(\"say here what should be\".into())");
        }
        lines.line(0, "}");
        lines.0
    }

    /// The partitions that there are before.
    fn begin(&self, lines: &mut Lines) {
        for TestPartition { state, key, value, poisoned } in &self.base {
            let (state, key, value) =
                (literal::text(state), literal::key(key), literal::text(value));
            lines.line(1, &format!("driver.restore({state}, {key}, {value})?;"));
            if *poisoned {
                lines.line(1, &format!("driver.poison({state}, {key})?;"));
            }
        }
    }
}

impl Seen {
    /// All is as it was seen.
    fn as_seen(&self, lines: &mut Lines) {
        for SeenOutputs { pipeline, sink, outputs } in &self.outputs {
            let found = found_outputs(pipeline, *sink);
            lines.list(
                &format!("assert_eq!({found}"),
                &format!("assert!({found}"),
                &byte_strings(outputs),
            );
        }
        for partition in &self.partitions {
            let TestPartition { value, poisoned, .. } = partition;
            lines.find(partition);
            lines.line(
                1,
                &format!("assert_eq!(partition.value.to_string(), {});", literal::text(value)),
            );
            let not = if *poisoned { "" } else { "!" };
            lines.line(1, &format!("assert!({not}partition.poisoned);"));
        }
        for state in &self.whole_states {
            let count =
                self.partitions.iter().filter(|partition| partition.state == *state).count();
            let state = literal::text(state);
            lines.line(1, &format!("assert_eq!(driver.partitions({state}).len(), {count});"));
        }
        if !self.dead_letters.is_empty() {
            lines.line(1, "let dead_letters = driver.dead_letters().iter();");
            lines.line(
                1,
                "let dead_letters = dead_letters.map(|letter| (&*letter.step, &*letter.reason));",
            );
        }
        let letters: Vec<String> = self.dead_letters.iter().map(step_and_reason).collect();
        lines.list(
            "assert_eq!(dead_letters.collect::<Vec<_>>()",
            "assert!(driver.dead_letters()",
            &letters,
        );
    }

    /// What was wrong is no longer so. Returns false if that is nothing.
    fn otherwise(&self, lines: &mut Lines) -> bool {
        let poisoned: Vec<_> = self.partitions.iter().filter(|seen| seen.poisoned).collect();
        if !self.dead_letters.is_empty() {
            lines.comment(1, "There should be no dead letter. These were seen:");
            for (step, reason) in &self.dead_letters {
                lines.comment(1, &format!("    {step}: {reason}"));
            }
            lines.line(
                1,
                "assert!(driver.dead_letters().is_empty(), \"{:?}\", driver.dead_letters());",
            );
        }
        for TestPartition { state, key, .. } in &poisoned {
            let (state, key) = (literal::text(state), literal::key(key));
            lines.line(1, &format!("let partition = driver.partition({state}, {key});"));
            lines.line(1, "assert!(!partition.is_some_and(|partition| partition.poisoned));");
        }
        if !self.dead_letters.is_empty() || !poisoned.is_empty() {
            return true;
        }
        for partition in &self.partitions {
            lines.comment(1, "It should be another. Write here, with `assert_eq`, what is right:");
            lines.find(partition);
            let value = literal::text(&partition.value);
            lines.line(1, &format!("assert_ne!(partition.value.to_string(), {value});"));
        }
        for SeenOutputs { pipeline, sink, outputs } in &self.outputs {
            lines.comment(1, "They should be others. Write here, with `assert_eq`, what is right:");
            let found = found_outputs(pipeline, *sink);
            lines.list(
                &format!("assert_ne!({found}"),
                &format!("assert!(!{found}"),
                &byte_strings(outputs),
            );
        }
        !self.partitions.is_empty() || !self.outputs.is_empty()
    }
}

fn found_outputs(pipeline: &str, sink: usize) -> String {
    let pipeline = literal::text(pipeline);
    match sink {
        0 => format!("driver.outputs({pipeline})?"),
        _ => format!("driver.outputs_of_sink({pipeline}, {sink})?"),
    }
}

/// Byte strings that have one type in a list.
fn byte_strings(outputs: &[Vec<u8>]) -> Vec<String> {
    let mut literals: Vec<String> = outputs.iter().map(|output| literal::bytes(output)).collect();
    let same_length =
        outputs.windows(2).all(|two| matches!(two, [one, other] if one.len() == other.len()));
    if let Some(first) = literals.first_mut().filter(|_| !same_length) {
        // An array of arrays of different lengths has no type; behind a slice, they become slices.
        *first = format!("&{first}[..]");
    }
    literals
}

fn step_and_reason((step, reason): &(String, String)) -> String {
    format!("({}, {})", literal::text(step), literal::text(reason))
}

/// The lines of a test.
#[derive(Default)]
struct Lines(String);

/// The longest line of a list that stands in one line.
const WIDTH: usize = 100;

impl Lines {
    fn line(&mut self, depth: usize, line: &str) {
        let indent = if line.is_empty() { 0 } else { 4 * depth };
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{:indent$}{line}", "");
    }

    fn comment(&mut self, depth: usize, text: &str) {
        // So cut that a message of megabytes is no comment of megabytes.
        let text = shortened(text.to_owned());
        self.line(depth, &format!("// {}", one_line(&text)));
    }

    /// Finds a partition.
    fn find(&mut self, partition: &TestPartition) {
        let TestPartition { state, key, .. } = partition;
        let missing = literal::text(&format!("{state} has no partition {key}"));
        let (state, key) = (literal::text(state), literal::key(key));
        self.line(
            1,
            &format!("let partition = driver.partition({state}, {key}).ok_or({missing})?;"),
        );
    }

    /// Compares with a list: `assert` is followed by it, `assert_empty` if it is empty by the question.
    fn list(&mut self, assert: &str, assert_empty: &str, items: &[String]) {
        let Some(last) = items.len().checked_sub(1) else {
            return self.line(1, &format!("{assert_empty}.is_empty());"));
        };
        let line = format!("{assert}, [{}]);", items.join(", "));
        if line.len() + 4 <= WIDTH || last == 0 {
            return self.line(1, &line);
        }
        self.line(1, "let expected = [");
        for item in items {
            self.line(2, &format!("{item},"));
        }
        self.line(1, "];");
        self.line(1, &format!("{assert}, expected);"));
    }
}
