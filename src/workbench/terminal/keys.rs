//! Keys: how a terminal reports them and how they are written.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use thiserror::Error;

/// A key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The key.
    pub code: KeyCode,
    /// Ctrl and Alt; Shift only with keys that are no characters.
    pub modifiers: KeyModifiers,
}

impl Key {
    /// A key without modifiers.
    #[must_use]
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, modifiers: KeyModifiers::NONE }
    }

    /// A character.
    #[must_use]
    pub const fn char(character: char) -> Self {
        Self::plain(KeyCode::Char(character))
    }

    /// A character with Ctrl.
    #[must_use]
    pub const fn ctrl(character: char) -> Self {
        Self { code: KeyCode::Char(character), modifiers: KeyModifiers::CONTROL }
    }

    /// A key with Alt.
    #[must_use]
    pub const fn alt(code: KeyCode) -> Self {
        Self { code, modifiers: KeyModifiers::ALT }
    }

    /// Whether typing this key types a character.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && self.modifiers.is_empty()
    }
}

impl From<KeyEvent> for Key {
    /// Terminals differ in whether they report Shift with a character that it has changed already
    /// (`?`, `A`), so it is left out there.
    fn from(event: KeyEvent) -> Self {
        let known = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        let modifiers = match event.code {
            KeyCode::Char(_) | KeyCode::BackTab => event.modifiers & (known - KeyModifiers::SHIFT),
            _ => event.modifiers & known,
        };
        Self { code: event.code, modifiers }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, name) in [
            (KeyModifiers::CONTROL, "Ctrl-"),
            (KeyModifiers::ALT, "Alt-"),
            (KeyModifiers::SHIFT, "Shift-"),
        ] {
            if self.modifiers.contains(modifier) {
                formatter.write_str(name)?;
            }
        }
        if let Some((_, name)) = NAMED.iter().find(|(code, _)| *code == self.code) {
            return formatter.write_str(name);
        }
        match self.code {
            KeyCode::Char(character) if self.modifiers.contains(KeyModifiers::CONTROL) => {
                write!(formatter, "{}", character.to_ascii_uppercase())
            }
            KeyCode::Char(character) => write!(formatter, "{character}"),
            KeyCode::F(number) => write!(formatter, "F{number}"),
            other => write!(formatter, "{other:?}"),
        }
    }
}

/// The keys that have names, as they are written and read.
const NAMED: [(KeyCode, &str); 15] = [
    (KeyCode::Char(' '), "Space"),
    (KeyCode::Enter, "Enter"),
    (KeyCode::Esc, "Esc"),
    (KeyCode::Tab, "Tab"),
    (KeyCode::BackTab, "Shift-Tab"),
    (KeyCode::Up, "Up"),
    (KeyCode::Down, "Down"),
    (KeyCode::Left, "Left"),
    (KeyCode::Right, "Right"),
    (KeyCode::Home, "Home"),
    (KeyCode::End, "End"),
    (KeyCode::PageUp, "PgUp"),
    (KeyCode::PageDown, "PgDn"),
    (KeyCode::Insert, "Insert"),
    (KeyCode::Delete, "Delete"),
];

/// A text that is no key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no key: write a key as `x`, `Ctrl-X`, `Alt-Enter`, `Space` or `F5`")]
pub struct NoKey(pub String);

impl FromStr for Key {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        let no_key = || NoKey(text.to_owned());
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        let named = |rest: &str| {
            NAMED.iter().find(|(_, name)| name.eq_ignore_ascii_case(rest)).map(|(code, _)| *code)
        };
        let code = loop {
            if let Some(code) = named(rest) {
                break code;
            }
            let modifier = rest.split_once('-').filter(|(_, key)| !key.is_empty());
            match modifier.map(|(name, key)| (name.to_ascii_lowercase(), key)) {
                Some((name, key)) => {
                    modifiers |= match name.as_str() {
                        "ctrl" => KeyModifiers::CONTROL,
                        "alt" => KeyModifiers::ALT,
                        "shift" => KeyModifiers::SHIFT,
                        _ => return Err(no_key()),
                    };
                    rest = key;
                }
                None => break character_or_function_key(rest).ok_or_else(no_key)?,
            }
        };
        match code {
            // A character says itself whether Shift was pressed.
            KeyCode::Char(_) if modifiers.contains(KeyModifiers::SHIFT) => Err(no_key()),
            KeyCode::Char(character) if modifiers.contains(KeyModifiers::CONTROL) => {
                Ok(Self { code: KeyCode::Char(character.to_ascii_lowercase()), modifiers })
            }
            _ => Ok(Self { code, modifiers }),
        }
    }
}

fn character_or_function_key(text: &str) -> Option<KeyCode> {
    let mut characters = text.chars();
    match (characters.next(), characters.as_str()) {
        (Some(character), "") if !character.is_control() => Some(KeyCode::Char(character)),
        (Some('F' | 'f'), number) => {
            number.parse().ok().filter(|number| (1..=24).contains(number)).map(KeyCode::F)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_read_as_it_is_written() {
        let named = NAMED.iter().map(|(code, _)| Key::plain(*code));
        let others = [
            Key::char('x'),
            Key::char('-'),
            Key::char('+'),
            Key::ctrl('x'),
            Key::ctrl(' '),
            Key::alt(KeyCode::Enter),
            Key::alt(KeyCode::Char('-')),
            Key::plain(KeyCode::F(12)),
        ];
        for key in named.chain(others) {
            assert_eq!(key.to_string().parse(), Ok(key), "{key}");
        }
        assert_eq!("ctrl-C".parse(), Ok(Key::ctrl('c')));
        for wrong in ["", "Ctrl-", "Hyper-x", "xy", "F0", "F99", "Shift-a", "\x07"] {
            assert_eq!(wrong.parse::<Key>(), Err(NoKey(wrong.to_owned())), "{wrong:?}");
        }
    }

    #[test]
    fn keys_are_written_as_people_write_them() {
        let written = [
            Key::ctrl('c'),
            Key::char(' '),
            Key::char('?'),
            Key::alt(KeyCode::Enter),
            Key::plain(KeyCode::BackTab),
            Key::plain(KeyCode::F(1)),
        ];
        let written: Vec<_> = written.iter().map(ToString::to_string).collect();
        assert_eq!(written, ["Ctrl-C", "Space", "?", "Alt-Enter", "Shift-Tab", "F1"]);
    }

    #[test]
    fn shift_is_left_out_where_the_character_says_it() {
        let event = KeyEvent::new(KeyCode::Char('?'), KeyModifiers::SHIFT);
        assert_eq!(Key::from(event), Key::char('?'));
    }
}
