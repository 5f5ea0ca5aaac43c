//! Several processes as one engine: who they are, how they meet, and what they say to each other beside the data.
//!
//! [`Cluster`] is what a process has that is one of several: [`members`] is the list of them, and [`which`] tells which one
//! it is. On one machine the others are [`children`] of the first. [`meeting`] connects them: afterwards each pair shares two connections,
//! one for the data of the dataflow and one for all else. [`side`] is what runs over the second one. [`loans`] is what
//! processes owe each other for the frames of the batches that they send.
//!
//! Nothing here knows Timely, batches or states.

pub mod children;
pub mod loans;
pub mod meeting;
pub mod members;
mod setting;
pub mod side;
pub mod which;

pub use setting::Cluster;
