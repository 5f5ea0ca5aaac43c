//! The palette: everything that can be done, found by a few letters. Commands of all panes, the panes
//! themselves, partitions by their keys, settings and applications.

mod settings;

use std::cell::RefCell;

use crossterm::event::{KeyCode, KeyEvent};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::application::Key;
use crate::core::numbers::ProcessIndex;
use crate::core::partitions::query::SortBy;
use crate::core::text::has;
use crate::telemetry::TimeWindow;
use crate::workbench::commands::Command;
use crate::workbench::state::lists::rows::moved;
use crate::workbench::state::typing::input_line::InputLine;
use crate::workbench::terminal::keys::Key as TerminalKey;
use crate::workbench::theme::Look;
use crate::workbench::words;

/// The max length of what is typed, in bytes.
const MAX_LENGTH: usize = 256;

/// How far the palette moves at once.
const PAGE: usize = 10;

/// A match in the name comes before any match in the description.
const NAME_FIRST: u32 = 10_000;

/// What a choice leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choose {
    /// Do this.
    Command(Command),
    /// Open this partition of the state at this place of the topology.
    Partition(usize, Key),
    /// Show the partitions whose key contains what is typed.
    Find,
    /// Go to the message with this number.
    Message(u64),
    /// Set this.
    Setting(Setting),
    /// Go on with this application.
    Application(usize),
    /// Kill this process of the engine.
    Kill(ProcessIndex),
    /// Lose what all processes have in memory.
    LoseAll,
}

/// A setting with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// These colours.
    Look(Look),
    /// The time of the charts.
    Time(TimeWindow),
    /// The order of the partitions.
    Sort(SortBy),
    /// Show a column of the partitions, or hide it.
    Column(String),
}

/// Something to choose.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// The keys that do the same.
    pub keys: String,
    /// What it does.
    pub about: String,
    /// Why it can do nothing now; `None` if it can.
    pub refusal: Option<String>,
    /// What choosing it leads to.
    pub choose: Choose,
}

/// An item that matches what is typed.
pub struct Found<'a> {
    /// The item.
    pub item: &'a Item,
    /// Which characters of its name were found.
    pub marks: Vec<u32>,
}

/// Everything that can be done, found by a few letters.
pub struct Palette {
    /// What is typed.
    pub line: InputLine,
    /// Which of the found items is selected.
    pub selected: usize,
    items: Vec<Item>,
    /// The partitions out of sight whose keys contain what is typed, or what was typed a moment ago.
    keys: Vec<Item>,
    /// The message whose number is typed.
    message: Option<Item>,
    matcher: RefCell<Matcher>,
}

impl Palette {
    /// What stands before the number of a message.
    pub const MESSAGE: &str = "message ";

    /// A palette of these items.
    #[must_use]
    pub fn new(items: Vec<Item>) -> Self {
        let matcher = RefCell::new(Matcher::new(Config::DEFAULT));
        Self {
            line: InputLine::with_limit(MAX_LENGTH),
            selected: 0,
            items,
            keys: Vec::new(),
            message: None,
            matcher,
        }
    }

    /// Begins with this text.
    pub fn begin(&mut self, text: &str) {
        self.line.set(text.to_owned());
        self.typed();
    }

    /// Another text is typed.
    fn typed(&mut self) {
        self.selected = 0;
        let typed = self.line.text().trim_start();
        let number = typed.strip_prefix(Self::MESSAGE).unwrap_or(typed).trim();
        let number = number.strip_prefix('#').unwrap_or(number);
        self.message = number.parse().ok().map(|number: u64| Item {
            name: format!("{}{number}", Self::MESSAGE),
            keys: String::new(),
            about: "see everything as it was after this message".to_owned(),
            refusal: None,
            choose: Choose::Message(number),
        });
    }

    /// What the keys of partitions are to contain; `None` if none are looked for.
    #[must_use]
    pub fn wanted(&self) -> Option<&str> {
        let typed = self.line.text().trim();
        let typed = typed.strip_prefix("partition ").unwrap_or(typed).trim_start();
        let finds = |item: &Item| item.choose == Choose::Find && item.refusal.is_none();
        Some(typed).filter(|typed| !typed.is_empty() && self.items.iter().any(finds))
    }

    /// Takes the partitions that were found. The selection stays on its item.
    pub fn take_keys(&mut self, keys: Vec<Item>) {
        // Who has chosen nothing yet gets the best one.
        let chosen = match self.selected {
            0 => None,
            at => self.found().get(at).map(|found| found.item.choose.clone()),
        };
        let offered = |item: &Item| self.items.iter().any(|other| other.choose == item.choose);
        self.keys = keys.into_iter().filter(|item| !offered(item)).collect();
        if let Some(chosen) = chosen {
            let place = self.found().iter().position(|found| found.item.choose == chosen);
            self.selected = place.unwrap_or(0);
        }
    }

    /// The items that match what is typed, the best first. Without text all of them, as they were given.
    #[must_use]
    pub fn found(&self) -> Vec<Found<'_>> {
        let typed = self.line.text().trim();
        let pattern = Pattern::parse(typed, CaseMatching::Smart, Normalization::Smart);
        let mut matcher = self.matcher.borrow_mut();
        let mut scored: Vec<(u32, Found<'_>)> = Vec::new();
        let wanted = self.wanted();
        for item in self.items.iter().chain(&self.keys) {
            let (mut marks, mut buffer) = (Vec::new(), Vec::new());
            if item.choose == Choose::Find {
                continue;
            }
            let name = Utf32Str::new(&item.name, &mut buffer);
            let score = pattern.indices(name, &mut matcher, &mut marks);
            let score = score.map(|score| score + NAME_FIRST).or_else(|| {
                marks.clear();
                let is_wanted =
                    |key: &Key| wanted.is_some_and(|wanted| has(&words::key(key), wanted));
                match &item.choose {
                    Choose::Partition(_, key) if is_wanted(key) => Some(NAME_FIRST),
                    _ => says(&item.about, typed).then_some(1),
                }
            });
            if let Some(score) = score {
                marks.sort_unstable();
                marks.dedup();
                scored.push((score, Found { item, marks }));
            }
        }
        // The order of equals stays: what was used last comes first.
        scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        let find = self.items.iter().filter(|item| item.choose == Choose::Find);
        let find = find.filter(|_| !typed.is_empty()).map(|item| Found { item, marks: Vec::new() });
        let message = self.message.iter().map(|item| Found { item, marks: Vec::new() });
        message.chain(scored.into_iter().map(|(_, found)| found)).chain(find).collect()
    }

    /// Moves the selection.
    pub fn go(&mut self, command: Command) {
        let last = self.found().len().saturating_sub(1);
        self.selected = moved(self.selected, command, PAGE, last);
    }

    /// Takes a key that is neither Enter nor Esc.
    pub fn key(&mut self, key: TerminalKey, event: KeyEvent) {
        match key.code {
            KeyCode::Up | KeyCode::BackTab => self.go(Command::Up),
            KeyCode::Down | KeyCode::Tab => self.go(Command::Down),
            KeyCode::PageUp => self.go(Command::PageUp),
            KeyCode::PageDown => self.go(Command::PageDown),
            _ => {
                // A key that there is no room for changes nothing.
                let _ = self.line.key(event);
                self.typed();
            }
        }
    }
}

/// Whether each typed word begins a word of a description. One or two letters would be in any sentence.
fn says(about: &str, typed: &str) -> bool {
    let about = about.to_lowercase();
    let begins = |typed: &str| {
        let mut words = about.split(|character: char| !character.is_alphanumeric());
        words.any(|word| word.starts_with(&typed.to_lowercase()))
    };
    typed.chars().count() > 2 && typed.split_whitespace().all(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str, about: &str) -> Item {
        Item {
            name: name.to_owned(),
            keys: String::new(),
            about: about.to_owned(),
            refusal: None,
            choose: Choose::Command(Command::Pause),
        }
    }

    fn names(palette: &mut Palette, typed: &str) -> Vec<String> {
        palette.line.set(typed.to_owned());
        palette.found().iter().map(|found| found.item.name.clone()).collect()
    }

    #[test]
    fn a_few_letters_in_order_find_a_name_and_whole_words_a_description() {
        let mut palette = Palette::new(vec![
            item("more workers", "go on with one worker more, after a checkpoint"),
            item("crash", "lose all that is in memory, and see it recover"),
            item("commands", "choose a command by its name"),
        ]);
        assert_eq!(names(&mut palette, "").len(), 3);
        assert_eq!(names(&mut palette, "crsh"), ["crash"]);
        assert_eq!(names(&mut palette, "checkpoint"), ["more workers"]);
        assert_eq!(names(&mut palette, "mwrk"), ["more workers"]);
        assert_eq!(names(&mut palette, "xyzzy"), [""; 0]);
        // In the name before in the description.
        assert_eq!(names(&mut palette, "co").first().map(String::as_str), Some("commands"));
    }

    #[test]
    fn a_key_that_was_found_is_offered_and_the_selection_stays_where_it_was() {
        let key = |state, key: &str| Item {
            choose: Choose::Partition(state, Key::from(key)),
            ..item(&format!("partition {key}"), "")
        };
        let find = Item { choose: Choose::Find, ..item("find partitions", "") };
        let mut palette = Palette::new(vec![item("crash", ""), key(0, "cat"), find]);
        assert_eq!(palette.wanted(), None);
        assert_eq!(names(&mut palette, "c!").len(), 1);
        palette.line.set("partition  C!".to_owned());
        assert_eq!(palette.wanted(), Some("C!"));
        assert_eq!(names(&mut palette, "ca"), ["partition cat", "crash", "find partitions"]);
        palette.selected = 1;
        palette.take_keys(vec![key(0, "cat"), key(1, "cat"), key(0, "ca")]);
        let all = names(&mut palette, "ca");
        assert_eq!(all.iter().filter(|name| *name == "partition cat").count(), 2, "{all:?}");
        assert_eq!(palette.found()[palette.selected].item.name, "crash");
        // What does not match any more is not offered.
        assert_eq!(names(&mut palette, "cra"), ["crash", "find partitions"]);
    }

    #[test]
    fn the_letters_that_were_found_are_marked() {
        let mut palette = Palette::new(vec![item("crash", "")]);
        palette.line.set("crsh".to_owned());
        assert_eq!(palette.found()[0].marks, [0, 1, 3, 4]);
    }
}
