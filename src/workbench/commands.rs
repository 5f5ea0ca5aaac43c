//! What can be done, and which key does it where: one table, [`COMMANDS`], which gives the enum
//! [`Command`], the dispatch of keys, the footer, the help, the palette and the README's table of keys.

use crossterm::event::KeyCode::{
    BackTab, Down, End, Enter, Esc, F, Home, PageDown, PageUp, Tab, Up,
};

use super::layout::Pane;
use super::terminal::keys::Key;

/// Whether the footer shows a command: the words of the table.
const FOOTER: bool = true;
const HELP: bool = false;

/// Makes the enum of the commands and their table from one line per command.
macro_rules! commands {
    ($($command:ident, $name:literal, $context:ident, $shown:ident, [$($key:ident $of:tt),+], $about:literal;)+) => {
        /// Something that can be done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Command {
            $(#[doc = $about] $command,)+
        }

        /// All commands, in the order in which the help shows them.
        pub const COMMANDS: &[Entry] = &[$(Entry {
            command: Command::$command,
            name: $name,
            about: $about,
            keys: &[$(Key::$key $of),+],
            context: Context::$context,
            in_footer: $shown,
        },)+];
    };
}

#[rustfmt::skip]
commands! {
    // Command    name             where        FOOTER or HELP: shown in the footer, or only in the help
    Send,         "send",          Input,       FOOTER, [plain(Enter)],                     "send what is typed; x1000 at its end sends it a thousand times";
    SendAnyway,   "send anyway",   Input,       HELP,   [ctrl('x'), alt(Enter)],            "send the typed text itself as a payload, to see what becomes of it";
    Older,        "older",         Input,       HELP,   [plain(Up)],                        "bring back an older line";
    Newer,        "newer",         Input,       HELP,   [plain(Down)],                      "bring back a newer line";
    NextPipeline, "next pipeline", Input,       FOOTER, [ctrl('n'), plain(F(8))],           "type for the application's next pipeline";
    LeaveInput,   "leave input",   Input,       FOOTER, [plain(Esc)],                       "leave the input pane, so that letters are commands";
    Type,         "type",          Everywhere,  FOOTER, [char('i')],                        "go to the input pane";
    Pause,        "pause",         Everywhere,  FOOTER, [char(' '), plain(F(5))],           "stop taking messages, or take them again";
    Step,         "step",          Everywhere,  FOOTER, [char('s'), plain(F(6))],           "take one message, and pause";
    Freeze,       "freeze",        Everywhere,  HELP,   [char('f'), plain(F(7))],           "keep the screen as it is while the engine goes on, or show it live again";
    NextPane,     "next pane",     Everywhere,  FOOTER, [plain(Tab)],                       "go to the next pane";
    PreviousPane, "previous pane", Everywhere,  HELP,   [plain(BackTab)],                   "go to the pane before";
    Up,           "up",            Rows,        HELP,   [plain(Up), char('k')],             "one row up";
    Down,         "down",          Rows,        HELP,   [plain(Down), char('j')],           "one row down";
    PageUp,       "page up",       Rows,        HELP,   [plain(PageUp), ctrl('b')],         "a page up";
    PageDown,     "page down",     Rows,        HELP,   [plain(PageDown), ctrl('f')],       "a page down";
    First,        "first row",     Rows,        HELP,   [plain(Home), char('g')],           "the first row";
    Last,         "last row",      Rows,        HELP,   [plain(End), char('G')],            "the last row";
    Open,         "open",          Rows,        FOOTER, [plain(Enter)],                     "show all of the selected row";
    Sort,         "sort",          Partitions,  FOOTER, [char('o')],                        "sort the partitions by the next column";
    Reverse,      "reverse order", Partitions,  HELP,   [char('r')],                        "turn the order of the partitions around";
    Filter,       "filter",        Filtered,    FOOTER, [char('/')],                        "show only partitions whose key contains a text, or dead letters that do anywhere";
    NextState,    "next state",    Partitions,  FOOTER, [char('n')],                        "show the partitions of the application's next state";
    Revive,       "revive",        Partitions,  FOOTER, [char('v')],                        "let a poisoned partition take messages again, with its state as it is";
    EditLetter,   "edit and send", DeadLetters, FOOTER, [char('e')],                        "put the dead letter's frame into the input pane, to be edited and sent again";
    SendLetter,   "send again",    DeadLetters, FOOTER, [char('R')],                        "send the dead letter's frame again as it is";
    MoreWorkers,  "more workers",  Everywhere,  HELP,   [char('+')],                        "go on with one worker more, after a checkpoint: see the partitions move";
    FewerWorkers, "fewer workers", Everywhere,  HELP,   [char('-')],                        "go on with one worker less, after a checkpoint";
    Crash,        "crash",         Everywhere,  HELP,   [char('C')],                        "lose all that is in memory, as a kill would, and see it recover";
    Safety,       "saved",         Everywhere,  HELP,   [char('c')],                        "show what is saved, what would be lost, and the story of the last crash";
    Zoom,         "zoom",          Everywhere,  HELP,   [char('z'), plain(F(11))],          "make the pane as large as the screen, or as it was";
    Close,        "close",         Everywhere,  HELP,   [plain(Esc)],                       "close what is open; without that, take away the filter or the zoom";
    Palette,      "commands",      Everywhere,  FOOTER, [char(':'), ctrl('p')],             "choose a command by its name";
    Help,         "help",          Everywhere,  FOOTER, [char('?'), plain(F(1))],           "show this help";
    Quit,         "quit",          Everywhere,  FOOTER, [char('q'), ctrl('c')],             "end; Ctrl-C does so from anywhere";
}

/// Where a command applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// Everywhere. While text is typed, keys that type characters do not count.
    Everywhere,
    /// In the input pane.
    Input,
    /// In panes and windows with rows.
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
    /// Whether the footer shows it.
    pub in_footer: bool,
}

impl Entry {
    /// Whether the command applies in a pane; `None` is a window or a list that is no pane's.
    #[must_use]
    pub fn applies(&self, pane: Option<Pane>) -> bool {
        match self.context {
            Context::Everywhere => true,
            Context::Input => pane == Some(Pane::Input),
            Context::Rows => pane != Some(Pane::Input),
            Context::Filtered => matches!(pane, Some(Pane::Partitions | Pane::DeadLetters)),
            Context::Partitions => pane == Some(Pane::Partitions),
            Context::DeadLetters => pane == Some(Pane::DeadLetters),
        }
    }

    /// The key to show in a pane; `None` if all of them would type text there.
    #[must_use]
    pub fn shown_key(&self, pane: Option<Pane>) -> Option<Key> {
        self.keys.iter().copied().find(|key| pane != Some(Pane::Input) || !key.is_text())
    }

    /// All keys, as the help and the palette write them.
    pub(super) fn all_keys(&self) -> String {
        self.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// The command of a key in a pane. More special contexts come first.
#[must_use]
pub fn command_of(key: Key, pane: Option<Pane>) -> Option<Command> {
    if pane == Some(Pane::Input) && key.is_text() {
        return None;
    }
    let applies = |entry: &&Entry| entry.applies(pane) && entry.keys.contains(&key);
    let special = COMMANDS.iter().filter(|entry| entry.context != Context::Everywhere);
    let general = COMMANDS.iter().filter(|entry| entry.context == Context::Everywhere);
    special.chain(general).find(applies).map(|entry| entry.command)
}

/// The keys of some commands and what they do, for the bottom of a window.
#[must_use]
pub fn hint(commands: &[Command], pane: Option<Pane>) -> String {
    let entries = COMMANDS.iter().filter(|entry| commands.contains(&entry.command));
    let hints = entries
        .filter_map(|entry| entry.shown_key(pane).map(|key| format!("{key}: {}", entry.name)));
    hints.chain(["Esc closes".to_owned()]).collect::<Vec<_>>().join("   ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PANES: [Option<Pane>; 5] =
        [None, Some(Pane::Input), Some(Pane::Partitions), Some(Pane::DeadLetters), Some(Pane::Log)];

    #[test]
    fn every_key_that_is_shown_does_what_is_said() {
        for pane in PANES {
            for entry in COMMANDS.iter().filter(|entry| entry.in_footer && entry.applies(pane)) {
                if let Some(key) = entry.shown_key(pane) {
                    assert_eq!(command_of(key, pane), Some(entry.command), "{key} in {pane:?}");
                }
            }
        }
    }

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for pane in PANES {
            let special = |entry: &&Entry| entry.context != Context::Everywhere;
            let general = |entry: &&Entry| entry.context == Context::Everywhere;
            for part in [&special as &dyn Fn(&&Entry) -> bool, &general] {
                let entries = COMMANDS.iter().filter(|entry| entry.applies(pane)).filter(part);
                let mut keys: Vec<String> =
                    entries.flat_map(|entry| entry.keys.iter().map(ToString::to_string)).collect();
                let all = keys.len();
                keys.sort();
                keys.dedup();
                assert_eq!(keys.len(), all, "{pane:?}");
            }
        }
    }

    #[test]
    fn every_command_is_in_the_table_once_and_can_be_reached() {
        for entry in COMMANDS {
            let same = COMMANDS.iter().filter(|other| other.command == entry.command).count();
            assert_eq!(same, 1, "{}", entry.name);
            let reached = PANES.iter().any(|pane| {
                entry.keys.iter().any(|key| command_of(*key, *pane) == Some(entry.command))
            });
            assert!(reached, "{}", entry.name);
        }
    }

    #[test]
    fn characters_are_text_while_typing() {
        assert_eq!(command_of(Key::char('q'), Some(Pane::Input)), None);
        assert_eq!(command_of(Key::ctrl('c'), Some(Pane::Input)), Some(Command::Quit));
        assert_eq!(command_of(Key::char('q'), Some(Pane::Log)), Some(Command::Quit));
    }
}
