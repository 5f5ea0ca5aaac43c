//! The history of a directory, held to a model of it.

mod damage;
mod exporting;
mod going_on;
pub(super) mod model;
mod taken_back;
