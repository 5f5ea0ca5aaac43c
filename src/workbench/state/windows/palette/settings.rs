//! The settings that the palette offers by their values: colours, the time of the charts, the order and the
//! columns of the partitions. Each says what keeps it for every run.

use super::{Choose, Item, Setting};
use crate::telemetry::TimeWindow;
use crate::workbench::commands::Command;
use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;
use crate::workbench::state::lists::columns::{fields, name_of, orders};
use crate::workbench::theme::Look;

/// The columns of the partitions that are no fields of the state, and may be hidden.
const COLUMNS: [&str; 5] = ["worker", "messages", "msg/s", "last seconds", "share"];

impl Workbench {
    /// An item for each value of each setting.
    pub(in crate::workbench::state) fn setting_items(&self) -> impl Iterator<Item = Item> {
        let partitions = &self.snapshot.partitions;
        let stateless = self.refusal(Command::GoPartitions);
        let present = |is_it: bool| is_it.then(|| "it is the present one".to_owned());
        let item = |name: String, about: String, refusal, setting| {
            let choose = Choose::Setting(setting);
            Item { name, keys: String::new(), about, refusal, choose }
        };
        let looks = Look::ALL.into_iter().map(move |look| {
            let refusal = present(self.theme.look() == look);
            item(format!("theme {look}"), look.about().to_owned(), refusal, Setting::Look(look))
        });
        let times = TimeWindow::ALL.into_iter().map(move |time| {
            let about = "show the charts and the percentiles of this time".to_owned();
            let refusal = present(self.window == time);
            item(format!("time window {}", time.name()), about, refusal, Setting::Time(time))
        });
        let why = stateless.clone();
        let sorts = orders(partitions).into_iter().map(move |by| {
            let about = "sort the partitions by this column".to_owned();
            let refusal = why.clone().or_else(|| present(*self.partitions.sorted_by() == by));
            item(format!("sort by {}", name_of(&by)), about, refusal, Setting::Sort(by))
        });
        let names = COLUMNS.into_iter().map(str::to_owned).chain(fields(partitions));
        let columns = names.map(move |name| {
            let does = if self.hidden_columns.contains(&name) { "show" } else { "hide" };
            let about = format!("{does} this column of the partitions");
            item(format!("column {name}"), about, stateless.clone(), Setting::Column(name))
        });
        looks.chain(times).chain(sorts).chain(columns)
    }

    /// Sets it, and says what keeps it.
    pub(in crate::workbench::state) fn set(&mut self, setting: Setting) {
        match setting {
            Setting::Look(look) => {
                self.use_look(look);
                self.keep_look();
            }
            Setting::Time(time) => {
                self.window = time;
                let name = time.name();
                self.keep(&format!("time = \"{name}\"` below `[windows]"));
            }
            Setting::Sort(by) => {
                self.go_to(Pane::Partitions);
                self.partitions.sort_by(by, &self.snapshot.partitions);
            }
            Setting::Column(name) => {
                let before = self.hidden_columns.len();
                self.hidden_columns.retain(|hidden| *hidden != name);
                if self.hidden_columns.len() == before {
                    self.hidden_columns.push(name);
                }
                self.go_to(Pane::Partitions);
                let hidden = &self.hidden_columns;
                self.keep(&format!("hidden = {hidden:?}` below `[columns]"));
            }
        }
    }

    /// Says how the colours are kept for the next run.
    pub(in crate::workbench::state) fn keep_look(&mut self) {
        let look = self.theme.look();
        self.keep(&format!("theme = \"{look}\""));
    }

    fn keep(&mut self, setting: &str) {
        self.notify(format!("`{setting}` in the configuration keeps it for every run"), false);
    }
}
