//! What the palette offers, and what a choice does. What was chosen last comes first.

use crossterm::event::{KeyCode, KeyEvent};

use super::detail::Subject;
use super::overlay::Overlay;
use super::palette::{Choose, Item, Palette};
use super::question::Question;
use crate::application::Key;
use crate::core::partitions::query::PartitionRow;
use crate::session::orders::Order;
use crate::session::past::Travel;
use crate::telemetry::ShownRow;
use crate::workbench::commands::{COMMANDS, Command, Context, Entry};
use crate::workbench::layout::Pane;
use crate::workbench::state::{Effect, Workbench};
use crate::workbench::terminal::keys::Key as TerminalKey;
use crate::workbench::words;

/// How many of the last choices come first.
const MAX_RECENT: usize = 8;

impl Workbench {
    /// Opens the palette.
    pub(in crate::workbench::state) fn open_palette(&mut self) {
        self.overlay = Some(Overlay::Palette(Palette::new(self.items())));
    }

    /// Opens the palette with the applications alone.
    pub(in crate::workbench::state) fn open_applications(&mut self) {
        let applications = self.application_items().collect();
        self.overlay = Some(Overlay::Palette(Palette::new(applications)));
    }

    /// A key while the palette is open.
    pub(in crate::workbench::state) fn palette_key(
        &mut self,
        mut palette: Palette,
        key: TerminalKey,
        event: KeyEvent,
    ) -> Option<Effect> {
        match key.code {
            KeyCode::Esc => None,
            KeyCode::Enter => self.choose(palette),
            _ => {
                palette.key(key, event);
                self.overlay = Some(Overlay::Palette(palette));
                None
            }
        }
    }

    /// Does the selected item. One that can do nothing now says why, and the palette stays.
    pub(in crate::workbench::state) fn choose(&mut self, palette: Palette) -> Option<Effect> {
        let found = palette.found().into_iter().nth(palette.selected);
        let Some(item) = found.map(|found| found.item.clone()) else {
            self.overlay = Some(Overlay::Palette(palette));
            return None;
        };
        if item.refusal.is_some() {
            self.overlay = Some(Overlay::Palette(palette));
            return None;
        }
        if !matches!(item.choose, Choose::Find | Choose::Message(_)) {
            self.recent.retain(|name| *name != item.name);
            self.recent.insert(0, item.name);
            self.recent.truncate(MAX_RECENT);
        }
        match item.choose {
            Choose::Command(command) => {
                self.go_where_it_works(command);
                return self.command(command);
            }
            Choose::Partition(state, key) => {
                let last = self.row_of(state, &key).map(Box::new);
                self.pane = Pane::Partitions;
                self.open_detail(Subject::Partition { state, key, last });
            }
            Choose::Find => {
                self.go_to(Pane::Partitions);
                self.partitions.filter_by(palette.wanted().unwrap_or_default());
            }
            Choose::Message(number) => {
                self.frozen = false;
                return Some(Effect::Travel(Travel::To(number)));
            }
            Choose::Setting(setting) => self.set(setting),
            Choose::Application(at) => return Some(Effect::Switch(at)),
            Choose::Kill(process) => return Some(Effect::Order(Order::Kill(process))),
            Choose::LoseAll => self.ask(Question::crash()),
        }
        None
    }

    /// Goes to the pane in which a command works, unless it works in the focused one.
    fn go_where_it_works(&mut self, command: Command) {
        let Some(entry) = command.entry().filter(|entry| !self.works_at_once(entry)) else {
            return;
        };
        match entry.context {
            Context::Everywhere => {}
            Context::Input => self.pane = Pane::Input,
            Context::Rows => self.leave_input(),
            Context::Partitions => self.go_to(Pane::Partitions),
            Context::Frames => self.go_to(self.list_of_frames()),
        }
    }

    /// Whether a command works in the focused pane.
    fn works_at_once(&self, entry: &Entry) -> bool {
        let has_rows = entry.context != Context::Rows || self.pane.has_rows();
        entry.applies(Some(self.pane)) && has_rows
    }

    /// The list of which a frame is at hand: the dead letters, unless there are none.
    fn list_of_frames(&self) -> Pane {
        if self.selected_letter().is_some() { Pane::DeadLetters } else { Pane::Messages }
    }

    /// Why a command can do nothing, also after going to the pane in which it works.
    fn refusal_in_palette(&self, entry: &Entry) -> Option<String> {
        let reason = match entry.command {
            Command::Send | Command::SendAnyway if self.input.text().trim().is_empty() => {
                "nothing is typed"
            }
            Command::Older | Command::Newer if !self.input.has_history() => {
                "nothing was sent before"
            }
            Command::EditFrame | Command::SendFrame if !self.works_at_once(entry) => {
                let none =
                    self.list_of_frames() == Pane::Messages && self.snapshot.traces.is_empty();
                return none.then(|| "there is no message and no dead letter".to_owned());
            }
            // It goes to a list first.
            Command::Filter | Command::Open | Command::Copy if !self.works_at_once(entry) => {
                return None;
            }
            command => return self.refusal(command),
        };
        Some(reason.to_owned())
    }

    /// All items: first what was chosen last, and last what is only a move.
    fn items(&self) -> Vec<Item> {
        let commands = COMMANDS.iter().filter(|entry| entry.command != Command::Palette);
        let commands = commands.map(|entry| Item {
            name: entry.name.to_owned(),
            keys: self.keymap.all_keys(entry.command),
            about: entry.about.to_owned(),
            refusal: self.refusal_in_palette(entry),
            choose: Choose::Command(entry.command),
        });
        let find = Item {
            name: "find partitions".to_owned(),
            keys: String::new(),
            about: "show the partitions whose key contains this".to_owned(),
            refusal: self.refusal(Command::GoPartitions),
            choose: Choose::Find,
        };
        let mut items: Vec<Item> = commands
            .chain(self.partition_items())
            .chain(self.setting_items())
            .chain(self.application_items())
            .chain([find])
            .collect();
        let recent = |item: &Item| self.recent.iter().position(|name| *name == item.name);
        items.sort_by_key(|item| (recent(item).unwrap_or(MAX_RECENT), is_a_move(item)));
        items
    }

    /// The partitions in sight.
    fn partition_items(&self) -> impl Iterator<Item = Item> {
        let shown = &self.snapshot.partitions;
        shown.rows.iter().map(|row| self.partition_item(shown.view.state, &row.row))
    }

    fn partition_item(&self, state: usize, row: &PartitionRow) -> Item {
        let several = self.topology.states().len() > 1;
        let of = if several { format!("of {}: ", row.state) } else { String::new() };
        Item {
            name: format!("partition {}", words::key(&row.key)),
            keys: String::new(),
            about: format!("{of}{}", words::plain(&row.value)),
            refusal: None,
            choose: Choose::Partition(state, row.key.clone()),
        }
    }

    /// A partition that is in sight or was found.
    fn row_of(&self, state: usize, key: &Key) -> Option<ShownRow> {
        let shown = &self.snapshot.partitions;
        let mut in_sight = shown.rows.iter().filter(|_| shown.view.state == state);
        in_sight.find(|row| row.row.key == *key).cloned().or_else(|| {
            let mut found = shown.found.iter().flat_map(|found| &found.rows);
            let row =
                found.find(|found| found.state == state && found.row.key == *key)?.row.clone();
            Some(ShownRow { row, rate: None, history: Vec::new(), moved: None })
        })
    }

    /// What is typed in the palette: partitions out of sight are looked for, too.
    pub(in crate::workbench::state) fn wanted_key(&self) -> Option<String> {
        match &self.overlay {
            Some(Overlay::Palette(palette)) => palette.wanted().map(str::to_owned),
            _ => None,
        }
    }

    /// Whether partitions are being looked for.
    pub(in crate::workbench) fn is_looking_for_keys(&self, palette: &Palette) -> bool {
        let found = self.snapshot.partitions.found.as_ref();
        palette.wanted().is_some_and(|wanted| found.is_none_or(|found| found.text != wanted))
    }

    /// Offers the partitions that were found in the palette.
    pub(in crate::workbench::state) fn note_found(&mut self) {
        let Some(Overlay::Palette(_)) = &self.overlay else { return };
        let found = self.snapshot.partitions.found.iter().flat_map(|found| &found.rows);
        let items = found.map(|found| self.partition_item(found.state, &found.row)).collect();
        if let Some(Overlay::Palette(palette)) = &mut self.overlay {
            palette.take_keys(items);
        }
    }

    fn application_items(&self) -> impl Iterator<Item = Item> {
        self.applications.iter().enumerate().map(|(at, application)| Item {
            name: format!("application {}", application.name),
            keys: String::new(),
            about: application.about.clone(),
            refusal: (self.application == at).then(|| "it is on the screen".to_owned()),
            choose: Choose::Application(at),
        })
    }
}

/// Whether an item is a command that a list of commands only gets longer by.
fn is_a_move(item: &Item) -> bool {
    use Command::{Down, First, Last, PageDown, PageUp, Up};
    let Choose::Command(command) = item.choose else { return false };
    matches!(command, Up | Down | PageUp | PageDown | First | Last)
}
