//! Inputs and sinks of every kind, over kills of the process.

mod bounded;
mod files;
mod long_frames;
mod network;
mod other_files;
mod talking;
