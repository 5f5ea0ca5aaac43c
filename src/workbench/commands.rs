//! What can be done, and which key does it where: one table, [`COMMANDS`], which gives the enum
//! [`Command`], the dispatch of keys, the footer, the help, the palette, the README's table
//! of keys and the configuration. Which keys they have now is in the [`Keymap`](super::keymap::Keymap).

use crossterm::event::KeyCode::{
    BackTab, Down, End, Enter, Esc, F, Home, Left, PageDown, PageUp, Right, Tab, Up,
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
    Type,         "type",          Everywhere,  FOOTER, [char('i'), char('0')],             "go to the input pane";
    Pause,        "pause",         Everywhere,  FOOTER, [char(' '), plain(F(5))],           "stop taking messages, or take them again";
    Step,         "step",          Everywhere,  FOOTER, [char('s'), plain(F(6))],           "take one message, and pause";
    Load,         "load",          Everywhere,  FOOTER, [char('L'), plain(F(9))],           "make load: messages at a chosen rate, with uneven keys, bursts and malformed ones";
    MoreLoad,     "more load",     Everywhere,  HELP,   [char('>')],                        "twice as many messages of the load a second";
    LessLoad,     "less load",     Everywhere,  HELP,   [char('<')],                        "half as many messages of the load a second";
    StopLoad,     "stop load",     Everywhere,  HELP,   [char('X')],                        "end the load";
    Breakpoints,  "breakpoints",   Everywhere,  HELP,   [char('b')],                        "stop at a message: conditions, as key == \"a\" && state.votes > 100";
    Held,         "held message",  Everywhere,  HELP,   [char('H')],                        "show the message that a breakpoint holds: let it go, drop it or edit it";
    Freeze,       "freeze",        Everywhere,  HELP,   [char('f'), plain(F(7))],           "keep the screen as it is while the engine goes on, or show it live again";
    ChangeBefore, "change before", Everywhere,  HELP,   [char(',')],                        "go back to the change before, of the selected partition or of any; the engine goes on";
    ChangeAfter,  "change after",  Everywhere,  HELP,   [char('.')],                        "in the past, go on to the next change, of the selected partition or of any";
    MessageBefore, "message before", Everywhere, HELP,  [char('[')],                        "go back to the message before: see everything as it was then";
    MessageAfter, "message after", Everywhere,  HELP,   [char(']')],                        "in the past, go on to the next message";
    GoMessage,    "go to message", Everywhere,  HELP,   [char('#')],                        "go to the message with a number that is typed, and see everything as it was then";
    Find,         "find",          Everywhere,  HELP,   [char('F')],                        "go back to the last message at which a condition holds, as state.votes > 100";
    FindBefore,   "find before",   Everywhere,  HELP,   [char('{')],                        "find it again before this moment";
    FindAfter,    "find after",    Everywhere,  HELP,   [char('}')],                        "in the past, find it again after this moment";
    Fault,        "whose fault",   Everywhere,  HELP,   [char('!')],                        "go to the message that gave the partition, or its field at the cursor, its value";
    WhatIf,       "what if",       Everywhere,  HELP,   [char('x')],                        "leave out, edit or put in messages, set a state, and see what would differ now";
    Undo,         "undo",          Everywhere,  HELP,   [char('u')],                        "take back the last message that was sent from here, as if it had never entered";
    Live,         "live",          Everywhere,  HELP,   [char('l')],                        "leave the past, and see what is now";
    NextPane,     "next pane",     Everywhere,  FOOTER, [plain(Tab)],                       "go to the next pane";
    PreviousPane, "previous pane", Everywhere,  HELP,   [plain(BackTab)],                   "go to the pane before";
    GoFlow,       "flow",          Everywhere,  HELP,   [char('1')],                        "go to the flow of the messages";
    GoPartitions, "partitions",    Everywhere,  HELP,   [char('2')],                        "go to the partitions";
    GoThroughput, "throughput",    Everywhere,  HELP,   [char('3')],                        "go to the chart of the messages in each second";
    GoLatency,    "latency",       Everywhere,  HELP,   [char('4')],                        "go to the chart of the times from frame to output";
    GoMessages,   "messages",      Everywhere,  HELP,   [char('5')],                        "go to the messages and their way";
    GoOutputs,    "outputs",       Everywhere,  HELP,   [char('6')],                        "go to the outputs";
    GoLetters,    "dead letters",  Everywhere,  HELP,   [char('7')],                        "go to the dead letters";
    GoLog,        "log",           Everywhere,  HELP,   [char('8')],                        "go to the log";
    Up,           "up",            Rows,        HELP,   [plain(Up), char('k')],             "one row up";
    Down,         "down",          Rows,        HELP,   [plain(Down), char('j')],           "one row down";
    PageUp,       "page up",       Rows,        HELP,   [plain(PageUp), ctrl('b')],         "a page up";
    PageDown,     "page down",     Rows,        HELP,   [plain(PageDown), ctrl('f')],       "a page down";
    First,        "first row",     Rows,        HELP,   [plain(Home), char('g')],           "the first row";
    Last,         "last row",      Rows,        HELP,   [plain(End), char('G')],            "the last row";
    Left,         "left",          Rows,        HELP,   [plain(Left)],                      "fold a branch; what is beyond the left edge; the byte or the second before";
    Right,        "right",         Rows,        HELP,   [plain(Right)],                     "unfold a branch; what is beyond the right edge; the next byte or second";
    NextItem,     "next item",     Rows,        HELP,   [char('J')],                        "the next row of the list, in its window if one is open";
    PreviousItem, "previous item", Rows,        HELP,   [char('K')],                        "the previous row of the list, in its window if one is open";
    Open,         "open",          Rows,        FOOTER, [plain(Enter)],                     "show all of the selected row";
    Sort,         "sort",          Partitions,  FOOTER, [char('o')],                        "sort the partitions by the next column";
    Reverse,      "reverse order", Partitions,  HELP,   [char('r')],                        "turn the order of the partitions around";
    Filter,       "filter",        Rows,        FOOTER, [char('/')],                        "show only what contains a text; = begins a condition, as =messages > 9";
    NextState,    "next state",    Partitions,  FOOTER, [char('n')],                        "show the partitions of the application's next state";
    Revive,       "revive",        Partitions,  FOOTER, [char('v')],                        "let a poisoned partition take messages again, with its state as it is";
    Pin,          "pin",           Partitions,  HELP,   [char('p')],                        "trace every message of the selected partition's key, or no longer";
    EditFrame,    "edit and send", Frames,      FOOTER, [char('e')],                        "put its frame into the input pane, to be edited and sent again";
    SendFrame,    "send again",    Frames,      FOOTER, [char('R')],                        "send its frame again as it is";
    MoreWorkers,  "more workers",  Everywhere,  HELP,   [char('+')],                        "go on with one worker more, after a checkpoint: see the partitions move";
    FewerWorkers, "fewer workers", Everywhere,  HELP,   [char('-')],                        "go on with one worker less, after a checkpoint";
    Crash,        "crash",         Everywhere,  HELP,   [char('C')],                        "lose all that is in memory, as a kill would, and see it recover";
    Reset,        "reset",         Everywhere,  HELP,   [char('B')],                        "begin anew with nothing kept: no partitions, no messages, nothing saved";
    Shrink,       "shrink",        Everywhere,  HELP,   [char('M')],                        "find the smallest input with which it still happens: what is selected, or a condition";
    Test,         "test",          Everywhere,  HELP,   [char('T')],                        "write a Rust test of what is selected, of the moment, or of the smallest input";
    Safety,       "saved",         Everywhere,  HELP,   [char('c')],                        "show what is saved, what would be lost, and the story of the last crash";
    Copy,         "copy",          Rows,        HELP,   [char('y')],                        "copy what is selected or open, as JSON";
    CopyScreen,   "copy screen",   Everywhere,  HELP,   [char('Y')],                        "copy the screen as text";
    Picture,      "picture",       Everywhere,  HELP,   [char('S')],                        "save the screen as a picture (SVG) in the current directory";
    SaveSent,     "save sent",     Everywhere,  HELP,   [char('W')],                        "save all that was sent from here as frames, and where each came from";
    Themes,       "theme",         Everywhere,  HELP,   [char('t')],                        "choose other colours, and see them before";
    Mouse,        "mouse",         Everywhere,  HELP,   [char('m')],                        "give the mouse to the terminal, to mark text with it, or take it back";
    Applications, "applications",  Everywhere,  HELP,   [char('A')],                        "go on with another application; this one waits as it is, and its load ends";
    Window,       "time window",   Everywhere,  HELP,   [char('w')],                        "show the charts and the percentiles of 10 s, 1 min, 5 min, or all of the run";
    Zoom,         "zoom",          Everywhere,  HELP,   [char('z'), plain(F(11))],          "make the pane as large as the screen, or as it was";
    Close,        "close",         Everywhere,  HELP,   [plain(Esc)],                       "close what is open; without that, take away the filter or the zoom";
    Palette,      "commands",      Everywhere,  FOOTER, [char(':'), ctrl('p')],             "find a command, a pane, a partition or a setting by a few of its letters";
    Help,         "help",          Everywhere,  FOOTER, [char('?'), plain(F(1))],           "show this help";
    Redraw,       "redraw",        Everywhere,  HELP,   [ctrl('l')],                        "draw the whole screen again";
    Suspend,      "suspend",       Everywhere,  HELP,   [ctrl('z')],                        "stop, and give the terminal to the shell; `fg` brings everything back";
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
    /// In the partitions pane.
    Partitions,
    /// In the panes and windows of messages and dead letters.
    Frames,
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
    /// Its keys if nothing else is configured; the first one is the one that is shown.
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
            Context::Partitions => pane == Some(Pane::Partitions),
            Context::Frames => matches!(pane, Some(Pane::Messages | Pane::DeadLetters)),
        }
    }

    /// The command's name in a configuration file: `next-pane`.
    #[must_use]
    pub fn key_name(&self) -> String {
        self.name.replace(' ', "-")
    }
}

impl Command {
    /// The command's line of the table.
    #[must_use]
    pub fn entry(self) -> Option<&'static Entry> {
        COMMANDS.iter().find(|entry| entry.command == self)
    }
}

/// All places that commands tell apart.
pub(super) const PLACES: [Option<Pane>; 10] = [
    None,
    Some(Pane::Input),
    Some(Pane::Flow),
    Some(Pane::Partitions),
    Some(Pane::Throughput),
    Some(Pane::Latency),
    Some(Pane::Messages),
    Some(Pane::Outputs),
    Some(Pane::Log),
    Some(Pane::DeadLetters),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_the_table_once_under_a_name_of_its_own() {
        for entry in COMMANDS {
            let same = |other: &&Entry| other.command == entry.command || other.name == entry.name;
            assert_eq!(COMMANDS.iter().filter(same).count(), 1, "{}", entry.name);
            assert!(entry.command.entry().is_some_and(|found| found.name == entry.name));
        }
    }
}
