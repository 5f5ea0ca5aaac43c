//! The palette: everything that can be done, found by a few letters. Commands of all panes, the panes
//! themselves, the partitions in sight, settings and applications.

mod settings;

use std::cell::RefCell;

use crossterm::event::{KeyCode, KeyEvent};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::application::Key;
use crate::core::partitions::query::SortBy;
use crate::telemetry::TimeWindow;
use crate::workbench::commands::Command;
use crate::workbench::state::lists::rows::moved;
use crate::workbench::state::typing::input_line::InputLine;
use crate::workbench::terminal::keys::Key as TerminalKey;
use crate::workbench::theme::Look;

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
    /// Open this partition.
    Partition(Key),
    /// Show the partitions whose key contains what is typed.
    Find,
    /// Set this.
    Setting(Setting),
    /// Go on with this application.
    Application(usize),
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
    matcher: RefCell<Matcher>,
}

impl Palette {
    /// A palette of these items.
    #[must_use]
    pub fn new(items: Vec<Item>) -> Self {
        let matcher = RefCell::new(Matcher::new(Config::DEFAULT));
        Self { line: InputLine::with_limit(MAX_LENGTH), selected: 0, items, matcher }
    }

    /// The items that match what is typed, the best first. Without text all of them, as they were given.
    #[must_use]
    pub fn found(&self) -> Vec<Found<'_>> {
        let typed = self.line.text().trim();
        let pattern = Pattern::parse(typed, CaseMatching::Smart, Normalization::Smart);
        let mut matcher = self.matcher.borrow_mut();
        let mut scored: Vec<(u32, Found<'_>)> = Vec::new();
        for item in &self.items {
            let (mut marks, mut buffer) = (Vec::new(), Vec::new());
            if item.choose == Choose::Find {
                continue;
            }
            let name = Utf32Str::new(&item.name, &mut buffer);
            let score = pattern.indices(name, &mut matcher, &mut marks);
            let score = score.map(|score| score + NAME_FIRST).or_else(|| {
                marks.clear();
                says(&item.about, typed).then_some(1)
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
        scored.into_iter().map(|(_, found)| found).chain(find).collect()
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
                self.selected = 0;
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
    fn the_letters_that_were_found_are_marked() {
        let mut palette = Palette::new(vec![item("crash", "")]);
        palette.line.set("crsh".to_owned());
        assert_eq!(palette.found()[0].marks, [0, 1, 3, 4]);
    }
}
