//! What the whole-program tests share.

// Each test file is a crate of its own and uses a part of this; and `clippy.toml` lets only test
// functions panic, while a harness may too.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

pub mod crowd;
pub mod folder;
pub mod fragile;
pub mod frames;
#[cfg(target_os = "linux")]
pub mod full_pipe;
pub mod hostile;
pub mod hosts;
pub mod nested;
pub mod program;
pub mod receivers;
pub mod relay;
#[cfg(target_os = "linux")]
pub mod shim;
pub mod sockets;
#[cfg(feature = "workbench")]
pub mod stage;
pub mod terminal;
pub mod waiting;
