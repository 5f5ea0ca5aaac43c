//! Partitioned, stateful streaming applications, and a workbench that shows them think.

pub mod application;
pub mod core;
pub mod endpoints;
pub mod runtime;
pub mod telemetry;
pub mod workbench;

mod cli;

pub use application::*;
pub use cli::{App, AppOptions, main};
pub use core::test_driver::TestDriver;
pub use core::topology::{Application, BuildError, Pipeline, Topology};
