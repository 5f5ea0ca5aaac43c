//! The history of a directory: what a replay needs. It makes the directory a recording.
//!
//! `file` is written: a recording begins with a base, and then has a chapter per checkpoint, until `trim` drops the oldest.
//! `recording` reads it, from a directory or from a single file, which `export` makes. `tables` says what is in the file,
//! `rows` writes and reads the long rows, and `log` and `change` are these as bytes, made of what is in `packed` and `names`.
//! FORMAT.md describes all of it.
//!
//! A recovery needs nothing of it: with a damaged history, or without, the checkpoint is the same.

mod again;
mod change;
mod export;
mod file;
mod log;
mod names;
mod packed;
mod recording;
mod replayed;
mod rows;
mod tables;
#[cfg(test)]
mod tests;
mod trim;

pub use again::{NotThere, read_again};
pub use export::{Written, export, write_new};
pub use file::HistoryFile;
pub use recording::{ChapterInfo, HistorySummary, Recording};
pub use replayed::OnDisk;
pub(crate) use tables::HISTORY_FORMAT;
pub use tables::Identity;
pub use trim::Bound;
