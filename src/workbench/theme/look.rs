//! The sets of colours that can be chosen.

use std::fmt;
use std::str::FromStr;

/// A set of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// For a dark background: colours of the 256.
    Dark,
    /// For a light background: colours of the 256.
    Light,
    /// The terminal's own sixteen, so that the user's palette rules.
    Sixteen,
    /// No colours.
    Mono,
}

impl Look {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Dark, Self::Light, Self::Sixteen, Self::Mono];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Sixteen => "16",
            Self::Mono => "mono",
        }
    }

    /// What it is for.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Dark => "for a dark background",
            Self::Light => "for a light background",
            Self::Sixteen => "the terminal's own sixteen colours",
            Self::Mono => "no colours",
        }
    }

    /// What the environment asks for. `set` gives the variables that are set and not empty.
    pub(super) fn of_environment(set: impl Fn(&str) -> Option<String>) -> Self {
        let terminal = set("TERM");
        if set("NO_COLOR").is_some() || terminal.as_deref() == Some("dumb") {
            return Self::Mono;
        }
        let many = set("COLORTERM").is_some()
            || terminal.is_none_or(|terminal| {
                ["256", "direct", "kitty", "alacritty", "ghostty", "foot", "wezterm"]
                    .iter()
                    .any(|part| terminal.contains(part))
            });
        if !many {
            return Self::Sixteen;
        }
        // The number of the background's colour: 7 and 9 to 15 are light.
        let ground = set("COLORFGBG").and_then(|both| both.rsplit(';').next()?.parse::<u8>().ok());
        if ground.is_some_and(|ground| ground == 7 || (9..=15).contains(&ground)) {
            Self::Light
        } else {
            Self::Dark
        }
    }
}

impl fmt::Display for Look {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Look {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|look| look.name() == name).ok_or(())
    }
}
