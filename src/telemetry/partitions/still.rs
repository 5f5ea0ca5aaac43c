//! What a front end shows of partitions that stand still: those of a moment of the past. All of it is looked for at once.

use std::sync::Arc;

use super::found::{self, FoundPartition, FoundPartitions};
use super::opened::{OpenedPartition, PartitionName, first_number};
use super::rates::ShownRow;
use super::{PartitionView, PartitionsShown};
use crate::core::numbers::Timestamp;
use crate::core::partitions::query::{PartitionRow, RowQuery, RowWindow};
use crate::core::partitions::rates::Rates;
use crate::core::partitions::scan::{Scan, merge};
use crate::core::steps::SharedPartitions;
use crate::core::topology::Topology;

/// Partitions that stand still: of all workers, with the names of their states.
pub(crate) struct Still<'a> {
    /// The application.
    pub topology: &'a Topology,
    /// The tables.
    pub tables: Vec<&'a (Arc<str>, SharedPartitions)>,
}

impl Still<'_> {
    /// What is shown of them. Rates are not known.
    pub fn shown(&self, view: &PartitionView) -> PartitionsShown {
        let window = self.window(view.state, &view.query);
        let rows = window.rows.into_iter().map(|sorted| standing(sorted.row)).collect();
        PartitionsShown {
            view: view.clone(),
            asked: Timestamp(0),
            rows,
            matching: window.matching,
            total: window.total,
            dynamic: window.dynamic,
            by_worker: window.by_worker,
            up_to_date: true,
            opened: view.opened.as_ref().map(|name| self.opened(name)),
            found: view.wanted.as_ref().map(|text| Arc::new(self.found(text))),
        }
    }

    /// How many messages they have processed.
    pub fn messages(&self) -> u64 {
        let of_table = |(_, table): &&(Arc<str>, SharedPartitions)| {
            let table = table.borrow();
            (0..table.len()).map(|at| table.messages(at)).sum::<u64>()
        };
        self.tables.iter().map(of_table).sum()
    }

    /// The tables of the state at this place of the topology.
    fn of_state(&self, state: usize) -> impl Iterator<Item = &SharedPartitions> {
        let name = self.topology.states().get(state).map(|state| &state.name);
        self.tables.iter().filter(move |(of, _)| Some(of) == name).map(|(_, table)| table)
    }

    fn window(&self, state: usize, query: &RowQuery) -> RowWindow {
        let windows = self.of_state(state).map(|table| {
            let (table, mut scan) = (table.borrow(), Scan::new(query.clone()));
            while !scan.look(&*table, &mut Rates::default(), Timestamp(0), usize::MAX) {}
            scan.finish(&*table)
        });
        merge(query, windows)
    }

    fn opened(&self, name: &PartitionName) -> OpenedPartition {
        let (state, key) = name;
        let row = self.of_state(*state).find_map(|table| {
            let table = table.borrow();
            table.place_of(key).and_then(|at| table.row(at))
        });
        let field = row.as_ref().and_then(|row| first_number(&row.value, ""));
        OpenedPartition {
            name: name.clone(),
            row: row.map(standing),
            field: field.map(|(field, _)| field),
            values: Vec::new(),
            first: None,
            traces: Vec::new(),
        }
    }

    fn found(&self, text: &str) -> FoundPartitions {
        let query = found::query(text);
        let of_state = |state| {
            let rows = self.window(state, &query).rows;
            rows.into_iter().map(move |sorted| FoundPartition { state, row: sorted.row })
        };
        let rows = (0..self.topology.states().len()).flat_map(of_state).collect();
        FoundPartitions { text: text.to_owned(), rows }
    }
}

/// A row of which nothing but the partition is known.
fn standing(row: PartitionRow) -> ShownRow {
    ShownRow { row, rate: None, history: Vec::new(), moved: None }
}
