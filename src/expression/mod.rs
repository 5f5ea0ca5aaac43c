//! Conditions that people write about rows, such as `state.votes > 100 && key != "a"`: filters, and whatever else
//! waits for a row. The language is the Common Expression Language.
//!
//! [`Expression::compile`] refuses what cannot be meant, and says where. What is compiled judges a row in a
//! bounded time: it grows with the length of the text and with the size of the row, and not faster (`check`).
//! Nothing that is typed ends the program: the parser runs on a thread of its own (`parse`).

mod check;
mod conjunction;
mod error;
mod fields;
mod judge;
mod messages;
mod names;
mod parse;
mod partitions;
mod steps;
#[cfg(test)]
mod tests;
mod trouble;
mod value;

pub use error::{ExpressionError, Unjudged};
pub use fields::Fields;
pub use judge::{Expression, Row};
pub use names::{Rows, When};
pub use partitions::PartitionCondition;
pub use steps::StepCondition;
