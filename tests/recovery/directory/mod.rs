//! The resilience directory: what is refused, disks that fail, and what is saved when.

mod directories;
#[cfg(target_os = "linux")]
pub mod disk;
mod saving;
