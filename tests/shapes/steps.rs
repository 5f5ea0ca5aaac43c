//! The steps that shapes are made of. Each takes items and gives items, so any may follow any.

use serde::{Deserialize, Serialize};
use wallaroo::{Key, Pipeline, Reason};

use crate::item::{Item, by_class, by_letter};

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// `to`: one output.
    One,
    /// `to`: two outputs.
    Two,
    /// `to`: an output, none, or a refusal.
    Some,
    /// `to_parallel`: one output or none.
    Parallel,
    /// `to_stateful`: an output, none, or a refusal.
    Stateful,
    /// `to_state_partition` by letter: one output.
    ByLetter,
    /// `to_state_partition` by letter and class: none, one or two outputs.
    ByClass,
}

/// All of them.
pub const STEPS: [Step; 7] = [
    Step::One,
    Step::Two,
    Step::Some,
    Step::Parallel,
    Step::Stateful,
    Step::ByLetter,
    Step::ByClass,
];

/// Which messages are in the order of their source. The greater, the more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// None are.
    Nothing,
    /// Those of one letter and class.
    Class,
    /// Those of one letter.
    Letter,
    /// All.
    Everything,
}

/// A state: what does not depend on the order of messages, and what does.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct State {
    number: u64,
    sum: u64,
    history: u64,
}

impl State {
    /// Adds an item. Where the order of items is promised, the item that goes on depends on it.
    fn add(&mut self, item: Item, ordered: bool) -> Item {
        self.number += 1;
        self.sum = self.sum.wrapping_add(item.value);
        if !ordered {
            return item;
        }
        self.history = self.history.wrapping_mul(37).wrapping_add(item.value);
        item.mixed(self.history)
    }
}

fn new_state(_: &Key) -> State {
    State::default()
}

impl Step {
    /// Whether it has a state.
    pub fn has_state(self) -> bool {
        matches!(self, Self::Stateful | Self::ByLetter | Self::ByClass)
    }

    /// Whether its state sees its messages in the order of their source, if they arrive in it.
    pub fn is_ordered(self, order: Order) -> bool {
        match self {
            Self::Stateful => order == Order::Everything,
            Self::ByLetter => order >= Order::Letter,
            Self::ByClass => order >= Order::Class,
            Self::One | Self::Two | Self::Some | Self::Parallel => false,
        }
    }

    /// How its outputs are ordered, where its messages arrive so ordered.
    pub fn order_after(self, order: Order) -> Order {
        match self {
            Self::Parallel => Order::Nothing,
            Self::ByLetter => order.min(Order::Letter),
            Self::ByClass => order.min(Order::Class),
            Self::One | Self::Two | Self::Some | Self::Stateful => order,
        }
    }

    /// Adds it to a pipeline. `ordered` says that its outputs may depend on the order of its messages.
    pub fn add_to(self, pipeline: Pipeline<Item>, state: &str, ordered: bool) -> Pipeline<Item> {
        match self {
            Self::One => pipeline.to(|item: Item| Some(item.mixed(1))),
            Self::Two => pipeline.to(|item: Item| [item.mixed(2), item.mixed(3)]),
            Self::Some => pipeline.to(|item: Item| match item.value % 7 {
                0 => Err(Reason::from("refused")),
                1 => Ok(None),
                _ => Ok(Some(item.mixed(4))),
            }),
            Self::Parallel => pipeline
                .to_parallel(|item: Item| (!item.value.is_multiple_of(5)).then(|| item.mixed(5))),
            Self::Stateful => {
                let compute = move |item: Item, state: &mut State| match item.value % 11 {
                    0 => Err(Reason::from("refused")),
                    1 => Ok((None, false)),
                    _ => Ok((Some(state.add(item, ordered)), item.value.is_multiple_of(2))),
                };
                pipeline.to_stateful(compute, new_state, state)
            }
            Self::ByLetter => {
                let compute = move |item, state: &mut State| (Some(state.add(item, ordered)), true);
                pipeline.to_state_partition(compute, new_state, state, by_letter)
            }
            Self::ByClass => {
                let compute = move |item: Item, state: &mut State| {
                    let times = usize::try_from(item.value % 3).unwrap();
                    (vec![state.add(item, ordered); times], item.value.is_multiple_of(2))
                };
                pipeline.to_state_partition(compute, new_state, state, by_class)
            }
        }
    }
}
