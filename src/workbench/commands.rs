//! What can be done, and which key does it where. What there is stands in one table: see
//! [`COMMANDS`].

use super::command_table::COMMANDS;
use super::keys::Key;

/// Something that can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Send what is typed.
    Send,
    /// Send what is typed though it is wrong.
    SendAnyway,
    /// An older line of the history.
    Older,
    /// A newer line of the history.
    Newer,
    /// Type for the next pipeline.
    NextPipeline,
    /// Leave the input pane.
    LeaveInput,
    /// Go to the input pane.
    Type,
    /// The next pane.
    NextPane,
    /// The pane before.
    PreviousPane,
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// The first row.
    First,
    /// The last row.
    Last,
    /// Show all of the selected row.
    Open,
    /// Close what is open, or give up a filter.
    Close,
    /// Sort by the next column.
    Sort,
    /// Turn the order around.
    Reverse,
    /// Show only keys that contain a text.
    Filter,
    /// Show the partitions of the next state.
    NextState,
    /// Make the pane as large as the screen, or as it was.
    Zoom,
    /// Stop taking messages, or take them again.
    Pause,
    /// Take one message.
    Step,
    /// Keep the screen as it is while the engine goes on, or show it live again.
    Freeze,
    /// Choose a command by name.
    Palette,
    /// Show all commands and their keys.
    Help,
    /// End.
    Quit,
}

/// Where a command applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// Everywhere. Keys that type characters do not count while typing.
    Everywhere,
    /// In the input pane.
    Input,
    /// In panes with rows.
    Rows,
    /// In the partitions pane.
    Partitions,
}

/// A command as the table has it.
#[derive(Debug)]
pub struct Entry {
    /// What is done.
    pub command: Command,
    /// Its name in the palette.
    pub name: &'static str,
    /// What it does, for the help.
    pub about: &'static str,
    /// Its keys; the first one is the one that is shown.
    pub keys: &'static [Key],
    /// Where it applies.
    pub context: Context,
    /// Whether the footer shows it where it applies.
    pub in_footer: bool,
}

/// Where the keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The input pane: characters are text.
    Typing,
    /// The partitions pane.
    Partitions,
    /// Another pane with rows.
    Rows,
}

impl Entry {
    /// Whether the command applies where the keys go.
    #[must_use]
    pub fn applies(&self, focus: Focus) -> bool {
        match self.context {
            Context::Everywhere => true,
            Context::Input => focus == Focus::Typing,
            Context::Rows => focus != Focus::Typing,
            Context::Partitions => focus == Focus::Partitions,
        }
    }

    /// The key to show where the keys go: none where all of them would type text.
    #[must_use]
    pub fn shown_key(&self, focus: Focus) -> Option<Key> {
        self.keys.iter().copied().find(|key| focus != Focus::Typing || !key.is_text())
    }
}

/// The command of a key. More special contexts come first.
#[must_use]
pub fn command_of(key: Key, focus: Focus) -> Option<Command> {
    if focus == Focus::Typing && key.is_text() {
        return None;
    }
    let applies = |entry: &&Entry| entry.applies(focus) && entry.keys.contains(&key);
    let special = COMMANDS.iter().filter(|entry| entry.context != Context::Everywhere);
    let general = COMMANDS.iter().filter(|entry| entry.context == Context::Everywhere);
    special.chain(general).find(applies).map(|entry| entry.command)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOCUSES: [Focus; 3] = [Focus::Typing, Focus::Partitions, Focus::Rows];

    #[test]
    fn every_key_that_is_shown_does_what_is_said() {
        for focus in FOCUSES {
            for entry in COMMANDS.iter().filter(|entry| entry.in_footer && entry.applies(focus)) {
                if let Some(key) = entry.shown_key(focus) {
                    assert_eq!(command_of(key, focus), Some(entry.command), "{key} in {focus:?}");
                }
            }
        }
    }

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for context in [Context::Everywhere, Context::Input, Context::Rows, Context::Partitions] {
            let mut keys: Vec<String> = COMMANDS
                .iter()
                .filter(|entry| entry.context == context)
                .flat_map(|entry| entry.keys.iter().map(ToString::to_string))
                .collect();
            let all = keys.len();
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), all, "{context:?}");
        }
    }

    #[test]
    fn every_command_is_in_the_table_once_and_can_be_reached() {
        for entry in COMMANDS {
            let same = COMMANDS.iter().filter(|other| other.command == entry.command).count();
            assert_eq!(same, 1, "{}", entry.name);
            let reached = FOCUSES.iter().any(|focus| {
                entry.keys.iter().any(|key| command_of(*key, *focus) == Some(entry.command))
            });
            assert!(reached, "{}", entry.name);
        }
    }

    #[test]
    fn characters_are_text_while_typing() {
        assert_eq!(command_of(Key::char('q'), Focus::Typing), None);
        assert_eq!(command_of(Key::ctrl('c'), Focus::Typing), Some(Command::Quit));
        assert_eq!(command_of(Key::char('q'), Focus::Rows), Some(Command::Quit));
    }
}
