//! Which key does what: the keys of the table of commands, or those that a user has chosen.
//!
//! Invariant: in one place, one key means one command. [`Keymap::set`] refuses what would break that.

use thiserror::Error;

use super::commands::{COMMANDS, Command, Context, Entry, PLACES};
use super::layout::Pane;
use super::terminal::keys::Key;

/// The keys of all commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    /// The keys of each command, in the order of the table.
    keys: Vec<Vec<Key>>,
}

/// Why keys cannot be chosen like this.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Conflict {
    /// Two commands have the same key in one place.
    #[error("the key `{key}` is both `{one}` and `{other}`: give one of them another key")]
    Both {
        /// The key.
        key: Key,
        /// A command that has it.
        one: String,
        /// Another one.
        other: String,
    },
    /// A command of the input pane has a key that types a character there.
    #[error(
        "`{command}` works only while text is typed, and there `{key}` is text: use Ctrl, Alt or a key like F5"
    )]
    Text {
        /// The key.
        key: Key,
        /// The command.
        command: String,
    },
}

impl Conflict {
    /// Whether the command with this name is one of those that conflict.
    #[must_use]
    pub fn is_of(&self, name: &str) -> bool {
        match self {
            Self::Both { one, other, .. } => one == name || other == name,
            Self::Text { command, .. } => command == name,
        }
    }
}

impl Default for Keymap {
    /// The keys of the table.
    fn default() -> Self {
        Self { keys: COMMANDS.iter().map(|entry| entry.keys.to_vec()).collect() }
    }
}

impl Keymap {
    /// The default keys, with other ones for some commands.
    ///
    /// # Errors
    ///
    /// A key would mean two things in one place, or would never do anything.
    pub fn with(changes: &[(Command, Vec<Key>)]) -> Result<Self, Conflict> {
        let mut keymap = Self::default();
        for (entry, keys) in COMMANDS.iter().zip(&mut keymap.keys) {
            if let Some((_, chosen)) = changes.iter().rev().find(|(of, _)| *of == entry.command) {
                keys.clone_from(chosen);
            }
        }
        let text = |entry: &&Entry| {
            let key = keymap.of(entry.command).iter().find(|key| key.is_text())?;
            Some(Conflict::Text { key: *key, command: entry.key_name() })
        };
        let mut typed = COMMANDS.iter().filter(|entry| entry.context == Context::Input);
        if let Some(conflict) = typed.find_map(|entry| text(&entry)) {
            return Err(conflict);
        }
        let before = Self::default().shared();
        let same = |(key, one, other): &(Key, &Entry, &Entry)| {
            let pair = (one.command, other.command);
            before.iter().any(|was| was.0 == *key && (was.1.command, was.2.command) == pair)
        };
        match keymap.shared().into_iter().find(|shared| !same(shared)) {
            None => Ok(keymap),
            Some((key, one, other)) => {
                Err(Conflict::Both { key, one: one.key_name(), other: other.key_name() })
            }
        }
    }

    /// The keys that two commands have in one place. In the table, a few commands of one pane have the key
    /// of one that works everywhere, and come first.
    fn shared(&self) -> Vec<(Key, &'static Entry, &'static Entry)> {
        let mut shared = Vec::new();
        for (at, one) in COMMANDS.iter().enumerate() {
            for other in COMMANDS.iter().skip(at + 1) {
                let together = |key: &Key| {
                    PLACES.iter().any(|place| {
                        let typed = *place == Some(Pane::Input) && key.is_text();
                        !typed && one.applies(*place) && other.applies(*place)
                    })
                };
                let both = self.of(one.command).iter();
                let both = both.filter(|key| self.of(other.command).contains(key));
                shared.extend(both.filter(|key| together(key)).map(|key| (*key, one, other)));
            }
        }
        shared
    }

    /// The keys of a command.
    #[must_use]
    pub fn of(&self, command: Command) -> &[Key] {
        let place = COMMANDS.iter().position(|entry| entry.command == command);
        place.and_then(|place| self.keys.get(place)).map_or(&[], Vec::as_slice)
    }

    /// The command of a key in a pane. More special contexts come first.
    #[must_use]
    pub fn command_of(&self, key: Key, pane: Option<Pane>) -> Option<Command> {
        if pane == Some(Pane::Input) && key.is_text() {
            return None;
        }
        let entries = || COMMANDS.iter().zip(&self.keys);
        let special = entries().filter(|(entry, _)| entry.context != Context::Everywhere);
        let general = entries().filter(|(entry, _)| entry.context == Context::Everywhere);
        let mut all = special.chain(general);
        let found = all.find(|(entry, keys)| entry.applies(pane) && keys.contains(&key));
        found.map(|(entry, _)| entry.command)
    }

    /// The key to show in a pane; `None` if all of them would type text there.
    #[must_use]
    pub fn shown_key(&self, command: Command, pane: Option<Pane>) -> Option<Key> {
        let mut keys = self.of(command).iter().copied();
        keys.find(|key| pane != Some(Pane::Input) || !key.is_text())
    }

    /// All keys of a command, as the help and the palette write them.
    #[must_use]
    pub fn all_keys(&self, command: Command) -> String {
        self.of(command).iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    /// The keys of some commands and what they do, in one line.
    #[must_use]
    pub fn hints(&self, commands: &[Command], pane: Option<Pane>) -> String {
        let entries = COMMANDS.iter().filter(|entry| commands.contains(&entry.command));
        let hints = entries.filter_map(|entry| {
            self.shown_key(entry.command, pane).map(|key| format!("{key}: {}", entry.name))
        });
        hints.collect::<Vec<_>>().join("   ")
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use super::*;

    #[test]
    fn every_key_that_is_shown_does_what_is_said() {
        let keymap = Keymap::default();
        for pane in PLACES {
            for entry in COMMANDS.iter().filter(|entry| entry.in_footer && entry.applies(pane)) {
                if let Some(key) = keymap.shown_key(entry.command, pane) {
                    let command = keymap.command_of(key, pane);
                    assert_eq!(command, Some(entry.command), "{key} in {pane:?}");
                }
            }
        }
    }

    #[test]
    fn in_the_table_no_key_means_two_things_in_one_place() {
        for (key, one, other) in Keymap::default().shared() {
            let special = |entry: &Entry| entry.context != Context::Everywhere;
            assert_ne!(special(one), special(other), "{key}: {} and {}", one.name, other.name);
        }
    }

    #[test]
    fn every_command_can_be_reached() {
        let keymap = Keymap::default();
        for entry in COMMANDS {
            let reached = PLACES.iter().any(|pane| {
                entry.keys.iter().any(|key| keymap.command_of(*key, *pane) == Some(entry.command))
            });
            assert!(reached, "{}", entry.name);
        }
    }

    #[test]
    fn characters_are_text_while_typing() {
        let keymap = Keymap::default();
        assert_eq!(keymap.command_of(Key::char('q'), Some(Pane::Input)), None);
        assert_eq!(keymap.command_of(Key::ctrl('c'), Some(Pane::Input)), Some(Command::Quit));
        assert_eq!(keymap.command_of(Key::char('q'), Some(Pane::Log)), Some(Command::Quit));
    }

    #[test]
    fn a_chosen_key_replaces_those_of_the_table_wherever_keys_are_shown() {
        let keymap = Keymap::with(&[(Command::Pause, vec![Key::char('P')])]).unwrap();
        assert_eq!(keymap.command_of(Key::char('P'), Some(Pane::Log)), Some(Command::Pause));
        assert_eq!(keymap.command_of(Key::char(' '), Some(Pane::Log)), None);
        assert_eq!(keymap.all_keys(Command::Pause), "P");
        assert_eq!(keymap.shown_key(Command::Pause, Some(Pane::Input)), None);
    }

    #[test]
    fn keys_that_would_mean_two_things_are_refused() {
        // `j` would pause in no pane with rows.
        for (command, key) in [(Command::Step, 'f'), (Command::Pause, 'j'), (Command::Sort, 'r')] {
            let conflict = Keymap::with(&[(command, vec![Key::char(key)])]).unwrap_err();
            let name = command.entry().unwrap().key_name();
            assert!(conflict.to_string().contains(&format!("`{name}`")), "{conflict}");
            assert!(conflict.to_string().contains(&format!("`{key}`")), "{conflict}");
        }
        // Exchanged keys are no conflict.
        let exchanged =
            [(Command::Step, vec![Key::char('f')]), (Command::Freeze, vec![Key::char('s')])];
        assert!(Keymap::with(&exchanged).is_ok());
        // The pane of dead letters has no order to turn around.
        assert!(Keymap::with(&[(Command::EditFrame, vec![Key::char('r')])]).is_ok());
    }

    #[test]
    fn a_key_that_would_type_a_character_is_refused_where_text_is_typed() {
        let conflict = Keymap::with(&[(Command::Send, vec![Key::char('x')])]).unwrap_err();
        assert!(matches!(conflict, Conflict::Text { .. }), "{conflict}");
        let keys = vec![Key::plain(KeyCode::F(2))];
        assert!(Keymap::with(&[(Command::Send, keys)]).is_ok());
    }
}
