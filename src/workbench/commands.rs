//! What can be done, and which key does it where. What there is stands in one table: see
//! [`COMMANDS`].

use crossterm::event::KeyCode;

use super::terminal::keys::Key;

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
    /// Show only rows that contain a text.
    Filter,
    /// Let a poisoned partition take messages again.
    Revive,
    /// Put a dead letter's frame into the input pane, to be edited.
    EditLetter,
    /// Send a dead letter's frame again as it is.
    SendLetter,
    /// Show the partitions of the next state.
    NextState,
    /// Make the pane as large as the screen, or as it was.
    Zoom,
    /// Stop taking messages, or take them again.
    Pause,
    /// Take one message.
    Step,
    /// Lose all that is in memory, and recover.
    Crash,
    /// Show what is saved, lost and recovered.
    Safety,
    /// One worker more.
    MoreWorkers,
    /// One worker less.
    FewerWorkers,
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
    /// In panes with rows that can be filtered: partitions and dead letters.
    Filtered,
    /// In the partitions pane.
    Partitions,
    /// In the dead letters pane.
    DeadLetters,
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
    /// The dead letters pane.
    DeadLetters,
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
            Context::Filtered => matches!(focus, Focus::Partitions | Focus::DeadLetters),
            Context::Partitions => focus == Focus::Partitions,
            Context::DeadLetters => focus == Focus::DeadLetters,
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

/// The keys of some commands and what they do, for who has just opened something.
#[must_use]
pub fn hint(commands: &[Command], focus: Focus) -> String {
    let entries = COMMANDS.iter().filter(|entry| commands.contains(&entry.command));
    let hints = entries
        .filter_map(|entry| entry.shown_key(focus).map(|key| format!("{key}: {}", entry.name)));
    hints.chain(["Esc closes".to_owned()]).collect::<Vec<_>>().join("   ")
}

const fn entry(
    command: Command,
    name: &'static str,
    about: &'static str,
    keys: &'static [Key],
    context: Context,
    in_footer: bool,
) -> Entry {
    Entry { command, name, about, keys, context, in_footer }
}

const fn plain(code: KeyCode) -> Key {
    Key::plain(code)
}

/// All commands, in the order in which help shows them.
pub const COMMANDS: &[Entry] = &[
    entry(
        Command::Send,
        "send",
        "send what is typed; x1000 at its end sends it a thousand times",
        &[plain(KeyCode::Enter)],
        Context::Input,
        true,
    ),
    entry(
        Command::SendAnyway,
        "send anyway",
        "send the typed text itself as a payload, to see what becomes of it",
        &[Key::ctrl('x'), Key::alt(KeyCode::Enter)],
        Context::Input,
        false,
    ),
    entry(
        Command::Older,
        "older",
        "bring back an older line",
        &[plain(KeyCode::Up)],
        Context::Input,
        false,
    ),
    entry(
        Command::Newer,
        "newer",
        "bring back a newer line",
        &[plain(KeyCode::Down)],
        Context::Input,
        false,
    ),
    entry(
        Command::NextPipeline,
        "next pipeline",
        "type for the application's next pipeline",
        &[Key::ctrl('n'), plain(KeyCode::F(8))],
        Context::Input,
        true,
    ),
    entry(
        Command::LeaveInput,
        "leave input",
        "leave the input pane, so that letters are commands",
        &[plain(KeyCode::Esc)],
        Context::Input,
        true,
    ),
    entry(
        Command::Type,
        "type",
        "go to the input pane",
        &[Key::char('i')],
        Context::Everywhere,
        true,
    ),
    entry(
        Command::Pause,
        "pause",
        "stop taking messages, or take them again",
        &[Key::char(' '), plain(KeyCode::F(5))],
        Context::Everywhere,
        true,
    ),
    entry(
        Command::Step,
        "step",
        "take one message, and pause",
        &[Key::char('s'), plain(KeyCode::F(6))],
        Context::Everywhere,
        true,
    ),
    entry(
        Command::Freeze,
        "freeze",
        "keep the screen as it is while the engine goes on, or show it live again",
        &[Key::char('f'), plain(KeyCode::F(7))],
        Context::Everywhere,
        false,
    ),
    entry(
        Command::NextPane,
        "next pane",
        "go to the next pane",
        &[plain(KeyCode::Tab)],
        Context::Everywhere,
        true,
    ),
    entry(
        Command::PreviousPane,
        "previous pane",
        "go to the pane before",
        &[plain(KeyCode::BackTab)],
        Context::Everywhere,
        false,
    ),
    entry(
        Command::Up,
        "up",
        "one row up",
        &[plain(KeyCode::Up), Key::char('k')],
        Context::Rows,
        false,
    ),
    entry(
        Command::Down,
        "down",
        "one row down",
        &[plain(KeyCode::Down), Key::char('j')],
        Context::Rows,
        false,
    ),
    entry(
        Command::PageUp,
        "page up",
        "a page up",
        &[plain(KeyCode::PageUp), Key::ctrl('b')],
        Context::Rows,
        false,
    ),
    entry(
        Command::PageDown,
        "page down",
        "a page down",
        &[plain(KeyCode::PageDown), Key::ctrl('f')],
        Context::Rows,
        false,
    ),
    entry(
        Command::First,
        "first row",
        "the first row",
        &[plain(KeyCode::Home), Key::char('g')],
        Context::Rows,
        false,
    ),
    entry(
        Command::Last,
        "last row",
        "the last row",
        &[plain(KeyCode::End), Key::char('G')],
        Context::Rows,
        false,
    ),
    entry(
        Command::Open,
        "open",
        "show all of the selected row",
        &[plain(KeyCode::Enter)],
        Context::Rows,
        true,
    ),
    entry(
        Command::Sort,
        "sort",
        "sort the partitions by the next column",
        &[Key::char('o')],
        Context::Partitions,
        true,
    ),
    entry(
        Command::Reverse,
        "reverse order",
        "turn the order of the partitions around",
        &[Key::char('r')],
        Context::Partitions,
        false,
    ),
    entry(
        Command::Filter,
        "filter",
        "show only partitions whose key contains a text, or dead letters that do anywhere",
        &[Key::char('/')],
        Context::Filtered,
        true,
    ),
    entry(
        Command::NextState,
        "next state",
        "show the partitions of the application's next state",
        &[Key::char('n')],
        Context::Partitions,
        true,
    ),
    entry(
        Command::Revive,
        "revive",
        "let a poisoned partition take messages again, with its state as it is",
        &[Key::char('v')],
        Context::Partitions,
        true,
    ),
    entry(
        Command::EditLetter,
        "edit and send",
        "put the dead letter's frame into the input pane, to be edited and sent again",
        &[Key::char('e')],
        Context::DeadLetters,
        true,
    ),
    entry(
        Command::SendLetter,
        "send again",
        "send the dead letter's frame again as it is",
        &[Key::char('R')],
        Context::DeadLetters,
        true,
    ),
    entry(
        Command::MoreWorkers,
        "more workers",
        "go on with one worker more, after a checkpoint: see the partitions move",
        &[Key::char('+')],
        Context::Everywhere,
        false,
    ),
    entry(
        Command::FewerWorkers,
        "fewer workers",
        "go on with one worker less, after a checkpoint",
        &[Key::char('-')],
        Context::Everywhere,
        false,
    ),
    entry(
        Command::Crash,
        "crash",
        "lose all that is in memory, as a kill would, and see it recover",
        &[Key::char('C')],
        Context::Everywhere,
        false,
    ),
    entry(
        Command::Safety,
        "saved",
        "show what is saved, what would be lost, and the story of the last crash",
        &[Key::char('c')],
        Context::Everywhere,
        false,
    ),
    entry(
        Command::Zoom,
        "zoom",
        "make the pane as large as the screen, or as it was",
        &[Key::char('z'), plain(KeyCode::F(11))],
        Context::Everywhere,
        false,
    ),
    entry(
        Command::Close,
        "close",
        "close what is open; without that, take away the filter or the zoom",
        &[plain(KeyCode::Esc)],
        Context::Everywhere,
        false,
    ),
    entry(
        Command::Palette,
        "commands",
        "choose a command by its name",
        &[Key::char(':'), Key::ctrl('p')],
        Context::Everywhere,
        true,
    ),
    entry(
        Command::Help,
        "help",
        "show this help",
        &[Key::char('?'), plain(KeyCode::F(1))],
        Context::Everywhere,
        true,
    ),
    entry(
        Command::Quit,
        "quit",
        "end; Ctrl-C does so from anywhere",
        &[Key::char('q'), Key::ctrl('c')],
        Context::Everywhere,
        true,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    const FOCUSES: [Focus; 4] = [Focus::Typing, Focus::Partitions, Focus::DeadLetters, Focus::Rows];

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
        for focus in FOCUSES {
            let special = |entry: &&Entry| entry.context != Context::Everywhere;
            let general = |entry: &&Entry| entry.context == Context::Everywhere;
            for part in [&special as &dyn Fn(&&Entry) -> bool, &general] {
                let entries = COMMANDS.iter().filter(|entry| entry.applies(focus)).filter(part);
                let mut keys: Vec<String> =
                    entries.flat_map(|entry| entry.keys.iter().map(ToString::to_string)).collect();
                let all = keys.len();
                keys.sort();
                keys.dedup();
                assert_eq!(keys.len(), all, "{focus:?}");
            }
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
