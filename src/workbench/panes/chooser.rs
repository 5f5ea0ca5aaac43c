//! Which application? A list to choose from, with what each shows.

use crossterm::event::{Event, KeyCode};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Padding, Paragraph, Widget, Wrap};

use super::lists::rows;
use crate::workbench::commands::Command;
use crate::workbench::keymap::Keymap;
use crate::workbench::state::lists::rows::moved;
use crate::workbench::terminal::keys::Key;
use crate::workbench::theme::Theme;

/// An application to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its name.
    pub name: String,
    /// What it shows, in one line.
    pub about: String,
    /// More about it, a line each: pipelines, formats.
    pub details: Vec<String>,
}

/// What has been chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// This one.
    One(usize),
    /// None: the user wants to leave.
    Nothing,
}

/// A list of applications, one of which is selected.
#[derive(Debug)]
pub struct Chooser {
    choices: Vec<Choice>,
    selected: usize,
    theme: Theme,
    keymap: Keymap,
}

impl Chooser {
    /// A list of which the first is selected.
    #[must_use]
    pub fn new(choices: Vec<Choice>, theme: Theme) -> Self {
        Self { choices, selected: 0, theme, keymap: Keymap::default() }
    }

    /// The same with other keys.
    #[must_use]
    pub fn with_keymap(self, keymap: Keymap) -> Self {
        Self { keymap, ..self }
    }

    /// Takes an event of the terminal.
    pub fn handle(&mut self, event: &Event) -> Option<Chosen> {
        let key = Key::from(event.as_key_press_event()?);
        if let Some(chosen) = self.choose_by_number(key) {
            return Some(chosen);
        }
        match self.keymap.command_of(key, None) {
            Some(Command::Quit | Command::Close) => Some(Chosen::Nothing),
            Some(Command::Open) => Some(Chosen::One(self.selected)),
            Some(command) => {
                let last = self.choices.len().saturating_sub(1);
                self.selected = moved(self.selected, command, 5, last);
                None
            }
            None => None,
        }
    }

    /// The digits choose, too.
    fn choose_by_number(&self, key: Key) -> Option<Chosen> {
        let KeyCode::Char(character) = key.code else { return None };
        let number = usize::try_from(character.to_digit(10)?).ok()?;
        let at = number.checked_sub(1)?;
        (at < self.choices.len()).then_some(Chosen::One(at))
    }

    /// Draws the list, and what the selected application shows.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer) {
        let theme = self.theme;
        let height = u16::try_from(self.choices.len()).unwrap_or(u16::MAX).saturating_add(2);
        let [title, list, details, footer] = area.layout(&Layout::vertical([
            Constraint::Length(1),
            Constraint::Length(height),
            Constraint::Fill(1),
            Constraint::Length(1),
        ]));
        Line::from(vec![
            Span::styled(" wallaroo-tui", theme.title()),
            Span::styled(theme.symbol(" · ", " - "), theme.quiet()),
            Span::raw("which application?"),
        ])
        .render(title, buffer);
        self.draw_list(list, buffer);
        self.draw_details(details, buffer);
        Line::from(vec![
            Span::styled(" Enter", theme.key()),
            Span::styled(" opens it  ", theme.quiet()),
            Span::styled("Up Down", theme.key()),
            Span::styled(" choose  ", theme.quiet()),
            Span::styled("q", theme.key()),
            Span::styled(" quit", theme.quiet()),
        ])
        .render(footer, buffer);
    }

    fn draw_list(&self, area: Rect, buffer: &mut Buffer) {
        let theme = self.theme;
        let block = Block::bordered()
            .border_set(theme.border_set())
            .border_style(theme.border(true))
            .padding(Padding::horizontal(1));
        let inner = block.inner(area);
        block.render(area, buffer);
        let longest = self.choices.iter().map(|choice| choice.name.len()).max().unwrap_or(0);
        for (is_selected, (at, choice), row) in
            rows(self.choices.iter().enumerate(), self.selected, true, inner)
        {
            Line::from(vec![
                Span::styled(format!(" {} ", at + 1), theme.quiet()),
                Span::styled(format!("{:<longest$}  ", choice.name), theme.title()),
                Span::raw(choice.about.clone()),
            ])
            .render(row, buffer);
            if is_selected {
                theme.select(row, buffer);
            }
        }
    }

    fn draw_details(&self, area: Rect, buffer: &mut Buffer) {
        let Some(choice) = self.choices.get(self.selected) else { return };
        let lines: Vec<Line<'_>> =
            choice.details.iter().map(|line| Line::raw(line.clone())).collect();
        let block = Block::bordered()
            .border_set(self.theme.border_set())
            .border_style(self.theme.border(false))
            .padding(Padding::horizontal(1))
            .title_top(Line::styled(format!(" {} ", choice.name), self.theme.title()));
        Paragraph::new(lines).wrap(Wrap { trim: false }).block(block).render(area, buffer);
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyEvent, KeyModifiers};

    use super::*;

    fn press(chooser: &mut Chooser, code: KeyCode) -> Option<Chosen> {
        chooser.handle(&Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
    }

    fn three() -> Chooser {
        let choice = |name: &str| Choice {
            name: name.to_owned(),
            about: format!("shows {name}"),
            details: vec![format!("in {name}")],
        };
        Chooser::new(["one", "two", "three"].map(choice).to_vec(), Theme::new(false, false))
    }

    #[test]
    fn an_application_is_chosen_by_its_place_or_its_number() {
        let mut chooser = three();
        assert_eq!(press(&mut chooser, KeyCode::Down), None);
        assert_eq!(press(&mut chooser, KeyCode::Enter), Some(Chosen::One(1)));
        assert_eq!(press(&mut chooser, KeyCode::Char('3')), Some(Chosen::One(2)));
        assert_eq!(press(&mut chooser, KeyCode::Char('4')), None);
        assert_eq!(press(&mut chooser, KeyCode::Char('q')), Some(Chosen::Nothing));
    }

    #[test]
    fn the_selected_application_shows_its_details_at_any_size() {
        let mut chooser = three();
        press(&mut chooser, KeyCode::End);
        let area = Rect::new(0, 0, 60, 12);
        let mut buffer = Buffer::empty(area);
        chooser.draw(area, &mut buffer);
        let text: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(text.contains("shows two") && text.contains("in three"), "{text}");
        for (width, height) in [(0, 0), (1, 1), (10, 3), (200, 100)] {
            let area = Rect::new(0, 0, width, height);
            chooser.draw(area, &mut Buffer::empty(area));
        }
    }
}
